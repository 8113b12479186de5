/**
 * The VRRP message of both versions. Decoding checks only the structure: version, type and length. The
 * intake of the engine checks the values of the fields, because it counts each refusal with the virtual
 * router it belongs to.
 */
import { type Family, familyOf } from '../../net/address.ts';
import { failure, type Result, success } from '../../net/result.ts';
import { byteAt, heldLength } from '../bytes.ts';
import type { ChecksumForm } from './checksum.ts';
import { FIXED_LENGTH, TYPE_ADVERTISEMENT, versionAt } from './header.ts';
import type { Advertisement, Envelope, ReceivedAdvertisement } from './message.ts';
import { encodeVersion2, readVersion2, version2Length } from './v2.ts';
import { encodeVersion3, readVersion3, version3Length } from './v3.ts';

export type { Advertisement, Envelope, ReceivedAdvertisement } from './message.ts';

type VrrpDecodeError =
  | { readonly code: 'packet-length-error'; readonly length: number; readonly expected: number }
  | { readonly code: 'version-error'; readonly version: number; readonly family: Family }
  | { readonly code: 'invalid-type'; readonly type: number };

/** Builds the complete message with its checksum. Throws `RangeError` for a field out of range. */
export function encodeAdvertisement(
  advertisement: Advertisement,
  envelope: Envelope,
  form: ChecksumForm,
): Uint8Array {
  if (advertisement.version === 3) return encodeVersion3(advertisement, envelope, form);
  if (familyOf(envelope.source) === 'ipv4') return encodeVersion2(advertisement);
  throw new RangeError('VRRP version 2 does not support IPv6');
}

/** Reads `length` bytes at `offset`, which must be exactly one message. */
export function decodeAdvertisement(
  bytes: Uint8Array,
  offset: number,
  length: number,
  family: Family,
): Result<ReceivedAdvertisement, VrrpDecodeError> {
  const held = heldLength(bytes, offset, length);
  if (held < FIXED_LENGTH) return lengthError(held, FIXED_LENGTH);

  const version = versionAt(bytes, offset);
  const known = version === 3 || (version === 2 && family === 'ipv4');
  if (!known) return failure({ code: 'version-error', version, family });

  const type = byteAt(bytes, offset) & 0x0f;
  if (type !== TYPE_ADVERTISEMENT) return failure({ code: 'invalid-type', type });

  const expected = lengthOf(version, byteAt(bytes, offset + 3), family);
  if (held !== expected) return lengthError(held, expected);

  return success(version === 3 ? readVersion3(bytes, offset, family) : readVersion2(bytes, offset));
}

/** Length of the message that begins at `offset`, by its version and count; undefined: of another version. */
export function messageLengthAt(
  bytes: Uint8Array,
  offset: number,
  family: Family,
): number | undefined {
  const version = versionAt(bytes, offset);
  if (version !== 3 && (version !== 2 || family === 'ipv6')) return undefined;
  return lengthOf(version, byteAt(bytes, offset + 3), family);
}

function lengthOf(version: 2 | 3, count: number, family: Family): number {
  return version === 3 ? version3Length(count, family) : version2Length(count);
}

function lengthError(length: number, expected: number): Result<never, VrrpDecodeError> {
  return failure({ code: 'packet-length-error', length, expected });
}
