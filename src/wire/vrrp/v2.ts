/**
 * Version 2 (RFC 3768 section 5.1): IPv4 only, interval in whole seconds, Authentication Data
 * always present.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------+-------+---------------+---------------+---------------+
 *     |   2   |   1   | Virtual Rtr ID|   Priority    | Count IP Addrs|
 *     +-------+-------+---------------+---------------+---------------+
 *     |   Auth Type   |   Adver Int   |           Checksum            |
 *     +---------------+---------------+-------------------------------+
 *     |                     IP Addresses (4 x n)                      |
 *     +---------------------------------------------------------------+
 *     |                    Authentication Data (8)                    |
 *     +---------------------------------------------------------------+
 */
import { seconds } from '../../net/time.ts';
import { byteAt, putUint16, ranged } from '../bytes.ts';
import { finishChecksum, sum16 } from '../checksum.ts';
import { AUTH_DATA_LENGTH, AUTH_NONE, AUTH_PASSWORD, passwordBytes } from './auth.ts';
import { addressesAt, CHECKSUM_OFFSET, FIXED_LENGTH, headerAt, putHeader } from './header.ts';
import type { Advertisement, ReceivedAdvertisement } from './message.ts';

const MICROSECONDS_PER_SECOND = 1_000_000;

export function version2Length(count: number): number {
  return FIXED_LENGTH + 4 * count + AUTH_DATA_LENGTH;
}

/**
 * Rounds a fraction of a second up. The RFC does not say which way, but a Backup with too long an
 * interval is merely slow, while one with too short an interval takes over from a healthy MASTER.
 */
export function encodeVersion2(advertisement: Advertisement): Uint8Array {
  const { addresses, interval, authentication } = advertisement;
  const pdu = new Uint8Array(version2Length(addresses.length));
  const wholeSeconds = Math.ceil(interval / MICROSECONDS_PER_SECOND);
  putHeader(pdu, advertisement, 'ipv4');
  pdu[4] = AUTH_NONE;
  pdu[5] = ranged('Adver Int in seconds', wholeSeconds, 1, 255);
  if (authentication?.type === 'pass') {
    pdu[4] = AUTH_PASSWORD;
    pdu.set(passwordBytes(authentication.password), pdu.length - AUTH_DATA_LENGTH);
  }
  putUint16(pdu, CHECKSUM_OFFSET, finishChecksum(sum16(pdu, 0, pdu.length)));
  return pdu;
}

/** The caller has checked the length. */
export function readVersion2(bytes: Uint8Array, offset: number): ReceivedAdvertisement {
  const header = headerAt(bytes, offset);
  const authOffset = offset + FIXED_LENGTH + 4 * header.count;
  return {
    version: 2,
    ...header,
    interval: seconds(byteAt(bytes, offset + 5)),
    authType: byteAt(bytes, offset + 4),
    authData: bytes.slice(authOffset, authOffset + AUTH_DATA_LENGTH),
    addresses: addressesAt(bytes, offset, header.count, 'ipv4'),
  };
}
