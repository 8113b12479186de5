/**
 * The key of one instance: asks the witness, renews, hands over and gives back, one request at a time. The
 * right of the key counts from the moment of the request that was answered.
 */
import {
  answersWithin,
  keyTime,
  renewsEvery,
  retriesAfter,
} from '../../../../fsm/witness/timing.ts';
import {
  after,
  type Duration,
  earliest,
  type Instant,
  LONG_AGO,
  latest,
  NEVER,
  NO_TIME,
} from '../../../net/time.ts';
import type { WitnessAnswer, WitnessAsk } from '../witness-messages.ts';

/** `hold`: have the key. `none`: have it no longer. Else: the director that is to have it. */
export type Wanted = 'hold' | 'none' | { readonly to: string };

interface Pending {
  readonly id: number;
  readonly ask: WitnessAsk;
  readonly at: Instant;
}

/** Sends a request and returns its number. */
export type Send = (ask: WitnessAsk) => number;

export type KeyNews = 'granted' | 'refused' | 'handed-over' | undefined;

export class KeyHolder {
  /** When the right of the key ends; LONG_AGO: it is not held. */
  until: Instant = LONG_AGO;
  /** Another director, as the witness said last; null: unknown, or none. */
  holder: string | null = null;
  /** The witness was asked and has not answered, or not in a way that can be understood. */
  failure: string | undefined;
  #pending: Pending | undefined;
  /** When the key is to be asked for again, or renewed. */
  #nextAt: Instant = LONG_AGO;
  /** Since when the witness has refused it without a break; undefined: it does not. */
  refusedSince: Instant | undefined;
  #lease = NO_TIME;
  #wasHeld = false;
  /** The key may name another director by now: a renewal alone would not take it back. */
  #mustAcquire = false;

  /** The `ttl` of the lease that is held, which a reload may have changed since. */
  get lease(): Duration {
    return this.#lease;
  }

  isHeld(now: Instant): boolean {
    return now < this.until;
  }

  /** Does what is due; `ttl` is that of a new lease. */
  want(wanted: Wanted, ttl: Duration, now: Instant, send: Send): void {
    if (this.#pending !== undefined && now >= after(this.#pending.at, answersWithin(ttl))) {
      this.#failed('it does not answer', ttl, now);
    }
    if (wanted === 'none') this.#giveBack(now, send);
    else if (typeof wanted === 'object') this.#handOver(wanted.to, now, send);
    else if (this.#pending === undefined && now >= this.#nextAt) this.#ask(ttl, now, send);
  }

  /** When `want` has something to do next. */
  next(ttl: Duration): Instant {
    if (this.#pending !== undefined) return after(this.#pending.at, answersWithin(ttl));
    return this.#nextAt;
  }

  /** Ends at the latest then: the witness has been asked to give the key to another director. */
  limit(until: Instant): void {
    this.until = earliest(this.until, until);
  }

  /** Undefined: nothing new. An answer to a request that was given up counts for nothing. */
  answered(id: number, answer: WitnessAnswer, ttl: Duration, now: Instant): KeyNews {
    const pending = this.#pending;
    if (pending?.id !== id) return undefined;
    if (answer.outcome === 'failed') {
      this.#failed(answer.message, ttl, now);
      return undefined;
    }
    this.#pending = undefined;
    switch (answer.outcome) {
      case 'acquired':
      case 'renewed':
        return this.#granted(pending);
      case 'refused':
        return this.#refused(answer.holder, ttl, now);
      case 'lost':
        // Nothing has it: the lease has expired, and a new one may be had at once.
        if (answer.holder !== null) return this.#refused(answer.holder, ttl, now);
        this.#forget();
        return undefined;
      case 'handed-over':
        this.#forget();
        return 'handed-over';
      case 'released':
        return undefined;
    }
  }

  /** The witness says that the key may be free now. */
  freed(now: Instant): void {
    if (this.#pending === undefined && this.until === LONG_AGO) this.#nextAt = now;
  }

  #granted(pending: Pending): KeyNews {
    const isNew = !this.#wasHeld;
    if (pending.ask.type === 'acquire') this.#lease = pending.ask.ttl;
    const ttl = this.#lease;
    this.until = after(pending.at, keyTime(ttl));
    this.#nextAt = after(pending.at, renewsEvery(ttl));
    this.#wasHeld = true;
    this.#mustAcquire = false;
    this.refusedSince = undefined;
    this.failure = undefined;
    this.holder = null;
    return isNew ? 'granted' : undefined;
  }

  #refused(holder: string | null, ttl: Duration, now: Instant): KeyNews {
    const isNew = this.refusedSince === undefined;
    this.#forget();
    this.refusedSince ??= now;
    this.failure = undefined;
    this.holder = holder;
    this.#nextAt = after(now, retriesAfter(ttl));
    return isNew ? 'refused' : undefined;
  }

  /** What the lease was worth before lasts. */
  #failed(message: string, ttl: Duration, now: Instant): void {
    // What an answer that did not come has cost is pause enough.
    const { at } = this.#pending ?? { at: now };
    this.#pending = undefined;
    this.failure = message;
    this.#nextAt = latest(now, after(at, retriesAfter(ttl)));
  }

  #ask(ttl: Duration, now: Instant, send: Send): void {
    const isSame = ttl === this.#lease && !this.#mustAcquire;
    const renews = this.#wasHeld && isSame && this.isHeld(now);
    if (renews) this.#send({ type: 'renew', ttl }, now, send);
    else this.#acquire(ttl, now, send);
  }

  /** A shorter lease may take the place of the one that is held, even if this is never answered. */
  #acquire(ttl: Duration, now: Instant, send: Send): void {
    this.limit(after(now, keyTime(ttl)));
    this.#send({ type: 'acquire', ttl }, now, send);
  }

  /** Whether it has the key or has only asked for it: the witness may have given it meanwhile. */
  #giveBack(now: Instant, send: Send): void {
    const mayHold = this.#wasHeld || this.#pending?.ask.type === 'acquire';
    this.refusedSince = undefined;
    this.failure = undefined;
    this.holder = null;
    if (!mayHold) {
      this.#nextAt = LONG_AGO;
      return;
    }
    this.#forget();
    this.#send({ type: 'release' }, now, send);
    this.#pending = undefined;
    this.#nextAt = LONG_AGO;
  }

  #handOver(to: string, now: Instant, send: Send): void {
    const isUnderWay = this.#pending?.ask.type === 'hand-over';
    const hasFailed = this.#mustAcquire && now < this.#nextAt;
    if (isUnderWay || hasFailed || !this.isHeld(now)) return;
    this.#mustAcquire = true;
    this.#send({ type: 'hand-over', to }, now, send);
  }

  #send(ask: WitnessAsk, now: Instant, send: Send): void {
    this.#pending = { id: send(ask), ask, at: now };
    this.#nextAt = NEVER;
  }

  #forget(): void {
    this.until = LONG_AGO;
    this.#wasHeld = false;
    this.#nextAt = LONG_AGO;
  }
}
