/**
 * Judges one VRRP message as a receiver without a configuration does: it shows what depends on local
 * settings and refuses what no router would accept.
 */

import { trailerCheck } from '../keys/trailer-check.ts';
import { familyOf, type IpAddress } from '../net/address.ts';
import { PROTOCOL_VRRP } from '../net/vrrp.ts';
import type { DiscardReason } from '../protocol/engine/intake-reasons.ts';
import {
  ANY_RECEIVER,
  judge as judgePacket,
  type ReceiverProfile,
  type TrailerCheck,
  type Verdict,
} from '../protocol/engine/router/intake.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../wire/ip.ts';
import { AUTH_PASSWORD } from '../wire/vrrp/auth.ts';
import type { Trailer } from '../wire/vrrp/trailer.ts';

export interface DecodeRequest {
  /** The VRRP message without its IP header. */
  readonly message: Uint8Array;
  readonly source: IpAddress;
  /** Same family as the source. */
  readonly destination: IpAddress;
  readonly ttl: number;
  readonly version: 2 | 3 | undefined;
  /** Expected in version 2 messages. */
  readonly password: string | undefined;
  /** Keys, 32 to 64 bytes, one of which must have signed the message; absent: no signature is checked. */
  readonly hmacKeys?: readonly { readonly id: number; readonly bytes: Uint8Array }[];
}

type Judge = (
  packet: Uint8Array,
  length: number,
  receiver: ReceiverProfile,
  check?: TrailerCheck,
) => Verdict;

/** Output of `decode --json`. */
export type DecodeDocument =
  | { readonly ok: true; readonly packet: PacketDocument }
  | { readonly ok: false; readonly reason: DiscardReason };

export interface PacketDocument {
  readonly version: 2 | 3;
  readonly type: number;
  readonly vrid: number;
  readonly priority: number;
  readonly count: number;
  /** Version 2 only. */
  readonly auth_type?: number;
  readonly interval_ms: number;
  /** Absent: the message is not signed. */
  readonly hmac?: TrailerDocument;
  /** Version 3 over IPv4 only, where two forms are in use. */
  readonly checksum_form?: 'rfc9568' | 'pseudo_header';
  readonly addresses: readonly string[];
}

export interface TrailerDocument {
  /** Number of the key. */
  readonly key: number;
  /** When it was signed, on the clock of the sender; the seconds wrap in 2106. */
  readonly time: string;
  /** Distinguishes messages of one moment. */
  readonly counter: number;
  /** The HMAC is right; false: no key was given. */
  readonly verified: boolean;
}

export function decodePacket(request: DecodeRequest, judge: Judge = judgePacket): DecodeDocument {
  const packet = enclose(request);
  const { hmacKeys } = request;
  const check = hmacKeys === undefined ? undefined : trailerCheck(hmacKeys);
  const verdict = judge(packet, packet.length, receiverFor(request), check);
  if (!verdict.ok) return { ok: false, reason: verdict.reason };
  if (hmacKeys !== undefined && verdict.trailer === undefined) {
    return { ok: false, reason: 'hmac-missing' };
  }
  // RFC 2338 section 5.3.6.3: type 2 requires an IPsec header, which is missing; no other type exists.
  const { authType } = verdict.advertisement;
  if (authType !== undefined && authType > AUTH_PASSWORD) {
    return { ok: false, reason: 'auth-type-mismatch' };
  }
  return { ok: true, packet: packetDocument(verdict, request) };
}

function receiverFor({ version, password }: DecodeRequest): ReceiverProfile {
  return {
    ...ANY_RECEIVER,
    version,
    requireLinkLocal: true,
    authentication: password === undefined ? undefined : { type: 'pass', password },
  };
}

function packetDocument(
  { advertisement, form, trailer }: Extract<Verdict, { ok: true }>,
  { source, hmacKeys }: DecodeRequest,
): PacketDocument {
  const { version, type, vrid, priority, count, authType, interval, addresses } = advertisement;
  const hasTwoForms = version === 3 && familyOf(source) === 'ipv4';
  return {
    version,
    type,
    vrid,
    priority,
    count,
    ...(authType === undefined ? {} : { auth_type: authType }),
    ...(trailer === undefined ? {} : { hmac: trailerDocument(trailer, hmacKeys !== undefined) }),
    interval_ms: interval / 1_000,
    ...(hasTwoForms ? { checksum_form: form } : {}),
    addresses,
  };
}

function trailerDocument({ keyId, sequence }: Trailer, verified: boolean): TrailerDocument {
  const milliseconds = Number((sequence >> 16n) * 1_000n) / 0x10000;
  const time = new Date(Math.round(milliseconds)).toISOString();
  return { key: keyId, time, counter: Number(sequence & 0xffffn), verified };
}

function enclose({ source, destination, ttl, message }: DecodeRequest): Uint8Array {
  const header = { source, destination, trafficClass: 0 };
  return familyOf(source) === 'ipv6'
    ? encodeIpv6Packet({ ...header, hopLimit: ttl, nextHeader: PROTOCOL_VRRP }, message)
    : encodeIpv4Packet({ ...header, ttl, protocol: PROTOCOL_VRRP }, message);
}
