/**
 * The receive checks of RFC 9568 section 7.1 and RFC 3768 section 7.1, on a complete IP packet.
 * A refused packet has a reason and no other effect: no timer, no state, no allocation.
 */
import {
  type Family,
  type IpAddress,
  ipFromBytes,
  ipToBytes,
  isLinkLocal,
} from '../../../net/address.ts';
import { assert, at } from '../../../net/assert.ts';
import { isSameSet } from '../../../net/equality.ts';
import type { Duration } from '../../../net/time.ts';
import {
  isOwner,
  lowestUnicastTtl,
  PROTOCOL_AH,
  PROTOCOL_VRRP,
  VRRP_TTL,
} from '../../../net/vrrp.ts';
import { byteAt } from '../../../wire/bytes.ts';
import {
  decodeAdvertisement,
  type ReceivedAdvertisement,
} from '../../../wire/vrrp/advertisement.ts';
import { equalInConstantTime, passwordBytes } from '../../../wire/vrrp/auth.ts';
import { isCarp } from '../../../wire/vrrp/carp.ts';
import { type ChecksumForm, matchingForm } from '../../../wire/vrrp/checksum.ts';
import {
  lengthBeforeTrailer,
  type SignedMessage,
  TRAILER_LENGTH,
  type Trailer,
  trailerAt,
} from '../../../wire/vrrp/trailer.ts';
import type { DiscardReason, PacketWarning } from '../intake-reasons.ts';
import type { Authentication, ChecksumPolicy, UnicastSettings } from '../settings.ts';

/** What a receiver expects; `undefined` skips the check (a decoder without a configuration). */
export interface ReceiverProfile {
  readonly vrid: number | undefined;
  readonly version: 2 | 3 | undefined;
  /** Accepts version 2 as well (RFC 9568 section 8.4). */
  readonly alsoVersion2?: boolean;
  readonly priority: number | undefined;
  readonly interval: Duration | undefined;
  /** Compared as a set: RFC 9568 section 5.2.9 only recommends an order. */
  readonly addresses: readonly IpAddress[] | undefined;
  /**
   * Version 2: refuse a differing list of a sender that is not the owner (RFC 3768 section 7.1,
   * MAY).
   */
  readonly checkAddressList: boolean;
  /**
   * Refuse an IPv6 list that does not begin with a link-local address. RFC 9568 section 5.2.9 requires
   * one of the sender; a receiver that insists would be a second MASTER, and section 7.1 does not ask it.
   */
  readonly requireLinkLocal?: true;
  readonly checksum: ChecksumPolicy;
  readonly authentication: Authentication | undefined;
  /** `any`: accepts multicast and unicast from every sender. */
  readonly delivery: 'multicast' | UnicastSettings | 'any';
  /** With `multicast`: the group; absent: any. */
  readonly group?: IpAddress;
  readonly localAddress: IpAddress | undefined;
}

/** Accepts whatever some router accepts, whatever its settings. */
export const ANY_RECEIVER: ReceiverProfile = {
  vrid: undefined,
  version: undefined,
  priority: undefined,
  interval: undefined,
  addresses: undefined,
  checkAddressList: false,
  checksum: 'auto',
  authentication: undefined,
  delivery: 'any',
  localAddress: undefined,
};

export type Verdict =
  | {
      readonly ok: true;
      readonly advertisement: ReceivedAdvertisement;
      readonly source: IpAddress;
      readonly form: ChecksumForm;
      /** Undefined: the message is not signed. */
      readonly trailer: Trailer | undefined;
      readonly warnings: readonly PacketWarning[];
    }
  | { readonly ok: false; readonly reason: DiscardReason };

/** Why a signed message is refused; undefined: it is right. */
export type TrailerCheck = (message: SignedMessage) => DiscardReason | undefined;

const NO_WARNINGS: readonly PacketWarning[] = [];

const refusals = new Map<DiscardReason, Verdict>();

function refuse(reason: DiscardReason): Verdict {
  let verdict = refusals.get(reason);
  if (verdict === undefined) {
    verdict = { ok: false, reason };
    refusals.set(reason, verdict);
  }
  return verdict;
}

/** Offsets in the header of an IP packet. */
interface Layout {
  readonly family: Family;
  readonly ttlOffset: number;
  readonly sourceOffset: number;
  readonly destinationOffset: number;
  readonly addressLength: 4 | 16;
}

const IPV4: Layout = {
  family: 'ipv4',
  ttlOffset: 8,
  sourceOffset: 12,
  destinationOffset: 16,
  addressLength: 4,
};

const IPV6: Layout = {
  family: 'ipv6',
  ttlOffset: 7,
  sourceOffset: 8,
  destinationOffset: 24,
  addressLength: 16,
};

