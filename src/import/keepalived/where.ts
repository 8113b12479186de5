/** Where a `virtual_server` listens: one address, a firewall mark, or a group of them. */
import {
  familyOf,
  type IpAddress,
  ipFromBytes,
  ipToBytes,
  networkOf,
  parseIp,
} from '../../net/address.ts';
import type { Branch } from '../draft.ts';
import { numberOf } from '../names.ts';
import { type Statement, textOf } from '../statement.ts';
import type { Context } from './context.ts';

export interface Where {
  /** For the name of the service. */
  readonly text: string;
  /** Undefined: a firewall mark. */
  readonly address: IpAddress | undefined;
  /** Undefined: none is given. */
  readonly port: number | undefined;
  /** The keys of the service. */
  readonly keys: Branch;
}

/** A range of a group becomes one service for each address; longer ones are listed. */
const RANGE_MAX = 256;
const PORT_MOST = 65_535;

/** `ADDRESS [PORT]` or `fwmark N`; what cannot be read is listed. */
export function whereOf(words: readonly string[], one: Statement, context: Context): Where[] {
  const [first = '', second] = words;
  if (first === 'fwmark') {
    const mark = numberOf(second);
    const isFamily = words[2] === undefined || /^inet6?$/.test(words[2]);
    if (mark !== undefined && isFamily) return [markOf(mark, words[2])];
  } else {
    const port = second === undefined ? undefined : numberOf(second);
    const addresses = addressesOf(first);
    const isPort = second === undefined || (port !== undefined && port >= 0 && port <= PORT_MOST);
    const isValid = addresses.length > 0 && isPort;
    if (isValid && addresses.length <= RANGE_MAX)
      return addresses.map((address) => atAddress(address, port));
    if (isValid) {
      context.ledger.lose(one, `${textOf(one)}: more than ${RANGE_MAX} addresses`);
      return [];
    }
  }
  context.ledger.note(one, 'ignored', `${textOf(one)}: no place of a service, and ignored`);
  return [];
}

/** Without a range or a prefix length, which keepalived reads in a group only. */
export function bareAddress(written: string, one: Statement, { ledger }: Context): string {
  const bare = written.replace(/[-/].*/, '');
  if (bare === written || parseIp(bare) === undefined) return written;
  ledger.note(one, 'ignored', `${textOf(one)}: only ${bare}, as a range needs a group`);
  return bare;
}

function markOf(mark: number, family: string | undefined): Where {
  const keys: Branch = { fwmark: mark };
  if (family === 'inet6') keys['family'] = 'ipv6';
  return { text: `fwmark-${mark}`, address: undefined, port: undefined, keys };
}

function atAddress(address: IpAddress, port: number | undefined): Where {
  const text = port === undefined ? address : `${address}-${port}`;
  return { text, address, port, keys: { address: endpointOf(address, port ?? 0) } };
}

export function endpointOf(address: string, port: number | undefined): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return port === undefined ? host : `${host}:${port}`;
}

/** The addresses of `A`, `A-N`, `A-B` or `A/length`; none if the text is something else. */
function addressesOf(text: string): IpAddress[] {
  const [, from = '', separator, to = ''] = /^([^-/]+)(?:([-/])(.+))?$/.exec(text) ?? [];
  const first = parseIp(from);
  if (first === undefined) return [];
  if (separator === undefined) return [first];
  if (separator === '/') return networkAddresses(first, Number(to));
  const separators = first.includes(':') ? ':' : '.';
  const last = parseIp(to) ?? parseIp(first.slice(0, first.lastIndexOf(separators) + 1) + to);
  return last === undefined ? [] : between(first, last);
}

function networkAddresses(address: IpAddress, length: number): IpAddress[] {
  const bits = familyOf(address) === 'ipv4' ? 32 : 128;
  if (!Number.isInteger(length) || length < 0 || length > bits) return [];
  const first = networkOf(address, length);
  return count(first, 2 ** Math.min(bits - length, 20));
}

function between(first: IpAddress, last: IpAddress): IpAddress[] {
  if (familyOf(first) !== familyOf(last)) return [];
  const size = Number(numberAt(last) - numberAt(first)) + 1;
  return size < 1 ? [] : count(first, size);
}

/** At most one more than is allowed. */
function count(first: IpAddress, size: number): IpAddress[] {
  const start = numberAt(first);
  const width = ipToBytes(first).length;
  return Array.from({ length: Math.min(size, RANGE_MAX + 1) }, (_, index) =>
    ipFromBytes(bytesOf(start + BigInt(index), width)),
  );
}

function numberAt(address: IpAddress): bigint {
  return ipToBytes(address).reduce((value, byte) => value * 256n + BigInt(byte), 0n);
}

function bytesOf(value: bigint, width: number): Uint8Array {
  return Uint8Array.from({ length: width }, (_, index) =>
    Number((value >> BigInt(8 * (width - 1 - index))) & 0xffn),
  );
}
