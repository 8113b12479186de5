/**
 * Addresses in rtnetlink(7): RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR (<linux/if_addr.h>).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+---------------+---------------+
 *     |    Family     | Prefix Length |  Flags (low)  |     Scope     |
 *     +---------------+---------------+---------------+---------------+
 *     |                        Interface Index                        |
 *     +---------------------------------------------------------------+
 *     |                          Attributes                           |
 */
import {
  addressBits,
  familyOf,
  type IpAddress,
  ipFromBytes,
  ipToBytes,
} from '../../../net/address.ts';
import type { AddressState } from '../../../net/link.ts';
import { failure, type Result, success } from '../../../net/result.ts';
import { type AttributeDecodeError, AttributeWriter, decodeAttributes } from '../attributes.ts';
import { putUint32, viewOf } from '../message.ts';
import { AF_INET, AF_INET6, ORIGIN_VRRP } from '../numbers.ts';

export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const RTNLGRP_IPV4_IFADDR = 5;
export const RTNLGRP_IPV6_IFADDR = 9;

const HEADER_LENGTH = 8;
const RT_SCOPE_UNIVERSE = 0;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_LABEL = 3;
const IFA_CACHEINFO = 6;
const IFA_FLAGS = 8;
const IFA_PROTO = 11;

const IFA_F_NODAD = 0x02;
const IFA_F_OPTIMISTIC = 0x04;
const IFA_F_DADFAILED = 0x08;
const IFA_F_TENTATIVE = 0x40;
const IFA_F_NOPREFIXROUTE = 0x200;

const INFINITE_LIFETIME = 0xffffffff;

export type AddressDecodeError =
  | { readonly code: 'address-truncated'; readonly length: number }
  | { readonly code: 'address-missing'; readonly family: number }
  | AttributeDecodeError;

export interface AddressMessage {
  readonly index: number;
  readonly address: AddressState;
}

/** Identifies an address of a link. */
export interface AddressKey {
  readonly index: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
}

/** On a point-to-point link, IFA_ADDRESS is the far end: the local address is IFA_LOCAL, if present. */
export function decodeAddress(payload: Uint8Array): Result<AddressMessage, AddressDecodeError> {
  if (payload.length < HEADER_LENGTH) {
    return failure({ code: 'address-truncated', length: payload.length });
  }
  const decoded = decodeAttributes(payload, HEADER_LENGTH);
  if (!decoded.ok) return decoded;
  const attributes = decoded.value;
  const view = viewOf(payload);
  const family = view.getUint8(0);
  const far = attributes.bytes(IFA_ADDRESS);
  const local = attributes.bytes(IFA_LOCAL) ?? far;
  if (local === undefined || local.length !== lengthIn(family)) {
    return failure({ code: 'address-missing', family });
  }
  const flags = attributes.uint32(IFA_FLAGS) ?? view.getUint8(2);
  return success({
    index: view.getUint32(4, true),
    address: {
      address: ipFromBytes(local),
      prefixLength: view.getUint8(1),
      ...peerOf(local, far),
      ours: attributes.uint8(IFA_PROTO) === ORIGIN_VRRP,
      tentative: (flags & IFA_F_TENTATIVE) !== 0 && (flags & IFA_F_OPTIMISTIC) === 0,
      duplicate: (flags & IFA_F_DADFAILED) !== 0,
    },
  });
}

/** Other links have the address itself there, or nothing. */
function peerOf(local: Uint8Array, far: Uint8Array | undefined): Pick<AddressState, 'peer'> {
  if (far?.length !== local.length || far.every((byte, at) => byte === local[at])) return {};
  return { peer: ipFromBytes(far) };
}

/** The payload of a dump request for the addresses of both families. */
export function encodeAddressDump(): Uint8Array {
  return new Uint8Array(HEADER_LENGTH);
}

/**
 * The payload of RTM_NEWADDR for a virtual address. An IPv6 address is usable immediately (no duplicate
 * address detection), and deprecated, so that the host opens no connection from it (RFC 4862 section
 * 5.5.4). A prefix shorter than the address adds no route. `lifetime`: seconds until the kernel removes
 * the address. `label`: of an IPv4 address; without one the kernel takes the name of the link.
 */
export function encodeNewAddress(
  key: AddressKey,
  lifetime = INFINITE_LIFETIME,
  label?: string,
): Uint8Array {
  const family = familyOf(key.address);
  const attributes = localAttributes(key.address);
  const wide = key.prefixLength < addressBits(family);
  const flags = (family === 'ipv6' ? IFA_F_NODAD : 0) | (wide ? IFA_F_NOPREFIXROUTE : 0);
  if (flags !== 0) attributes.uint32(IFA_FLAGS, flags);
  if (family === 'ipv6' || lifetime !== INFINITE_LIFETIME) {
    attributes.bytes(IFA_CACHEINFO, lifetimes(family === 'ipv6' ? 0 : lifetime, lifetime));
  }
  if (label !== undefined) attributes.text(IFA_LABEL, label);
  attributes.uint8(IFA_PROTO, ORIGIN_VRRP);
  return withHeader(key, attributes);
}

/** The payload of RTM_DELADDR. */
export function encodeRemovedAddress(key: AddressKey): Uint8Array {
  return withHeader(key, localAttributes(key.address));
}

/** IPv4 reads IFA_LOCAL, IPv6 reads IFA_ADDRESS; if both are equal, the link is not point-to-point. */
function localAttributes(address: IpAddress): AttributeWriter {
  const bytes = ipToBytes(address);
  const attributes = new AttributeWriter(HEADER_LENGTH);
  if (familyOf(address) === 'ipv4') attributes.bytes(IFA_LOCAL, bytes);
  return attributes.bytes(IFA_ADDRESS, bytes);
}

function withHeader(key: AddressKey, writer: AttributeWriter): Uint8Array {
  const payload = writer.finish();
  payload[0] = familyOf(key.address) === 'ipv4' ? AF_INET : AF_INET6;
  payload[1] = key.prefixLength;
  payload[3] = RT_SCOPE_UNIVERSE;
  putUint32(payload, 4, key.index);
  return payload;
}

/** `struct ifa_cacheinfo`: preferred and valid lifetime in seconds, and two time stamps. */
function lifetimes(preferred: number, valid: number): Uint8Array {
  const bytes = new Uint8Array(16);
  putUint32(bytes, 0, preferred);
  putUint32(bytes, 4, valid);
  return bytes;
}

function lengthIn(family: number): number {
  return family === AF_INET ? 4 : family === AF_INET6 ? 16 : -1;
}
