/** Addresses of the file as canonical addresses, with their prefix and interface. */

import {
  addressBits,
  type Family,
  familyOf,
  type IpAddress,
  isMulticast,
  parseIp,
} from '../../net/address.ts';
import type { VirtualAddress } from '../../protocol/engine/settings.ts';
import type { Findings, Path } from '../finding.ts';
import { describeValue } from '../text/value-text.ts';
import type { InstanceValues } from './inherit.ts';

export type DraftAddresses = NonNullable<InstanceValues['addresses']>;

export interface AddressEntry {
  readonly text: string;
  readonly interface: string | undefined;
  readonly path: Path;
}

/** The addresses that are in order; what is not is reported. */
export function lowerAddresses(
  entries: readonly AddressEntry[],
  defaultInterface: string,
  findings: Findings,
): VirtualAddress[] {
  return entries.flatMap((entry): VirtualAddress[] => {
    const parsed = parsePrefixed(entry.text, entry.path, findings);
    if (parsed === undefined) return [];
    return [{ ...parsed, interface: entry.interface ?? defaultInterface }];
  });
}

/** The entries of a list in one form; those whose shape is wrong have been reported and are left out. */
export function addressEntries(list: DraftAddresses | undefined, path: Path): AddressEntry[] {
  return (list ?? []).flatMap((entry, index): AddressEntry[] => {
    if (entry === undefined) return [];
    if (typeof entry === 'string') {
      return [{ text: entry, interface: undefined, path: [...path, index] }];
    }
    const { address, interface: link } = entry;
    return [{ text: address, interface: link, path: [...path, index, 'address'] }];
  });
}

/** The address in the text, whatever its prefix length says. */
export function addressOf({ text }: AddressEntry): IpAddress | undefined {
  return parseIp(text.split('/', 1)[0] ?? '');
}

/** A unicast address of a host, without prefix length. */
export function lowerHostAddress(
  text: string,
  path: Path,
  findings: Findings,
): IpAddress | undefined {
  const address = parseIp(text);
  if (address === undefined) {
    const reason = text.includes('/') ? ' (no prefix length here)' : '';
    findings.error(path, 'type', `expected an IP address${reason}, found ${describeValue(text)}`);
    return undefined;
  }
  return isUsable(address, path, findings) ? address : undefined;
}

export function requireFamily(
  address: IpAddress,
  family: Family,
  path: Path,
  findings: Findings,
): boolean {
  if (familyOf(address) === family) return true;
  const message = `${address} is ${familyName(familyOf(address))}, but the instance is ${familyName(family)}`;
  findings.error(path, 'conflict', message);
  return false;
}

export function familyName(family: Family): string {
  return family === 'ipv4' ? 'IPv4' : 'IPv6';
}

function parsePrefixed(
  text: string,
  path: Path,
  findings: Findings,
): { address: IpAddress; prefixLength: number } | undefined {
  const slash = text.indexOf('/');
  const address = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) {
    findings.error(path, 'type', `expected an IP address, found ${describeValue(text)}`);
    return undefined;
  }
  if (!isUsable(address, path, findings)) return undefined;
  const bits = addressBits(familyOf(address));
  if (slash < 0) return { address, prefixLength: bits };
  const prefix = text.slice(slash + 1);
  const prefixLength = /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : 0;
  if (prefixLength < 1 || prefixLength > bits) {
    const message = `the prefix length of ${address} must be a number from 1 to ${bits}`;
    findings.error(path, 'range', message);
    return undefined;
  }
  return { address, prefixLength };
}

/** Addresses that no host can have on a link. */
function isUsable(address: IpAddress, path: Path, findings: Findings): boolean {
  const kind = unusableKind(address);
  if (kind === undefined) return true;
  findings.error(path, 'range', `${address} is ${kind}: it cannot be the address of a host`);
  return false;
}

function unusableKind(address: IpAddress): string | undefined {
  if (isMulticast(address)) return 'a multicast address';
  if (address === '255.255.255.255') return 'the broadcast address';
  if (address === '::' || address.startsWith('0.')) return 'an unspecified address';
  if (address === '::1' || address.startsWith('127.')) return 'a loopback address';
  return undefined;
}
