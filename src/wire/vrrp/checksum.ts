/**
 * What the VRRP checksum covers. Three rules are in use:
 *
 *     version 2              the message                            RFC 3768 section 5.3.8
 *     version 3 over IPv4    the message                            RFC 9568 section 5.2.8
 *                            the message and an IPv4 pseudo-header  RFC 5798, as deployed
 *     version 3 over IPv6    the message and an IPv6 pseudo-header  RFC 9568 section 5.2.8
 */
import type { Family } from '../../net/address.ts';
import { PROTOCOL_VRRP } from '../../net/vrrp.ts';
import { addressBytes, addressLength, byteAt } from '../bytes.ts';
import { foldSum, sum16 } from '../checksum.ts';
import type { Envelope } from './message.ts';

/** Which rule a sender uses. Only version 3 over IPv4 has a choice; all else is `rfc9568`. */
export type ChecksumForm = 'rfc9568' | 'pseudo_header';

/** The partial sum of source, destination, protocol 112 and message length. */
export function ipv4PseudoHeaderSum(
  bytes: Uint8Array,
  sourceOffset: number,
  destinationOffset: number,
  length: number,
): number {
  const source = sum16(bytes, sourceOffset, 4, PROTOCOL_VRRP + length);
  return sum16(bytes, destinationOffset, 4, source);
}

/** The partial sum of source, destination, message length and next header 112. */
export function ipv6PseudoHeaderSum(
  bytes: Uint8Array,
  sourceOffset: number,
  destinationOffset: number,
  length: number,
): number {
  const source = sum16(bytes, sourceOffset, 16, PROTOCOL_VRRP + length);
  return sum16(bytes, destinationOffset, 16, source);
}

/** What the envelope adds to the sum: nothing if the checksum covers only the message. */
export function envelopeSum(
  { source, destination }: Envelope,
  family: Family,
  form: ChecksumForm,
  length: number,
): number {
  const size = addressLength(family);
  const addresses = new Uint8Array(2 * size);
  addresses.set(addressBytes(source, family), 0);
  addresses.set(addressBytes(destination, family), size);
  if (family === 'ipv6') return ipv6PseudoHeaderSum(addresses, 0, size, length);
  return form === 'rfc9568' ? 0 : ipv4PseudoHeaderSum(addresses, 0, size, length);
}

/**
 * The form in which the checksum of a received message is right; undefined if there is none. `packet`
 * begins with its IP header. `trailer`: bytes after the message, which belong to the sum of IPv6 alone.
 */
export function matchingForm(
  packet: Uint8Array,
  vrrpOffset: number,
  messageLength: number,
  family: Family,
  trailer = 0,
): ChecksumForm | undefined {
  const vrrpLength = family === 'ipv6' ? messageLength + trailer : messageLength;
  const message = sum16(packet, vrrpOffset, vrrpLength);
  if (family === 'ipv6') {
    return isRight(message + ipv6PseudoHeaderSum(packet, 8, 24, vrrpLength))
      ? 'rfc9568'
      : undefined;
  }
  if (isRight(message)) return 'rfc9568';
  if (byteAt(packet, vrrpOffset) >>> 4 !== 3) return undefined;
  return isRight(message + ipv4PseudoHeaderSum(packet, 12, 16, vrrpLength))
    ? 'pseudo_header'
    : undefined;
}

function isRight(sum: number): boolean {
  return foldSum(sum) === 0xffff;
}