/** Offset of the VRRP message in an IP packet; undefined for an invalid header. */
export function vrrpOffset(packet: Uint8Array, length: number): number | undefined {
  const version = byteAt(packet, 0) >> 4;
  if (version === 4) {
    const headerLength = (byteAt(packet, 0) & 0x0f) * 4;
    if (headerLength < 20 || headerLength > length) return undefined;
    if (!isEnclosed(packet)) return headerLength;
    if (length < headerLength + 2 || byteAt(packet, headerLength) !== PROTOCOL_VRRP)
      return undefined;
    // RFC 4302 section 2.2: in words of 4 bytes, minus 2.
    const offset = headerLength + (byteAt(packet, headerLength + 1) + 2) * 4;
    return offset <= length ? offset : undefined;
  }
  return version === 6 && length >= 40 ? 40 : undefined;
}

/** In an Authentication Header of IP, as keepalived's `auth_type AH` sends it. */
export function isEnclosed(packet: Uint8Array): boolean {
  return byteAt(packet, 0) >> 4 === 4 && byteAt(packet, 9) === PROTOCOL_AH;
}

/** Whether the destination of an IP packet is a group. */
export function isMulticastPacket(packet: Uint8Array): boolean {
  return isMulticastDestination(packet, layoutOf(packet));
}

/** Judges the first `length` bytes of `packet`. Without `check` no signed message is believed. */
export function judge(
  packet: Uint8Array,
  length: number,
  receiver: ReceiverProfile,
  check?: TrailerCheck,
): Verdict {
  const offset = vrrpOffset(packet, length);
  if (offset === undefined) return refuse('packet-length-error');
  const layout = layoutOf(packet);
  const protocol = packet[layout === IPV4 ? 9 : 6];
  if (isEnclosed(packet)) return refuse('auth-type-mismatch');
  if (protocol !== PROTOCOL_VRRP) return refuse('invalid-type');
  return (
    judgeDelivery(packet, layout, receiver) ??
    judgeMessage(packet, offset, length - offset, { layout, receiver, check })
  );
}

/** and our own packets that return. */
function judgeDelivery(
  packet: Uint8Array,
  layout: Layout,
  receiver: ReceiverProfile,
): Verdict | undefined {
  const ttl = byteAt(packet, layout.ttlOffset);
  const { delivery } = receiver;
  const multicast = isMulticastDestination(packet, layout);
  if (delivery === 'any') {
    const least = multicast ? VRRP_TTL : lowestUnicastTtl(sourceOf(packet, layout));
    return ttl < least ? refuse('ip-ttl-error') : undefined;
  }
  if (delivery === 'multicast') {
    if (ttl !== VRRP_TTL) return refuse('ip-ttl-error');
    if (!multicast) return refuse('delivery-mismatch');
    const { group } = receiver;
    if (group !== undefined && !equals(packet, layout.destinationOffset, ipToBytes(group))) {
      return refuse('delivery-mismatch');
    }
  } else {
    if (multicast) return refuse('delivery-mismatch');
    const peer = delivery.peers.find(({ address }) =>
      equals(packet, layout.sourceOffset, ipToBytes(address)),
    );
    if (peer === undefined) return refuse('unknown-peer');
    if (ttl < peer.minimumTtl) return refuse('ip-ttl-error');
  }
  const { localAddress } = receiver;
  if (localAddress !== undefined && equals(packet, layout.sourceOffset, ipToBytes(localAddress))) {
    return refuse('own-packet');
  }
  return undefined;
}

interface Judging {
  readonly layout: Layout;
  readonly receiver: ReceiverProfile;
  readonly check: TrailerCheck | undefined;
}

function judgeMessage(
  packet: Uint8Array,
  offset: number,
  length: number,
  { layout, receiver, check }: Judging,
): Verdict {
  if (isCarp(packet, offset, length)) return refuse('carp');
  if (length > 0) {
    const version = byteAt(packet, offset) >> 4;
    if (version !== 2 && version !== 3) return refuse('version-error');
    if (!hears(receiver, version)) return refuse('version-error');
  }
  const signed = takesTrailer(receiver)
    ? lengthBeforeTrailer(packet, offset, length, layout.family)
    : undefined;
  const decoded = decodeAdvertisement(packet, offset, signed ?? length, layout.family);
  if (!decoded.ok) return refuse(decoded.error.code);
  const advertisement = decoded.value;
  // DEVIATION: unicast routers without addresses only elect a MASTER, as those of keepalived do.
  if (advertisement.count === 0 && receiver.addresses?.length !== 0) {
    return refuse('address-count-zero');
  }
  const form =
    signed === undefined
      ? matchingForm(packet, offset, length, layout.family)
      : matchingForm(packet, offset, signed, layout.family, TRAILER_LENGTH);
  if (form === undefined || !isAcceptedForm(form, advertisement, layout.family, receiver)) {
    return refuse('checksum-error');
  }
  if (advertisement.vrid === 0) return refuse('vrid-error');
  if (receiver.vrid !== undefined && advertisement.vrid !== receiver.vrid) {
    return refuse('vrid-error');
  }
  const source = sourceOf(packet, layout);
  const trailer = signed === undefined ? undefined : trailerAt(packet, offset + signed);
  const message =
    signed === undefined || trailer === undefined
      ? undefined
      : { bytes: packet, offset, length: signed, source, trailer };
  const reason =
    judgeTrailer(signed !== undefined, message, receiver, check) ??
    judgeContent(advertisement, layout.family, receiver);
  if (reason !== undefined) return refuse(reason);
  const warnings = warningsOf(advertisement, receiver, trailer);
  return { ok: true, advertisement, source, form, trailer, warnings };
}

