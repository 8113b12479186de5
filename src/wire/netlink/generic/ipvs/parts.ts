/** What services, real servers and daemons share on the wire. */
import {
  addressBits,
  type Family,
  type IpAddress,
  ipFromBytes,
  ipToBytes,
} from '../../../../net/address.ts';
import { uint16At } from '../../../bytes.ts';
import type { Attributes } from '../../attributes.ts';
import { AF_INET, AF_INET6 } from '../../numbers.ts';

export type IpvsDecodeError =
  | { readonly code: 'ipvs-attribute-missing'; readonly within: string; readonly attribute: number }
  | { readonly code: 'ipvs-value-unknown'; readonly within: string; readonly attribute: number };

export function familyNumber(family: Family): number {
  return family === 'ipv4' ? AF_INET : AF_INET6;
}

export function familyFromNumber(value: number | undefined): Family | undefined {
  return value === AF_INET ? 'ipv4' : value === AF_INET6 ? 'ipv6' : undefined;
}

/** `union nf_inet_addr`: 16 bytes, of which IPv4 uses the first four. */
export function addressUnion(address: IpAddress): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(ipToBytes(address));
  return bytes;
}

export function addressFromUnion(
  bytes: Uint8Array | undefined,
  family: Family,
): IpAddress | undefined {
  const length = addressBits(family) / 8;
  if (bytes === undefined || bytes.length < length) return undefined;
  return ipFromBytes(bytes.subarray(0, length));
}

/** Ports are in network byte order, unlike nearly everything else in netlink. */
export function networkUint16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}

export function networkUint16At(attributes: Attributes, type: number): number | undefined {
  const bytes = attributes.bytes(type);
  return bytes === undefined || bytes.length < 2 ? undefined : uint16At(bytes, 0);
}
