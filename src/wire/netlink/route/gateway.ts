/**
 * RTM_GETROUTE for one destination (<linux/rtnetlink.h>; the header is in `route.ts`): the kernel looks the
 * route up as if it sent a packet by the link, and answers with the gateway, or with the entry of its table.
 * An address that no host has takes the default route.
 */
import {
  type Family,
  familyOf,
  type IpAddress,
  ip,
  ipFromBytes,
  ipToBytes,
} from '../../../net/address.ts';
import { type PrefixRoute, STAND_IN_METRIC } from '../../../net/routing.ts';
import { AttributeWriter, decodeAttributes } from '../attributes.ts';
import { viewOf } from '../message.ts';
import { AF_INET, AF_INET6, ORIGIN_VRRP } from '../numbers.ts';
import { decodeRoute } from './route.ts';

const HEADER_LENGTH = 12;
const RTM_F_FIB_MATCH = 0x2000;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;

/** Reserved (RFC 1112 section 4), and outside every prefix that is in use. */
const ELSEWHERE: { readonly [F in Family]: IpAddress } = {
  ipv4: ip('240.0.0.1'),
  ipv6: ip('2000::1'),
};

export function encodeGatewayQuestion(family: Family, index: number): Uint8Array {
  return encodeQuestion(ELSEWHERE[family], index, 0);
}

/** Asks for the entry that a packet to the host takes, in place of the way to it. Index 0: by any link. */
export function encodePrefixQuestion(host: IpAddress, index: number): Uint8Array {
  return encodeQuestion(host, index, RTM_F_FIB_MATCH);
}

function encodeQuestion(address: IpAddress, index: number, flags: number): Uint8Array {
  const destination = ipToBytes(address);
  const attributes = new AttributeWriter().bytes(RTA_DST, destination).uint32(RTA_OIF, index);
  const bytes = attributes.finish();
  const payload = new Uint8Array(HEADER_LENGTH + bytes.length);
  payload[0] = familyOf(address) === 'ipv4' ? AF_INET : AF_INET6;
  payload[1] = destination.length * 8;
  viewOf(payload).setUint32(8, flags, true);
  payload.set(bytes, HEADER_LENGTH);
  return payload;
}

/** Null: that host has a longer prefix to itself, which says nothing about the others. */
export function decodePrefixRoute(payload: Uint8Array, length: number): PrefixRoute | null {
  const decoded = decodeRoute(payload);
  if (!decoded.ok || decoded.value.destination.length > length) return null;
  const { destination, protocol, metric } = decoded.value;
  if (destination.length < length) return 'none';
  return protocol === ORIGIN_VRRP && metric === STAND_IN_METRIC ? 'ours' : 'other';
}

/** Null: the link has no default gateway, or the answer is none. */
export function decodeGateway(payload: Uint8Array): IpAddress | null {
  if (payload.length < HEADER_LENGTH) return null;
  const decoded = decodeAttributes(payload, HEADER_LENGTH);
  const gateway = decoded.ok ? decoded.value.bytes(RTA_GATEWAY) : undefined;
  if (gateway?.length !== 4 && gateway?.length !== 16) return null;
  return ipFromBytes(gateway);
}
