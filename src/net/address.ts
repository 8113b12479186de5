/**
 * IP and MAC addresses as canonical text. Text is immutable, compares with `===`, serves as a Map
 * key and survives JSON; bytes are made where a packet is built or compared.
 * Canonical means: dotted quad without leading zeros, RFC 5952 for IPv6, lower-case MAC.
 */
import { at } from './assert.ts';

declare const ipBrand: unique symbol;
declare const macBrand: unique symbol;

export type Family = 'ipv4' | 'ipv6';
export type IpAddress = string & { readonly [ipBrand]: true };
export type MacAddress = string & { readonly [macBrand]: true };

export function familyOf(address: IpAddress): Family {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** Bits in an address of the family: 32 or 128. */
export function addressBits(family: Family): 32 | 128 {
  return family === 'ipv4' ? 32 : 128;
}

/** Reads an IPv4 or IPv6 address; `undefined` when the text is neither. */
export function parseIp(text: string): IpAddress | undefined {
  const bytes = text.includes(':') ? parseIpv6Bytes(text) : parseIpv4Bytes(text);
  return bytes === undefined ? undefined : ipFromBytes(bytes);
}

/** For constants in code and tests; throws if the text is not an address. */
export function ip(text: string): IpAddress {
  const address = parseIp(text);
  if (address === undefined) throw new TypeError(`not an IP address: ${text}`);
  return address;
}

/** 4 or 16 bytes in network order. */
export function ipToBytes(address: IpAddress): Uint8Array {
  const bytes = address.includes(':') ? parseIpv6Bytes(address) : parseIpv4Bytes(address);
  if (bytes === undefined) throw new TypeError(`not a canonical IP address: ${address}`);
  return bytes;
}

/** Reads 4 (IPv4) or 16 (IPv6) bytes, which must exist; any other length is a programming error. */
export function ipFromBytes(bytes: Uint8Array, offset = 0, length = bytes.length): IpAddress {
  if (length === 4) return ipv4FromBytes(bytes, offset);
  if (length !== 16) throw new TypeError(`an IP address has 4 or 16 bytes, not ${length}`);
  return ipv6FromBytes(bytes, offset);
}

/** The address with the bits beyond the prefix cleared. */
export function networkOf(address: IpAddress, length: number): IpAddress {
  const bytes = ipToBytes(address).map((byte, position) => {
    const kept = Math.min(Math.max(length - position * 8, 0), 8);
    return byte & (0xff00 >> kept);
  });
  return ipFromBytes(bytes);
}

/** Unsigned comparison in network byte order (RFC 9568 section 6.4.3): negative when a < b. */
export function compareIp(a: IpAddress, b: IpAddress): number {
  const left = ipToBytes(a);
  const right = ipToBytes(b);
  if (left.length !== right.length) return left.length - right.length;
  for (let i = 0; i < left.length; i++) {
    const difference = at(left, i) - at(right, i);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function isLinkLocal(address: IpAddress): boolean {
  const bytes = ipToBytes(address);
  if (bytes.length === 4) return bytes[0] === 169 && bytes[1] === 254;
  return bytes[0] === 0xfe && (at(bytes, 1) & 0xc0) === 0x80;
}

export function isMulticast(address: IpAddress): boolean {
  const bytes = ipToBytes(address);
  return bytes.length === 4 ? (at(bytes, 0) & 0xf0) === 0xe0 : bytes[0] === 0xff;
}

export function parseMac(text: string): MacAddress | undefined {
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)
    ? (text.toLowerCase() as MacAddress)
    : undefined;
}

export function mac(text: string): MacAddress {
  const address = parseMac(text);
  if (address === undefined) throw new TypeError(`not a MAC address: ${text}`);
  return address;
}

/** Of a link that has none, such as a tunnel, or another than that of Ethernet. */
export const NO_MAC = mac('00:00:00:00:00:00');

export function macToBytes(address: MacAddress): Uint8Array {
  return Uint8Array.from(address.split(':'), (part) => Number.parseInt(part, 16));
}

/** Reads 6 bytes, which must exist. */
export function macFromBytes(bytes: Uint8Array, offset = 0): MacAddress {
  let text = '';
  for (let i = 0; i < 6; i++) {
    const byte = hexByte(at(bytes, offset + i));
    text += i === 0 ? byte : `:${byte}`;
  }
  return text as MacAddress;
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function ipv4FromBytes(bytes: Uint8Array, offset: number): IpAddress {
  let text = `${at(bytes, offset)}`;
  for (let i = 1; i < 4; i++) text += `.${at(bytes, offset + i)}`;
  return text as IpAddress;
}

/** Of the digit. */
const ZERO = 0x30;

function parseIpv4Bytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  let start = 0;
  for (let i = 0; i < 4; i++) {
    const dot = i < 3 ? text.indexOf('.', start) : text.length;
    const byte = decimalByte(text, start, dot);
    if (byte === undefined) return undefined;
    bytes[i] = byte;
    start = dot + 1;
  }
  return bytes;
}

/** Without leading zeros. A regular expression for each part would cost ten times as much in a takeover. */
function decimalByte(text: string, start: number, end: number): number | undefined {
  const length = end - start;
  if (length < 1 || length > 3 || (length > 1 && text.charCodeAt(start) === ZERO)) return undefined;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value > 255 ? undefined : value;
}

function parseIpv6Bytes(text: string): Uint8Array | undefined {
  let source = text;
  const lastColon = source.lastIndexOf(':');
  const tail = source.slice(lastColon + 1);
  if (tail.includes('.')) {
    const v4 = parseIpv4Bytes(tail);
    if (v4 === undefined) return undefined;
    const high = (at(v4, 0) << 8) | at(v4, 1);
    const low = (at(v4, 2) << 8) | at(v4, 3);
    source = `${source.slice(0, lastColon + 1)}${high.toString(16)}:${low.toString(16)}`;
  }
  const halves = source.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(at(halves, 0));
  const rear = halves.length === 2 ? groupsOf(at(halves, 1)) : [];
  if (head === undefined || rear === undefined) return undefined;
  const missing = 8 - head.length - rear.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...rear];
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 8; i++) {
    bytes[i * 2] = at(groups, i) >> 8;
    bytes[i * 2 + 1] = at(groups, i) & 0xff;
  }
  return bytes;
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  for (const part of text.split(':')) {
    if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined;
    groups.push(Number.parseInt(part, 16));
  }
  return groups;
}

/** RFC 5952 section 4: lower case, no leading zeros, the first longest run of two or more zeros as `::`. */
function ipv6FromBytes(bytes: Uint8Array, offset: number): IpAddress {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) {
    groups.push((at(bytes, offset + i) << 8) | at(bytes, offset + i + 1));
  }
  let runStart = -1;
  let runLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > runLength) {
      runStart = i;
      runLength = length;
    }
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (runStart < 0) return hex(groups) as IpAddress;
  return `${hex(groups.slice(0, runStart))}::${hex(groups.slice(runStart + runLength))}` as IpAddress;
}
