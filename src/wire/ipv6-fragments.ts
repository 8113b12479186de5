/**
 * Splits IPv6 packets that exceed the MTU of the link (RFC 8200 section 4.5): raw sockets do not.
 * On Ethernet, an advertisement of more than 90 addresses is such a packet.
 */
import { type IpAddress, ipFromBytes } from '../net/address.ts';
import { byteAt, putUint16, uint16At } from './bytes.ts';
import { FRAGMENT_HEADER_LENGTH, NEXT_HEADER_FRAGMENT } from './fragment.ts';
import { encodeIpv6Packet, IPV6_HEADER_LENGTH } from './ip.ts';

/** The unit of the offset: every part but the last has a multiple of it. */
const UNIT = 8;
const MORE_FRAGMENTS = 1;

/** Every link must support it (RFC 8200 section 5). */
const MINIMUM_MTU = 1_280;

/**
 * Returns the packet itself if it fits. The identification must differ from that of other recent packets
 * with the same source and destination.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+-------------------------+---+-+
 *     |  Next Header  |   Reserved    |     Fragment Offset     |Res|M|
 *     +---------------+---------------+-------------------------+---+-+
 *     |                         Identification                        |
 *     +---------------------------------------------------------------+
 */
export function fragmentIpv6Packet(
  packet: Uint8Array,
  mtu: number,
  identification: number,
): readonly Uint8Array[] {
  const room = Math.max(mtu, MINIMUM_MTU);
  if (packet.length <= room) return [packet];
  const step = Math.floor((room - IPV6_HEADER_LENGTH - FRAGMENT_HEADER_LENGTH) / UNIT) * UNIT;
  const payload = packet.subarray(IPV6_HEADER_LENGTH);
  const fragments: Uint8Array[] = [];
  for (let offset = 0; offset < payload.length; offset += step) {
    const part = payload.subarray(offset, offset + step);
    const body = new Uint8Array(FRAGMENT_HEADER_LENGTH + part.length);
    body[0] = byteAt(packet, 6);
    putUint16(body, 2, offset | (offset + step < payload.length ? MORE_FRAGMENTS : 0));
    putUint16(body, 4, (identification >>> 16) & 0xffff);
    putUint16(body, 6, identification & 0xffff);
    body.set(part, FRAGMENT_HEADER_LENGTH);
    fragments.push(encodeIpv6Packet(headerOf(packet), body));
  }
  return fragments;
}

/** True for a fragment that does not begin with the header of the message. */
export function isLaterFragment(packet: Uint8Array): boolean {
  if (byteAt(packet, 0) >>> 4 !== 6 || packet[6] !== NEXT_HEADER_FRAGMENT) return false;
  return uint16At(packet, IPV6_HEADER_LENGTH + 2) >= UNIT;
}

function headerOf(packet: Uint8Array) {
  const address = (offset: number): IpAddress => ipFromBytes(packet, offset, 16);
  return {
    source: address(8),
    destination: address(24),
    hopLimit: byteAt(packet, 7),
    trafficClass: (uint16At(packet, 0) >>> 4) & 0xff,
    nextHeader: NEXT_HEADER_FRAGMENT,
  };
}
