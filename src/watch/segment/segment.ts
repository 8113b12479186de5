/**
 * A passive observer of one segment: senders of advertisements, announcements of their addresses, and
 * findings. Frames and time are arguments; memory is bounded, whatever arrives.
 */
import { type Family, type IpAddress, isMulticast, type MacAddress } from '../../net/address.ts';
import { elapsed, type Instant, seconds } from '../../net/time.ts';
import {
  ANY_RECEIVER,
  judge,
  type TrailerCheck,
  type Verdict,
} from '../../protocol/engine/router/intake.ts';
import { byteAt } from '../../wire/bytes.ts';
import {
  decodeEnclosed,
  decodeFrame,
  type FragmentFrame,
  type VrrpFrame,
} from '../../wire/frame.ts';
import { aheadOf } from '../../wire/vrrp/sequence.ts';
import { Contention } from './contention.ts';
import { type Announcement, findingsOf, type SegmentFinding } from './findings.ts';
import { Reassembly } from './reassembly.ts';
import {
  type Carrier,
  Sender,
  type SenderKey,
  type SenderRow,
  type TimedSignature,
} from './sender.ts';

export type { TrailerCheck } from '../../protocol/engine/router/intake.ts';

export interface SegmentSnapshot {
  readonly at: Instant;
  /** Ordered by family, VRID, source and version. */
  readonly senders: readonly SenderRow[];
  readonly findings: readonly SegmentFinding[];
  /** The lowest VRID without a sender; undefined: all are in use. */
  readonly freeVrid: number | undefined;
  /** Packets from senders beyond the limit. */
  readonly overflow: number;
  /** Packets that could not be reassembled. */
  readonly incomplete: number;
}

/** Room for four senders of every VRID of both families. */
const SENDERS_MAX = 2_048;
const ADDRESSES_MAX = 65_536;
/** When the limit is reached, senders that were silent this long are forgotten. */
const FORGET_AFTER = seconds(600);
/** A flood must not cause more work than this. */
const MAKE_ROOM_EVERY = seconds(1);

const TTL_OFFSET: { readonly [F in Family]: number } = { ipv4: 8, ipv6: 7 };

export class Segment {
  readonly #senders = new Map<string, Sender>();
  readonly #contentions = new Map<string, Contention>();
  /** Undefined: advertised but not announced yet. */
  readonly #announcements = new Map<IpAddress, Announcement | undefined>();
  readonly #reassembly = new Reassembly();
  readonly #check: TrailerCheck | undefined;
  #overflow = 0;
  #roomMadeAt: Instant | undefined;

  /** `check`: for signed messages; absent: no key is known. */
  constructor(check?: TrailerCheck) {
    this.#check = check;
  }

  /** Takes the first `length` bytes of a frame; frames without VRRP, ARP or ND are ignored. */
  observe(bytes: Uint8Array, length: number, at: Instant): void {
    const frame = decodeFrame(bytes, length);
    if (frame.kind === 'vrrp') {
      this.#message(frame, at);
    } else if (frame.kind === 'fragment') {
      this.#fragment(frame, at);
    } else if (frame.kind === 'arp') {
      const { senderIp, targetIp, senderMac } = frame.arp;
      if (senderIp === targetIp) this.#announced(senderIp, senderMac, at);
    } else if (frame.kind === 'neighbor-advertisement' && !frame.advertisement.solicited) {
      const { target, targetMac } = frame.advertisement;
      this.#announced(target, targetMac ?? frame.ethernet.source, at);
    }
  }

  snapshot(at: Instant): SegmentSnapshot {
    const senders = [...this.#senders.values()].map((sender) => sender.row(at)).sort(byKey);
    const freeVrid = freeVridOf(senders);
    return {
      at,
      senders,
      findings: findingsOf({
        at,
        senders,
        freeVrid,
        announcements: this.#announcements,
        contenders: (family, vrid) =>
          this.#contentions.get(`${family} ${vrid}`)?.contenders(at) ?? [],
      }),
      freeVrid,
      overflow: this.#overflow,
      incomplete: this.#reassembly.lost(at),
    };
  }

  /** A receiver's kernel drops fragments with a wrong IPv4 header checksum. */
  #fragment(frame: FragmentFrame, at: Instant): void {
    if (frame.ip.family === 'ipv4' && !frame.ip.checksumRight) return;
    const packet = this.#reassembly.add(frame, at);
    if (packet === undefined) return;
    const whole = decodeEnclosed(frame.ethernet, packet);
    if (whole.kind === 'vrrp') this.#message(whole, at);
  }