/** To others a trailer makes the message too long. */
function takesTrailer({ authentication }: ReceiverProfile): boolean {
  return authentication === undefined || authentication.type === 'hmac';
}

function judgeTrailer(
  isSigned: boolean,
  message: SignedMessage | undefined,
  { authentication }: ReceiverProfile,
  check: TrailerCheck | undefined,
): DiscardReason | undefined {
  if (!isSigned) {
    const isRequired = authentication?.type === 'hmac' && authentication.mode === 'enforce';
    return isRequired ? 'hmac-missing' : undefined;
  }
  if (message === undefined) return 'hmac-malformed';
  if (check !== undefined) return check(message);
  return authentication === undefined ? undefined : 'hmac-unknown-key';
}

function hears({ version: own, alsoVersion2 }: ReceiverProfile, version: 2 | 3): boolean {
  return own === undefined || version === own || (version === 2 && alsoVersion2 === true);
}

/** A router of both versions sends whole seconds in version 2, whatever its interval (V-07). */
function differsInInterval(
  { version, interval }: ReceivedAdvertisement,
  receiver: ReceiverProfile,
): boolean {
  const own = receiver.interval;
  if (own === undefined || interval === own) return false;
  if (version === 3) return true;
  return interval !== Math.ceil(own / 1_000_000) * 1_000_000;
}

/** Only version 3 over IPv4 has two checksum forms. */
function isAcceptedForm(
  form: ChecksumForm,
  { version }: ReceivedAdvertisement,
  family: Family,
  { checksum }: ReceiverProfile,
): boolean {
  return version === 2 || family === 'ipv6' || checksum === 'auto' || form === checksum;
}

function judgeContent(
  advertisement: ReceivedAdvertisement,
  family: Family,
  receiver: ReceiverProfile,
): DiscardReason | undefined {
  const { version, interval, addresses, priority } = advertisement;
  if (interval === 0) return 'interval-error';
  if (receiver.requireLinkLocal === true && family === 'ipv6' && !isLinkLocal(at(addresses, 0))) {
    return 'address-list-error';
  }
  if (version === 3) return undefined;
  const refused = judgeAuthentication(advertisement, receiver.authentication);
  if (refused !== undefined) return refused;
  if (differsInInterval(advertisement, receiver) && receiver.alsoVersion2 !== true) {
    return 'interval-error';
  }
  if (isOwner(receiver.priority)) return 'owner-conflict';
  if (receiver.checkAddressList && !isOwner(priority) && !sameAddresses(addresses, receiver)) {
    return 'address-list-error';
  }
  return undefined;
}

/** RFC 2338 section 5.3.6: both type and data must be as configured; a signed message has type 0. */
function judgeAuthentication(
  { authType, authData }: ReceivedAdvertisement,
  authentication: Authentication | undefined,
): DiscardReason | undefined {
  if (authentication === undefined) return undefined;
  if (authType !== (authentication.type === 'pass' ? 1 : 0)) return 'auth-type-mismatch';
  if (authentication.type !== 'pass') return undefined;
  assert(authData !== undefined, 'version 2 has authentication data');
  const expected = passwordBytes(authentication.password);
  return equalInConstantTime(authData, 0, expected, 8) ? undefined : 'auth-failure';
}

/** Deviations that are worth a report although the RFC accepts the packet. */
function warningsOf(
  advertisement: ReceivedAdvertisement,
  receiver: ReceiverProfile,
  trailer: Trailer | undefined,
): readonly PacketWarning[] {
  const { priority, addresses } = advertisement;
  const found: PacketWarning[] = [];
  if (trailer === undefined && receiver.authentication?.type === 'hmac') found.push('hmac-missing');
  if (differsInInterval(advertisement, receiver)) found.push('interval-error');
  if (!sameAddresses(addresses, receiver)) found.push('address-list-error');
  if (isOwner(receiver.priority)) found.push('owner-conflict');
  else if (priority === receiver.priority) {
    found.push('priority-conflict');
  }
  return found.length === 0 ? NO_WARNINGS : found;
}

function sameAddresses(heard: readonly IpAddress[], { addresses }: ReceiverProfile): boolean {
  return addresses === undefined || isSameSet(heard, addresses);
}

function layoutOf(packet: Uint8Array): Layout {
  return byteAt(packet, 0) >> 4 === 4 ? IPV4 : IPV6;
}

function sourceOf(packet: Uint8Array, { sourceOffset, addressLength }: Layout): IpAddress {
  return ipFromBytes(packet, sourceOffset, addressLength);
}

function isMulticastDestination(packet: Uint8Array, layout: Layout): boolean {
  const first = byteAt(packet, layout.destinationOffset);
  return layout === IPV4 ? (first & 0xf0) === 0xe0 : first === 0xff;
}

function equals(packet: Uint8Array, offset: number, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (packet[offset + i] !== bytes[i]) return false;
  return true;
}
