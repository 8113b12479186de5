/**
 * Signs the messages of virtual routers and checks those of others (draft-cassen-vrrp-auth-hmac-00).
 * Only a message with a right digest makes or moves anything that is remembered of its sender. What a
 * flood can contain without the key, old captures among it, costs no digest where the clock can tell.
 */
import type { IpAddress } from '../../../net/address.ts';
import { type Duration, type Instant, NO_TIME } from '../../../net/time.ts';
import { aheadOf, isNewer, isWithin, nextSequence } from '../../../wire/vrrp/sequence.ts';
import { digestedBytes, digestIn, type SignedMessage } from '../../../wire/vrrp/trailer.ts';
import type { Outbox } from '../core/outbox.ts';
import type { DiscardReason } from '../intake-reasons.ts';
import type { AuthenticatedSender, Keyring } from '../keyring.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { HmacAuthentication } from '../settings.ts';
import { identityOf } from '../settings-change.ts';
import type { AuthenticationSnapshot } from '../snapshot.ts';
import { type Seal, sealWith, signs } from './seal.ts';

/** On a segment; the least recently heard leaves. With unicast: at least as many as there are peers. */
const SENDERS_MAX = 4;

/** Clocks that differ by less are shown as before: `status` must not change with each message. */
const SHOWN_CHANGE_MS = 200;

interface Sender {
  readonly sequence: bigint;
  readonly keyId: number;
  /** A report has said that its clock differs. */
  readonly warned: boolean;
}

interface Known {
  /** Of the last message that was signed. */
  last: bigint | undefined;
  /** In the order in which they were heard. */
  readonly senders: Map<IpAddress, Sender>;
}

interface AuthenticatorParts {
  readonly keyring: Keyring;
  readonly outbox: Outbox;
  /** One element: the last number of all routers. */
  readonly lastNumber: BigUint64Array;
}

export class Authenticator {
  readonly #keyring: Keyring;
  readonly #outbox: Outbox;
  readonly #lastNumber: BigUint64Array;
  readonly #known = new WeakMap<VirtualRouter, Known>();
  /** From the engine's clock to the wall clock. */
  #offset: Duration = NO_TIME;

  constructor({ keyring, outbox, lastNumber }: AuthenticatorParts) {
    this.#keyring = keyring;
    this.#outbox = outbox;
    this.#lastNumber = lastNumber;
  }

  /** The wall clock was read, or has been set. */
  follow(offset: Duration): void {
    this.#offset = offset;
  }

  /** Undefined if the router sends as without authentication. */
  sealOf(router: VirtualRouter, now: Instant): Seal | undefined {
    const { authentication } = router.settings;
    if (!signs(router.settings) || authentication.type !== 'hmac') return undefined;
    const known = this.#of(router);
    return sealWith(this.#keyring, router.settings, () => {
      const { antiReplay, window } = authentication;
      known.last = nextSequence(this.#wall(now), known.last, antiReplay, window);
      this.#note(known.last);
      return known.last;
    });
  }

  /** Why a message with a trailer is refused; undefined: it is right and new, and is remembered. */
  check(router: VirtualRouter, message: SignedMessage, now: Instant): DiscardReason | undefined {
    const { authentication } = router.settings;
    // The caller has settings of its own for the rest.
    if (authentication.type !== 'hmac') return 'hmac-unknown-key';
    const { keyId, sequence } = message.trailer;
    const { antiReplay, window } = authentication;
    const identity = identityOf(router.settings);
    if (!this.#keyring.knows(identity, keyId)) return 'hmac-unknown-key';
    const wall = this.#wall(now);
    const isTimed = antiReplay === 'time';
    if (isTimed && !isWithin(window, wall, sequence)) return 'hmac-stale';
    const digest = digestIn(message);
    if (!this.#keyring.isRight(identity, keyId, digestedBytes(message), digest)) {
      return 'hmac-failure';
    }
    const known = this.#of(router).senders.get(message.source);
    // A mark outside the window is that of a clock which has been corrected since.
    const isMarked = known !== undefined && (!isTimed || isWithin(window, wall, known.sequence));
    if (isMarked && !isNewer(sequence, known.sequence)) return 'hmac-replay';
    this.#remember(router, message, authentication, wall);
    return undefined;
  }

  /** The settings have changed: without HMAC nothing is remembered. */
  adopted(router: VirtualRouter): void {
    if (router.settings.authentication.type === 'hmac') return;
    this.#known.delete(router);
    router.senders = [];
  }

  /** Undefined: nothing was signed or heard. */
  capture(router: VirtualRouter): AuthenticationSnapshot | undefined {
    const known = this.#known.get(router);
    if (known === undefined) return undefined;
    return {
      last: known.last?.toString() ?? null,
      senders: [...known.senders].map(([address, { sequence, keyId }]) => ({
        ...{ address, sequence: sequence.toString(), keyId },
      })),
    };
  }

  restore(router: VirtualRouter, { last, senders }: AuthenticationSnapshot): void {
    const known = this.#of(router);
    known.last = last === null ? undefined : BigInt(last);
    if (known.last !== undefined) this.#note(known.last);
    for (const { address, sequence, keyId } of senders) {
      known.senders.set(address, { sequence: BigInt(sequence), keyId, warned: false });
    }
  }

  #remember(
    router: VirtualRouter,
    { source, trailer: { keyId, sequence } }: SignedMessage,
    { antiReplay, window }: HmacAuthentication,
    wall: number,
  ): void {
    const { senders } = this.#of(router);
    const before = senders.get(source);
    const ahead = aheadOf(wall, sequence);
    const isTimed = antiReplay === 'time';
    // Ends only once the clocks agree better than the warning asks for, not with each message around it.
    const limit = before?.warned === true ? window / 4 : window / 2;
    const warned = isTimed && Math.abs(ahead) > limit;
    senders.delete(source);
    senders.set(source, { sequence, keyId, warned });
    const most = Math.max(SENDERS_MAX, router.settings.unicast?.peers.length ?? 0);
    if (senders.size > most) {
      const [oldest] = senders.keys();
      if (oldest !== undefined) senders.delete(oldest);
    }
    this.#show(router, { address: source, keyId, clockMs: Math.round(ahead / 100_000) * 100 });
    if (warned === (before?.warned ?? false)) return;
    this.#outbox.report({
      ...{ kind: 'authentication-clock', instance: router.settings.name, peer: source },
      ...{ ahead, window, agrees: !warned },
    });
  }

  /** Replaces the list only if people would see a difference. */
  #show(router: VirtualRouter, shown: AuthenticatedSender): void {
    const { senders } = this.#of(router);
    const before = router.senders.find(({ address }) => address === shown.address);
    const isSame =
      before?.keyId === shown.keyId && Math.abs(before.clockMs - shown.clockMs) < SHOWN_CHANGE_MS;
    if (isSame && router.senders.every(({ address }) => senders.has(address))) return;
    const others = router.senders.filter(
      ({ address }) => address !== shown.address && senders.has(address),
    );
    router.senders = [...others, shown];
  }

  #note(number: bigint): void {
    const [last = 0n] = this.#lastNumber;
    if (last === 0n || isNewer(number, last)) this.#lastNumber[0] = number;
  }

  #wall(now: Instant): number {
    return now + this.#offset;
  }

  #of(router: VirtualRouter): Known {
    let known = this.#known.get(router);
    if (known === undefined) {
      known = { last: undefined, senders: new Map() };
      this.#known.set(router, known);
    }
    return known;
  }
}