  #message(frame: VrrpFrame, at: Instant): void {
    const { ip, packet, ethernet } = frame;
    const key: SenderKey = {
      family: ip.family,
      vrid: frame.length < 2 ? 0 : byteAt(packet, frame.offset + 1),
      source: ip.source,
      version: byteAt(packet, frame.offset) >>> 4,
    };
    const delivery = isMulticast(ip.destination) ? 'multicast' : 'unicast';
    const carrier = { mac: ethernet.source, ttl: ip.ttl, delivery } as const;
    const sender = this.#senderOf(key, carrier, at);
    if (sender === undefined) return;
    // A receiver's kernel drops packets with a wrong IPv4 header checksum before VRRP sees them.
    const verdict: Verdict =
      ip.family === 'ipv4' && !ip.checksumRight
        ? { ok: false, reason: 'checksum-error' }
        : judge(packet, packet.length, ANY_RECEIVER, this.#check);
    if (verdict.ok) this.#advertised(sender, verdict, carrier, at);
    else this.#refused(sender, verdict.reason, frame, carrier, at);
  }

  #advertised(
    sender: Sender,
    verdict: Extract<Verdict, { readonly ok: true }>,
    carrier: Carrier,
    at: Instant,
  ): void {
    const { family, vrid, source } = sender.key;
    const signature = this.#signatureOf(verdict, at);
    const how = { ...carrier, signature };
    sender.advertise(verdict.advertisement, formOf(sender.key, verdict), how, at);
    for (const address of verdict.advertisement.addresses) {
      if (this.#announcements.has(address) || this.#announcements.size >= ADDRESSES_MAX) continue;
      this.#announcements.set(address, undefined);
    }
    const contention = this.#contentions.get(`${family} ${vrid}`) ?? new Contention();
    this.#contentions.set(`${family} ${vrid}`, contention);
    const { silentFrom } = sender;
    if (silentFrom === undefined) contention.resigned(source);
    else contention.advertised(source, at, silentFrom);
  }

  #signatureOf(
    { trailer }: Extract<Verdict, { readonly ok: true }>,
    at: Instant,
  ): TimedSignature | undefined {
    if (trailer === undefined) return undefined;
    const clockTenths = Math.round(aheadOf(at, trailer.sequence) / 100_000);
    return { keyId: trailer.keyId, verified: this.#check !== undefined, clockTenths };
  }

  /** A packet with a wrong TTL still shows the settings of its sender. */
  #refused(
    sender: Sender,
    reason: Extract<Verdict, { readonly ok: false }>['reason'],
    { packet, ip }: VrrpFrame,
    carrier: Carrier,
    at: Instant,
  ): void {
    sender.refuse(reason, carrier, at);
    if (reason !== 'ip-ttl-error') return;
    const near = packet.slice();
    near[TTL_OFFSET[ip.family]] = 255;
    const verdict = judge(near, near.length, ANY_RECEIVER, this.#check);
    if (verdict.ok) {
      const how = { ...carrier, signature: this.#signatureOf(verdict, at) };
      sender.claim(verdict.advertisement, formOf(sender.key, verdict), how, at);
    }
  }

  #announced(address: IpAddress, mac: MacAddress, at: Instant): void {
    if (this.#announcements.has(address)) this.#announcements.set(address, { mac, at });
  }

  #senderOf(key: SenderKey, carrier: Carrier, at: Instant): Sender | undefined {
    const name = `${key.family} ${key.vrid} ${key.version} ${key.source}`;
    const known = this.#senders.get(name);
    if (known !== undefined) return known;
    if (this.#senders.size >= SENDERS_MAX) this.#makeRoom(at);
    if (this.#senders.size >= SENDERS_MAX) {
      this.#overflow += 1;
      return undefined;
    }
    const sender = new Sender(key, carrier, at);
    this.#senders.set(name, sender);
    return sender;
  }

  #makeRoom(at: Instant): void {
    if (this.#roomMadeAt !== undefined && elapsed(this.#roomMadeAt, at) < MAKE_ROOM_EVERY) return;
    this.#roomMadeAt = at;
    for (const [name, sender] of this.#senders) {
      if (elapsed(sender.lastSeen, at) > FORGET_AFTER) this.#senders.delete(name);
    }
  }
}

function formOf({ family, version }: SenderKey, verdict: Extract<Verdict, { readonly ok: true }>) {
  return family === 'ipv4' && version === 3 ? verdict.form : undefined;
}

function freeVridOf(senders: readonly SenderRow[]): number | undefined {
  const used = new Set(senders.map(({ vrid }) => vrid));
  for (let vrid = 1; vrid <= 255; vrid++) if (!used.has(vrid)) return vrid;
  return undefined;
}

function byKey(a: SenderRow, b: SenderRow): number {
  if (a.family !== b.family) return a.family < b.family ? -1 : 1;
  if (a.vrid !== b.vrid) return a.vrid - b.vrid;
  if (a.source !== b.source) return a.source < b.source ? -1 : 1;
  return a.version - b.version;
}
