/**
 * Repairs the lengths and checksums of a damaged packet: otherwise nearly every case would end at the
 * first check, and none would reach the last.
 */

import { PROTOCOL_VRRP } from '../../src/net/vrrp.ts';
import { byteAt, putUint16 } from '../../src/wire/bytes.ts';
import { finishChecksum, sum16 } from '../../src/wire/checksum.ts';
import { ipv4PseudoHeaderSum, ipv6PseudoHeaderSum } from '../../src/wire/vrrp/checksum.ts';

const CHECKSUM = 6;

/** The packet begins at `start` and ends with the case. */
export function repairPacket(bytes: Uint8Array, start: number, pseudoHeader: boolean): void {
  const version = byteAt(bytes, start) >>> 4;
  if (version === 4) repairIpv4(bytes, start, pseudoHeader);
  else if (version === 6) repairIpv6(bytes, start);
}

function repairIpv4(bytes: Uint8Array, start: number, pseudoHeader: boolean): void {
  const headerLength = (byteAt(bytes, start) & 0x0f) * 4;
  const length = bytes.length - start;
  if (headerLength < 20 || headerLength > length) return;
  const message = start + headerLength;
  const messageLength = length - headerLength;
  if (byteAt(bytes, start + 9) === PROTOCOL_VRRP) {
    const extra = pseudoHeader
      ? ipv4PseudoHeaderSum(bytes, start + 12, start + 16, messageLength)
      : 0;
    repairMessage(bytes, message, messageLength, extra);
  }
  putUint16(bytes, start + 2, length);
  putUint16(bytes, start + 10, 0);
  putUint16(bytes, start + 10, finishChecksum(sum16(bytes, start, headerLength)));
}

function repairIpv6(bytes: Uint8Array, start: number): void {
  const messageLength = bytes.length - start - 40;
  if (messageLength < 0) return;
  putUint16(bytes, start + 4, messageLength);
  const extra = ipv6PseudoHeaderSum(bytes, start + 8, start + 24, messageLength);
  if (byteAt(bytes, start + 6) === PROTOCOL_VRRP) {
    repairMessage(bytes, start + 40, messageLength, extra);
  }
}

/** Adds the message at `offset` to the sum `extra`. */
export function repairMessage(
  bytes: Uint8Array,
  offset: number,
  length: number,
  extra: number,
): void {
  if (length < CHECKSUM + 2) return;
  putUint16(bytes, offset + CHECKSUM, 0);
  putUint16(bytes, offset + CHECKSUM, finishChecksum(sum16(bytes, offset, length, extra)));
}
