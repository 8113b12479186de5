/**
 * CARP of the BSDs, which uses VRRP's protocol number, group and virtual MAC addresses, and whose header
 * begins as one of VRRP version 2 (<netinet/ip_carp.h>):
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------+-------+---------------+---------------+---------------+
 *     |   2   |   1   |     VHID      |    Advskew    | Auth Length 7 |
 *     +-------+-------+---------------+---------------+---------------+
 *     |    Demotion   |    Advbase    |           Checksum            |
 *     +---------------+---------------+-------------------------------+
 *     |          Counter (8 bytes), HMAC-SHA1 (20 bytes)              |
 */
import { byteAt } from '../bytes.ts';

const LENGTH = 36;
const VERSION_AND_TYPE = 0x21;

/** In words of 4 bytes: counter and HMAC. VRRP has the number of addresses here. */
const AUTH_LENGTH = 7;

/** No message of VRRP version 2 with seven addresses is that short. */
export function isCarp(bytes: Uint8Array, offset: number, length: number): boolean {
  return (
    length === LENGTH &&
    byteAt(bytes, offset) === VERSION_AND_TYPE &&
    byteAt(bytes, offset + 3) === AUTH_LENGTH
  );
}
