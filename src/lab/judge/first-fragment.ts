/**
 * An advertisement of many IPv6 addresses comes in parts (RFC 8200 section 4.5). The first of them
 * has the header of the message (RFC 9568 section 5.1), which is all that is asked of it here.
 */

import { PROTOCOL_VRRP } from '../../net/vrrp.ts';
import { uint16At } from '../../wire/bytes.ts';
import { ETHERTYPE_IPV6 } from '../../wire/ethernet.ts';
import { NEXT_HEADER_FRAGMENT } from '../../wire/fragment.ts';
import { isLaterFragment } from '../../wire/ipv6-fragments.ts';

const ETHERNET_LENGTH = 14;
/** Behind the IPv6 header and the fragment header. */
const MESSAGE_OFFSET = 48;
const MESSAGE_HEADER_LENGTH = 8;
const VERSION_3_ADVERTISEMENT = 0x31;
const CENTISECOND = 10_000;

/** Undefined: the frame is anything else. */
export function firstFragmentIn(frame: Uint8Array) {
  const packet = frame.subarray(ETHERNET_LENGTH);
  if (packet.length < MESSAGE_OFFSET + MESSAGE_HEADER_LENGTH) return undefined;
  if (uint16At(frame, ETHERNET_LENGTH - 2) !== ETHERTYPE_IPV6) return undefined;
  if (packet[6] !== NEXT_HEADER_FRAGMENT || packet[40] !== PROTOCOL_VRRP) return undefined;
  const [kind, vrid = 0, priority = 0] = packet.subarray(MESSAGE_OFFSET);
  if (kind !== VERSION_3_ADVERTISEMENT || isLaterFragment(packet)) return undefined;
  const interval = (uint16At(packet, MESSAGE_OFFSET + 4) & 0x0fff) * CENTISECOND;
  return { vrid, priority, interval };
}
