/** Addresses, prefixes and endpoints of the file, in canonical form. */

import {
  addressBits,
  type Family,
  familyOf,
  type IpAddress,
  isMulticast,
  networkOf,
  parseIp,
} from '../../net/address.ts';
import type { Prefix } from '../../net/routing.ts';
import type { VirtualAddress } from '../../protocol/engine/settings.ts';
import { describeValue, type Findings, type Path } from '../finding.ts';
import type { InstanceValues } from './inherit.ts';

export type DraftAddresses = NonNullable<InstanceValues['addresses']>;

export interface AddressEntry {
  readonly text: string;
  readonly interface: string | undefined;
  readonly label?: string | undefined;
  readonly path: Path;
}

/** The valid addresses; reports the others. */
export function lowerAddresses(
  entries: readonly AddressEntry[],
  defaultInterface: string,
  findings: Findings,
): VirtualAddress[] {
  return entries.flatMap((entry): VirtualAddress[] => {
    const parsed = parsePrefixed(entry.text, entry.path, findings);
    if (parsed === undefined) return [];
    const placed = { ...parsed, interface: entry.interface ?? defaultInterface };
    const label = labelOf(entry, parsed.address, findings);
    return [label === undefined ? placed : { ...placed, label }];
  });
}

function labelOf(
  { label, path }: AddressEntry,
  address: IpAddress,
  findings: Findings,
): string | undefined {
  if (label === undefined || familyOf(address) === 'ipv4') return label;
  const message = `${address} is IPv6, and only IPv4 addresses have a label: remove "label"`;
  findings.error([...path.slice(0, -1), 'label'], 'conflict', message);
  return undefined;
}

/** The entries of a list in one form, without those that the schema has already rejected. */
export function addressEntries(list: DraftAddresses | undefined, path: Path): AddressEntry[] {
  return (list ?? []).flatMap((entry, index): AddressEntry[] => {
    if (entry === undefined) return [];
    if (typeof entry === 'string') {
      return [{ text: entry, interface: undefined, path: [...path, index] }];
    }
    const { address, interface: link, label } = entry;
    return [{ text: address, interface: link, label, path: [...path, index, 'address'] }];
  });
}

/** The address without its prefix length. */
export function addressOf({ text }: AddressEntry): IpAddress | undefined {
  return parseIp(text.split('/', 1)[0] ?? '');
}

/** A unicast address; reports a prefix length. */
export function lowerHostAddress(
  text: string,
  path: Path,
  findings: Findings,
): IpAddress | undefined {
  const address = parseIp(text);
  if (address === undefined) {
    const reason = text.includes('/') ? ' without a prefix length' : '';
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
  const prefixLength = lengthOf(text.slice(slash + 1));
  if (prefixLength < 1 || prefixLength > bits) {
    const message = `the prefix length of ${address} must be a number from 1 to ${bits}`;
    findings.error(path, 'range', message);
    return undefined;
  }
  return { address, prefixLength };
}

/** Reports an address that cannot be assigned to a host. */
function isUsable(address: IpAddress, path: Path, findings: Findings): boolean {
  const kind = unusableKind(address);
  if (kind === undefined) return true;
  findings.error(path, 'range', `${address} is ${kind} and cannot be assigned to a host`);
  return false;
}

function unusableKind(address: IpAddress): string | undefined {
  if (isMulticast(address)) return 'a multicast address';
  if (address === '255.255.255.255') return 'the broadcast address';
  if (address === '::' || address.startsWith('0.')) return 'an unspecified address';
  if (address === '::1' || address.startsWith('127.')) return 'a loopback address';
  return undefined;
}

/** Without a length, a single host. Length 0 is rejected: `default`, or no key, means the same. */
export function lowerPrefix(text: string, path: Path, findings: Findings): Prefix | undefined {
  const [addressText = '', lengthText, ...rest] = text.split('/');
  const address = parseIp(addressText);
  if (address === undefined || rest.length > 0) {
    const expected = 'expected a prefix like 198.51.100.0/24 or 2001:db8::/64';
    findings.error(path, 'type', `${expected}, found ${describeValue(text)}`);
    return undefined;
  }
  const bits = addressBits(familyOf(address));
  const length = lengthText === undefined ? bits : lengthOf(lengthText);
  if (length < 1 || length > bits) {
    const message = `the prefix length of ${address} must be a number from 1 to ${bits}`;
    findings.error(path, 'range', message);
    return undefined;
  }
  const network = networkOf(address, length);
  if (network === address) return { address, length };
  const message = `${address} has host bits set: write ${network}/${length}`;
  findings.error(path, 'range', message);
  return undefined;
}

/** 0 if the text is not a number. */
function lengthOf(text: string): number {
  return /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
}

/** An address with or without a port; IPv6 with a port needs brackets. */
export function parseAddressAndPort(
  text: string,
): { readonly address: IpAddress; readonly port: number | undefined } | undefined {
  const plain = parseIp(text);
  if (plain !== undefined) return { address: plain, port: undefined };
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::([0-9]{1,5}))?$/.exec(text);
  const [, inBrackets, bare, digits] = parts ?? [];
  const address = parseIp(inBrackets ?? bare ?? '');
  const port = digits === undefined ? undefined : Number(digits);
  if (address === undefined || (port ?? 0) > 65_535) return undefined;
  if ((inBrackets !== undefined) !== (familyOf(address) === 'ipv6')) return undefined;
  return { address, port };
}
