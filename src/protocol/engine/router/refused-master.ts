/**
 * What a refused packet says about its sender: whether it is the advertisement of a MASTER, and how it
 * differs from what this router expects.
 */
import { familyOf, type IpAddress, ipFromBytes } from '../../../net/address.ts';
import { centiseconds, formatDuration, seconds } from '../../../net/time.ts';
import { PROTOCOL_VRRP, VRRP_TTL } from '../../../net/vrrp.ts';
import { byteAt } from '../../../wire/bytes.ts';
import { decodeAdvertisement } from '../../../wire/vrrp/advertisement.ts';
import { AUTH_PASSWORD } from '../../../wire/vrrp/auth.ts';
import { matchingForm } from '../../../wire/vrrp/checksum.ts';
import { lengthBeforeTrailer, TRAILER_LENGTH } from '../../../wire/vrrp/trailer.ts';
import type { DiscardReason } from '../intake-reasons.ts';
import { groupOf } from '../settings.ts';
import { isEnclosed, isMulticastPacket, vrrpOffset } from './intake.ts';
import type { VirtualRouter } from './virtual-router.ts';

const HEADER_BYTES = 8;
const TYPE_ADVERTISEMENT = 1;

export interface RefusedMaster {
  readonly source: IpAddress;
  readonly version: 2 | 3;
  readonly priority: number;
  /** Of the VRRP message in the packet. */
  readonly offset: number;
}

/** The values that a message for people compares. */
export interface Difference {
  readonly heard: string;
  readonly expected: string;
}

/** Undefined if it cannot be the advertisement of a MASTER, or of one that resigns (priority 0). */
export function refusedMasterIn(packet: Uint8Array, length: number): RefusedMaster | undefined {
  const offset = vrrpOffset(packet, length);
  if (offset === undefined || length < offset + HEADER_BYTES) return undefined;
  const isIpv4 = byteAt(packet, 0) >> 4 === 4;
  if (byteAt(packet, isIpv4 ? 9 : 6) !== PROTOCOL_VRRP && !isEnclosed(packet)) return undefined;
  const version = byteAt(packet, offset) >> 4;
  if (version !== 2 && version !== 3) return undefined;
  if ((byteAt(packet, offset) & 0xf) !== TYPE_ADVERTISEMENT) return undefined;
  const priority = byteAt(packet, offset + 2);
  const source = isIpv4 ? ipFromBytes(packet, 12, 4) : ipFromBytes(packet, 8, 16);
  return { source, version, priority, offset };
}

/** The addresses that it advertises; none if the packet is damaged or is no such message. */
export function addressesIn(
  packet: Uint8Array,
  length: number,
  { source, offset }: RefusedMaster,
): readonly IpAddress[] {
  const family = familyOf(source);
  const signed = lengthBeforeTrailer(packet, offset, length - offset, family);
  const messageLength = signed ?? length - offset;
  const trailer = signed === undefined ? 0 : TRAILER_LENGTH;
  if (matchingForm(packet, offset, messageLength, family, trailer) === undefined) return [];
  const decoded = decodeAdvertisement(packet, offset, messageLength, family);
  return decoded.ok ? decoded.value.addresses : [];
}

/** Undefined where there are no two values to compare. */
export function differenceOf(
  reason: DiscardReason,
  { source, version, offset }: RefusedMaster,
  packet: Uint8Array,
  length: number,
  { settings }: VirtualRouter,
): Difference | undefined {
  const isIpv4 = familyOf(source) === 'ipv4';
  switch (reason) {
    case 'ip-ttl-error': {
      const peer = settings.unicast?.peers.find(({ address }) => address === source);
      const expected = `${peer?.minimumTtl ?? VRRP_TTL}`;
      return { heard: `${byteAt(packet, isIpv4 ? 8 : 7)}`, expected };
    }
    case 'version-error':
      return { heard: `${version}`, expected: `${settings.version}` };
    case 'interval-error': {
      const low = byteAt(packet, offset + 5);
      const high = byteAt(packet, offset + 4) & 0xf;
      const interval = version === 2 ? seconds(low) : centiseconds(high * 256 + low);
      const expected = formatDuration(settings.advertisementInterval);
      return { heard: formatDuration(interval), expected };
    }
    case 'checksum-error': {
      const form = matchingForm(packet, offset, length - offset, settings.family);
      return { heard: form ?? 'wrong', expected: settings.checksum };
    }
    case 'auth-type-mismatch': {
      const expected = settings.authentication.type === 'pass' ? '1' : '0';
      const heard = isEnclosed(packet) ? 'ah' : `${byteAt(packet, offset + 4)}`;
      return { heard, expected };
    }
    case 'packet-length-error': {
      const signed = lengthBeforeTrailer(packet, offset, length - offset, settings.family);
      if (signed !== undefined) return { heard: 'hmac', expected: 'none' };
      const type = byteAt(packet, offset + 4);
      if (version === 3 || type <= AUTH_PASSWORD) return undefined;
      return { heard: `${type}`, expected: settings.authentication.type === 'pass' ? '1' : '0' };
    }
    case 'hmac-unknown-key': {
      const signed = lengthBeforeTrailer(packet, offset, length - offset, settings.family) ?? 0;
      const { authentication } = settings;
      const known = authentication.type === 'hmac' ? authentication.keyIds : [];
      return { heard: `${byteAt(packet, offset + signed + 1)}`, expected: known.join(' or ') };
    }
    case 'delivery-mismatch': {
      if (!isMulticastPacket(packet)) return { heard: 'unicast', expected: 'multicast' };
      if (settings.unicast !== undefined) return { heard: 'multicast', expected: 'unicast' };
      const group = isIpv4 ? ipFromBytes(packet, 16, 4) : ipFromBytes(packet, 24, 16);
      return { heard: group, expected: groupOf(settings) };
    }
    default:
      return undefined;
  }
}
