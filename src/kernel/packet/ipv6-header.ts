/**
 * Rebuilds the IPv6 header, which raw sockets do not deliver, from the ancillary data of recvmsg(2). A
 * missing hop limit becomes 0, so that the check for 255 fails (RFC 9568 section 7.1).
 *
 * `struct cmsghdr`, each record aligned to 8 bytes:
 *
 *      0               8           12          16
 *     +---------------+-----------+-----------+------------
 *     |    length     |   level   |   type    |  data
 *     +---------------+-----------+-----------+------------
 */
import { at } from '../../net/assert.ts';
import { PROTOCOL_VRRP } from '../../net/vrrp.ts';
import { IPPROTO_IPV6, IPV6_HOPLIMIT, IPV6_PKTINFO, IPV6_TCLASS } from '../ffi/constants.ts';

export const IPV6_HEADER_BYTES = 40;

const CONTROL_HEADER_BYTES = 16;
const SOURCE = 8;
const DESTINATION = 24;

/** Writes into the first 40 bytes of `packet`; `name` is the `struct sockaddr_in6` of the sender. */
export function writeIpv6Header(
  packet: Uint8Array,
  payloadLength: number,
  name: Uint8Array,
  control: DataView,
  controlLength: number,
): void {
  packet.fill(0, 0, IPV6_HEADER_BYTES);
  packet[0] = 0x60;
  packet[4] = payloadLength >>> 8;
  packet[5] = payloadLength;
  packet[6] = PROTOCOL_VRRP;
  for (let i = 0; i < 16; i++) packet[SOURCE + i] = at(name, 8 + i);
  const end = Math.min(controlLength, control.byteLength);
  for (let offset = 0; offset + CONTROL_HEADER_BYTES <= end; ) {
    const length = control.getUint32(offset, true);
    if (length < CONTROL_HEADER_BYTES || offset + length > end) return;
    if (control.getInt32(offset + 8, true) === IPPROTO_IPV6) {
      applyControl(packet, control, offset, length - CONTROL_HEADER_BYTES);
    }
    offset += (length + 7) & ~7;
  }
}

function applyControl(packet: Uint8Array, control: DataView, offset: number, held: number): void {
  const data = offset + CONTROL_HEADER_BYTES;
  const type = control.getInt32(offset + 12, true);
  if (type === IPV6_HOPLIMIT && held >= 4) {
    packet[7] = control.getInt32(data, true);
  } else if (type === IPV6_TCLASS && held >= 4) {
    const trafficClass = control.getInt32(data, true);
    packet[0] = 0x60 | ((trafficClass >>> 4) & 0x0f);
    packet[1] = (trafficClass << 4) & 0xf0;
  } else if (type === IPV6_PKTINFO && held >= 16) {
    for (let i = 0; i < 16; i++) packet[DESTINATION + i] = control.getUint8(data + i);
  }
}
