/**
 * Datagrams of a stranger in the second network, made from a captured one of the peer link: addresses,
 * ports and length are those that the receiver expects.
 */
import { byteAt, putUint16 } from '../../wire/bytes.ts';

export const DATAGRAMS = ['replayed', 'forged', 'garbage'] as const;
export type DatagramKind = (typeof DATAGRAMS)[number];

const ETHERNET_HEADER = 14;
const UDP_HEADER = 8;
const UDP_CHECKSUM_AT = 6;

/** `frame`: Ethernet with an IPv4 packet that contains the whole datagram. */
export function strangeFrame(kind: DatagramKind, frame: Uint8Array): Uint8Array {
  const strange = Uint8Array.from(frame);
  const udp = ETHERNET_HEADER + (byteAt(strange, ETHERNET_HEADER) & 0x0f) * 4;
  // Captured on a virtual link, it is not complete. RFC 768: zero means that there is none.
  putUint16(strange, udp + UDP_CHECKSUM_AT, 0);
  const payload = strange.subarray(udp + UDP_HEADER);
  if (kind === 'forged') payload.set([byteAt(payload, payload.length - 1) ^ 1], payload.length - 1);
  if (kind === 'garbage') payload.set(payload.map((_, at) => (at * 151 + 7) % 256));
  return strange;
}
