/** One sender of advertisements: its settings, its regularity, and its refused packets. */
import { masterDownInterval } from '../../../fsm/vrrp/timing.ts';
import type { Family, IpAddress, MacAddress } from '../../net/address.ts';
import { after, type Duration, elapsed, type Instant } from '../../net/time.ts';
import type { DiscardReason } from '../../protocol/engine/intake-reasons.ts';
import type { ReceivedAdvertisement } from '../../wire/vrrp/advertisement.ts';
import { AUTH_PASSWORD } from '../../wire/vrrp/auth.ts';
import type { ChecksumForm } from '../../wire/vrrp/checksum.ts';

/** Identifies a sender. A router that sends both versions (RFC 9568 section 8.4) is two senders. */
export interface SenderKey {
  readonly family: Family;
  /** 0 if the packets are too short to have one. */
  readonly vrid: number;
  readonly source: IpAddress;
  /** As in the packets; they are refused if it is neither 2 nor 3. */
  readonly version: number;
}

/**
 * `master`: advertises. `resigned`: its last advertisement had priority 0. `silent`: no advertisement
 * for a Master_Down_Interval. `refused`: no valid packet so far.
 */
export type SenderState = 'master' | 'resigned' | 'silent' | 'refused';

export interface Signature {
  /** Number of the key. */
  readonly keyId: number;
  /** The HMAC is right; false: no key is known. */
  readonly verified: boolean;
}

/** A signature with the time in it. */
export interface TimedSignature extends Signature {
  /** How far the clock of the sender is ahead, in tenths of a second. */
  readonly clockTenths: number;
}

/** Settings of a sender, from its last advertisement. */
export interface Claims {
  /** The last priority other than 0. */
  readonly priority: number;
  readonly interval: Duration;
  /** Undefined for version 2 and IPv6, which have one form only. */
  readonly checksumForm: ChecksumForm | undefined;
  readonly authType: number | undefined;
  /** Undefined: not signed. */
  readonly signature: Signature | undefined;
  /** To compare, never to show; undefined unless it has one. */
  readonly password: string | undefined;
  readonly delivery: 'multicast' | 'unicast';
  readonly addresses: readonly IpAddress[];
}

export interface RefusedPackets {
  readonly reason: DiscardReason;
  readonly count: number;
}

export interface SenderRow extends SenderKey {
  readonly state: SenderState;
  /** Source address of the Ethernet frames. */
  readonly mac: MacAddress;
  readonly ttl: number;
  readonly claims: Claims | undefined;
  /** Of its last signature; undefined: it signs nothing. Differs a little with each. */
  readonly clockTenths: number | undefined;
  /** Median of the recent distances between advertisements; undefined if there are too few. */
  readonly measuredInterval: Duration | undefined;
  readonly firstSeen: Instant;
  readonly lastSeen: Instant;
  readonly adverts: number;
  readonly refused: readonly RefusedPackets[];
}

/** The frame and packet that carried an advertisement. */
export interface Carrier {
  readonly mac: MacAddress;
  readonly ttl: number;
  readonly delivery: 'multicast' | 'unicast';
}

/** Enough for a median despite a few lost packets or delays. */
const DISTANCES_KEPT = 16;
const DISTANCES_LEAST = 4;

export class Sender {
  readonly key: SenderKey;
  readonly #firstSeen: Instant;
  #lastSeen: Instant;
  #carrier: Omit<Carrier, 'delivery'>;
  #claims: Claims | undefined;
  #clockTenths: number | undefined;
  #resigned = false;
  #lastAdvert: Instant | undefined;
  #adverts = 0;
  readonly #distances: Duration[] = [];
  readonly #refused = new Map<DiscardReason, number>();

  constructor(key: SenderKey, { delivery: _, ...carrier }: Carrier, at: Instant) {
    this.key = key;
    this.#carrier = carrier;
    this.#firstSeen = at;
    this.#lastSeen = at;
  }

  advertise(
    advertisement: ReceivedAdvertisement,
    form: ChecksumForm | undefined,
    carrier: Carrier & { readonly signature?: TimedSignature | undefined },
    at: Instant,
  ): void {
    if (this.#lastAdvert !== undefined && this.stateAt(at) === 'master') {
      this.#distances.push(elapsed(this.#lastAdvert, at));
      if (this.#distances.length > DISTANCES_KEPT) this.#distances.shift();
    }
    this.claim(advertisement, form, carrier, at);
    this.#resigned = advertisement.priority === 0;
    this.#lastAdvert = at;
    this.#adverts += 1;
  }

  /** Records the settings in a packet, even of a packet that is refused. */
  claim(
    { priority, interval, authType, authData, addresses }: ReceivedAdvertisement,
    checksumForm: ChecksumForm | undefined,
    {
      delivery,
      signature,
      ...carrier
    }: Carrier & { readonly signature?: TimedSignature | undefined },
    at: Instant,
  ): void {
    const shown = priority === 0 ? (this.#claims?.priority ?? 0) : priority;
    if (interval !== this.#claims?.interval) this.#distances.length = 0;
    const password = authType === AUTH_PASSWORD ? authData?.join(' ') : undefined;
    this.#claims = {
      ...{ priority: shown, interval, checksumForm, authType, password, delivery, addresses },
      signature: signature && { keyId: signature.keyId, verified: signature.verified },
    };
    this.#clockTenths = signature?.clockTenths;
    this.#carrier = carrier;
    this.#lastSeen = at;
  }

  refuse(reason: DiscardReason, { delivery: _, ...carrier }: Carrier, at: Instant): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    this.#carrier = carrier;
    this.#lastSeen = at;
  }

  /** When it becomes silent unless it advertises again; undefined: not MASTER. */
  get silentFrom(): Instant | undefined {
    if (this.#lastAdvert === undefined || this.#claims === undefined || this.#resigned) {
      return undefined;
    }
    const version = this.key.version === 2 ? 2 : 3;
    return after(this.#lastAdvert, masterDownInterval(version, 1, this.#claims.interval));
  }

  stateAt(now: Instant): SenderState {
    if (this.#lastAdvert === undefined) return 'refused';
    const { silentFrom } = this;
    if (silentFrom === undefined) return 'resigned';
    return now >= silentFrom ? 'silent' : 'master';
  }

  get lastSeen(): Instant {
    return this.#lastSeen;
  }

  row(now: Instant): SenderRow {
    return {
      ...this.key,
      ...this.#carrier,
      state: this.stateAt(now),
      claims: this.#claims,
      clockTenths: this.#clockTenths,
      measuredInterval: medianOf(this.#distances),
      firstSeen: this.#firstSeen,
      lastSeen: this.#lastSeen,
      adverts: this.#adverts,
      refused: [...this.#refused].map(([reason, count]) => ({ reason, count })),
    };
  }
}

function medianOf(distances: readonly Duration[]): Duration | undefined {
  if (distances.length < DISTANCES_LEAST) return undefined;
  return [...distances].sort((a, b) => a - b)[distances.length >> 1];
}
