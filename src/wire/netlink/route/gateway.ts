/**
 * RTM_GETROUTE for one destination (<linux/rtnetlink.h>; the header is in `route.ts`): the kernel looks the
 * route up as if it sent a packet by the link, and answers with the gateway. An address that no host has
 * takes the default route.
 */
import { type Family, type IpAddress, ip, ipFromBytes, ipToBytes } from '../../../net/address.ts';
import { AttributeWriter, decodeAttributes } from '../attributes.ts';
import { AF_INET, AF_INET6 } from '../numbers.ts';

const HEADER_LENGTH = 12;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;

/** Reserved (RFC 1112 section 4), and outside every prefix that is in use. */
const ELSEWHERE: { readonly [F in Family]: IpAddress } = {
  ipv4: ip('240.0.0.1'),
  ipv6: ip('2000::1'),
};

export function encodeGatewayQuestion(family: Family, index: number): Uint8Array {
  const destination = ipToBytes(ELSEWHERE[family]);
  const attributes = new AttributeWriter().bytes(RTA_DST, destination).uint32(RTA_OIF, index);
  const bytes = attributes.finish();
  const payload = new Uint8Array(HEADER_LENGTH + bytes.length);
  payload[0] = family === 'ipv4' ? AF_INET : AF_INET6;
  payload[1] = destination.length * 8;
  payload.set(bytes, HEADER_LENGTH);
  return payload;
}

/** Null: the link has no default gateway, or the answer is none. */
export function decodeGateway(payload: Uint8Array): IpAddress | null {
  if (payload.length < HEADER_LENGTH) return null;
  const decoded = decodeAttributes(payload, HEADER_LENGTH);
  const gateway = decoded.ok ? decoded.value.bytes(RTA_GATEWAY) : undefined;
  if (gateway?.length !== 4 && gateway?.length !== 16) return null;
  return ipFromBytes(gateway);
}
