/**
 * Version 3 (RFC 9568 section 5.1): either family, interval in centiseconds, no authentication.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------+-------+---------------+---------------+---------------+
 *     |   3   |   1   | Virtual Rtr ID|   Priority    | IPvX Addr Cnt |
 *     +-------+-------+---------------+---------------+---------------+
 *     |Reserve| Max Advertise Interval|           Checksum            |
 *     +-------+-----------------------+-------------------------------+
 *     |                IPvX Addresses (4 x n or 16 x n)               |
 *     +---------------------------------------------------------------+
 */
import { type Family, familyOf } from '../../net/address.ts';
import { centiseconds } from '../../net/time.ts';
import { addressLength, putUint16, ranged, uint16At } from '../bytes.ts';
import { finishChecksum, sum16 } from '../checksum.ts';
import { type ChecksumForm, envelopeSum } from './checksum.ts';
import { addressesAt, CHECKSUM_OFFSET, FIXED_LENGTH, headerAt, putHeader } from './header.ts';
import type { Advertisement, Envelope, ReceivedAdvertisement } from './message.ts';

const MICROSECONDS_PER_CENTISECOND = 10_000;

/** 12 bits: 40.95 s. */
const LONGEST_INTERVAL = 0xfff;

export function version3Length(count: number, family: Family): number {
  return FIXED_LENGTH + addressLength(family) * count;
}

/**
 * Rounds a fraction of a centisecond up: Backups adopt the interval (RFC 9568 section 5.2.7), and with
 * one shorter than the sender's they would take over from a healthy sender.
 */
export function encodeVersion3(
  advertisement: Advertisement,
  envelope: Envelope,
  form: ChecksumForm,
): Uint8Array {
  const { addresses, interval, authentication } = advertisement;
  if (authentication?.type === 'pass') throw new RangeError('version 3 has no authentication');
  const family = familyOf(envelope.source);
  const pdu = new Uint8Array(version3Length(addresses.length, family));
  const units = Math.ceil(interval / MICROSECONDS_PER_CENTISECOND);
  putHeader(pdu, advertisement, family);
  putUint16(pdu, 4, ranged('Max Advertise Interval in centiseconds', units, 1, LONGEST_INTERVAL));
  const sum = sum16(pdu, 0, pdu.length) + envelopeSum(envelope, family, form, pdu.length);
  putUint16(pdu, CHECKSUM_OFFSET, finishChecksum(sum));
  return pdu;
}

/** The caller has checked the length. Reserve is ignored (RFC 9568 section 5.2.6). */
export function readVersion3(
  bytes: Uint8Array,
  offset: number,
  family: Family,
): ReceivedAdvertisement {
  const header = headerAt(bytes, offset);
  return {
    version: 3,
    ...header,
    interval: centiseconds(uint16At(bytes, offset + 4) & LONGEST_INTERVAL),
    authType: undefined,
    authData: undefined,
    addresses: addressesAt(bytes, offset, header.count, family),
  };
}
