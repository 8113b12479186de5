/**
 * The trailer that authenticates a message of either version and family
 * (draft-cassen-vrrp-auth-hmac-00). It follows the message and belongs to none of its fields:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+-------------------------------+
 *     |   Type 1      |    Key id     |          Reserved 0           |
 *     +---------------+---------------+-------------------------------+
 *     |                  Seconds of UTC since the epoch               |
 *     +-------------------------------+-------------------------------+
 *     |     1/65536 of a second       |           Counter             |
 *     +-------------------------------+-------------------------------+
 *     |              HMAC-SHA256, its first 128 bits                  |
 *     +---------------------------------------------------------------+
 *
 * Over IPv4 the checksum of the message leaves the trailer out; over IPv6 it covers the trailer, as any
 * checksum of an upper layer does. The digest covers what `digestedBytes` returns: not the destination,
 * so that one message may go to several peers.
 */
import { type Family, familyOf, type IpAddress } from '../../net/address.ts';
import { addressBytes, byteAt, putUint16, uint16At, uint32At } from '../bytes.ts';
import { finishChecksum, sum16 } from '../checksum.ts';
import { messageLengthAt } from './advertisement.ts';
import { envelopeSum } from './checksum.ts';
import { CHECKSUM_OFFSET, versionAt } from './header.ts';
import type { Envelope } from './message.ts';

export const TRAILER_LENGTH = 28;

/** HMAC-SHA256 truncated to 128 bits. */
export const DIGEST_LENGTH = 16;

const TYPE_HMAC_SHA256_128 = 1;
const PSEUDO_HEADER_LENGTH = 20;

/** What precedes the digest. */
const HEAD_LENGTH = TRAILER_LENGTH - DIGEST_LENGTH;

export interface Trailer {
  /** 1..255; 0 is no key. */
  readonly keyId: number;
  /** Seconds, fraction and counter: 64 bits. */
  readonly sequence: bigint;
}

/** A message with its trailer, as received from `source`. */
export interface SignedMessage {
  readonly bytes: Uint8Array;
  /** Where the message begins. */
  readonly offset: number;
  /** Of the message itself. */
  readonly length: number;
  readonly source: IpAddress;
  readonly trailer: Trailer;
}

/** Length of the message at `offset` if a trailer follows it, and nothing else; undefined: not so. */
export function lengthBeforeTrailer(
  bytes: Uint8Array,
  offset: number,
  length: number,
  family: Family,
): number | undefined {
  const message = messageLengthAt(bytes, offset, family);
  return message !== undefined && length === message + TRAILER_LENGTH ? message : undefined;
}

/** Undefined: another type, or a reserved bit is set. */
export function trailerAt(bytes: Uint8Array, offset: number): Trailer | undefined {
  if (byteAt(bytes, offset) !== TYPE_HMAC_SHA256_128) return undefined;
  if (uint16At(bytes, offset + 2) !== 0) return undefined;
  return { keyId: byteAt(bytes, offset + 1), sequence: bigUint64At(bytes, offset + 4) };
}

/** What the sender of a received message has computed its digest from. */
export function digestedBytes({ bytes, offset, length, source }: SignedMessage): Uint8Array {
  return digested(bytes.subarray(offset, offset + length + HEAD_LENGTH), length, source);
}

/** The digest in a received message. */
export function digestIn({ bytes, offset, length }: SignedMessage): Uint8Array {
  const start = offset + length + HEAD_LENGTH;
  return bytes.slice(start, start + DIGEST_LENGTH);
}

/**
 * The message with its trailer. `digestOf` returns the first `DIGEST_LENGTH` bytes of the HMAC. The
 * message has a checksum; that of IPv6 is computed again.
 */
export function withTrailer(
  message: Uint8Array,
  envelope: Envelope,
  { keyId, sequence }: Trailer,
  digestOf: (digested: Uint8Array) => Uint8Array,
): Uint8Array {
  const { length } = message;
  const signed = new Uint8Array(length + TRAILER_LENGTH);
  signed.set(message);
  signed[length] = TYPE_HMAC_SHA256_128;
  signed[length + 1] = keyId;
  putBigUint64(signed, length + 4, sequence);
  const head = signed.subarray(0, length + HEAD_LENGTH);
  signed.set(digestOf(digested(head, length, envelope.source)), length + HEAD_LENGTH);
  if (familyOf(envelope.source) === 'ipv4') return signed;
  putUint16(signed, CHECKSUM_OFFSET, 0);
  const sum = sum16(signed, 0, signed.length);
  const total = sum + envelopeSum(envelope, 'ipv6', 'rfc9568', signed.length);
  putUint16(signed, CHECKSUM_OFFSET, finishChecksum(total));
  return signed;
}

/**
 * A pseudo-header (family, version, VRID, a zero, the source in 16 bytes), the message with its checksum
 * zeroed, the trailer with its digest zeroed.
 */
function digested(head: Uint8Array, messageLength: number, source: IpAddress): Uint8Array {
  const family = familyOf(source);
  const input = new Uint8Array(PSEUDO_HEADER_LENGTH + messageLength + TRAILER_LENGTH);
  input[0] = family === 'ipv4' ? 4 : 6;
  input[1] = versionAt(head, 0);
  input[2] = byteAt(head, 1);
  input.set(addressBytes(source, family), 4);
  input.set(head, PSEUDO_HEADER_LENGTH);
  putUint16(input, PSEUDO_HEADER_LENGTH + CHECKSUM_OFFSET, 0);
  return input;
}

function bigUint64At(bytes: Uint8Array, offset: number): bigint {
  const high = BigInt(uint32At(bytes, offset));
  const low = BigInt(uint32At(bytes, offset + 4));
  return (high << 32n) | low;
}

function putBigUint64(bytes: Uint8Array, offset: number, value: bigint): void {
  for (let at = 0; at < 4; at++) {
    putUint16(bytes, offset + 2 * at, Number((value >> BigInt(48 - 16 * at)) & 0xffffn));
  }
}
