/** Neighbor Discovery on the segment of a world with two networks: the answers of kernels. */
import {
  type IpAddress,
  ip,
  ipFromBytes,
  ipToBytes,
  isMulticast,
  mac,
} from '../../src/net/address.ts';
import type { AddressClaim } from '../../src/net/link.ts';
import { putUint16 } from '../../src/wire/bytes.ts';
import { finishChecksum, sum16 } from '../../src/wire/checksum.ts';
import { decodeFrame } from '../../src/wire/frame.ts';
import { decodeIpv6Header, IPV6_HEADER_LENGTH } from '../../src/wire/ip.ts';
import {
  encodeNeighborAdvertisement,
  NEIGHBOR_SOLICITATION,
  PROTOCOL_ICMPV6,
} from '../../src/wire/neighbor.ts';

const ETHERNET_HEADER = 14;
const MESSAGE_AT = ETHERNET_HEADER + IPV6_HEADER_LENGTH;
const DESTINATION_AT = ETHERNET_HEADER + 24;
const UNSPECIFIED = ip('::');
/** RFC 4861 section 4.4: Router, Solicited, Override. */
const [ROUTER, SOLICITED, OVERRIDE] = [0x80, 0x40, 0x20];

interface Solicitation {
  readonly source: IpAddress;
  readonly target: IpAddress;
}

/** Undefined: another frame. */
export function solicitationIn(frame: Uint8Array): Solicitation | undefined {
  const packet = frame.subarray(ETHERNET_HEADER);
  const header = decodeIpv6Header(packet, 0, packet.length);
  if (!header.ok || header.value.protocol !== PROTOCOL_ICMPV6) return undefined;
  if (frame[MESSAGE_AT] !== NEIGHBOR_SOLICITATION) return undefined;
  return { source: header.value.source, target: ipFromBytes(frame, MESSAGE_AT + 8, 16) };
}

/** To the host that asks, or to all if it has given no source (RFC 4861 section 7.2.4). */
export function neighborAnswer({ source, target }: Solicitation): Uint8Array {
  const frame = encodeNeighborAdvertisement(mac('02:00:00:00:00:aa'), target, { router: true });
  if (source === UNSPECIFIED) return frame;
  frame.set(ipToBytes(source), DESTINATION_AT);
  frame[MESSAGE_AT + 4] = ROUTER | SOLICITED | OVERRIDE;
  putUint16(frame, MESSAGE_AT + 2, 0);
  const length = frame.length - MESSAGE_AT;
  const header = sum16(frame, DESTINATION_AT - 16, 32, PROTOCOL_ICMPV6 + length);
  putUint16(frame, MESSAGE_AT + 2, finishChecksum(sum16(frame, MESSAGE_AT, length, header)));
  return frame;
}

/** What a process that listens learns from an advertisement, but for the link. */
export function neighborClaim(frame: Uint8Array): Omit<AddressClaim, 'index'> | undefined {
  const decoded = decodeFrame(frame);
  if (decoded.kind !== 'neighbor-advertisement') return undefined;
  const { target, targetMac } = decoded.advertisement;
  const { destination } = decoded.ip;
  const answer = isMulticast(destination) ? {} : { to: destination };
  return { address: target, mac: targetMac ?? decoded.ethernet.source, ...answer };
}
