/**
 * What the directors claim and promise about one virtual router. A promise means: not to be MASTER for a
 * time after each datagram of the one that claims. It is written down here on both sides; on the side of
 * the one that claims it counts from the moment at which its datagram was sent.
 */
import { promiseTime } from '../../../../fsm/witness/timing.ts';
import {
  after,
  type Duration,
  earliest,
  type Instant,
  LONG_AGO,
  latest,
  NEVER,
  shortest,
} from '../../../net/time.ts';
import type { CanServe, InstanceStatement, Promised } from '../../../wire/peer-link/statement.ts';
import { outranks } from '../judgement/master-director.ts';
import type { AccordSnapshot, Other } from './snapshot.ts';

/** What it knows of the sessions. */
export interface Seen {
  readonly names: readonly string[];
  readonly ownName: string;
  isUp(director: string): boolean;
  /** When the last datagram arrived that it may count a promise from; undefined: none. */
  boundFrom(director: string): Instant | undefined;
}

/** This director. */
export interface Own {
  readonly role: 'master' | 'leaving' | 'claims' | 'other';
  readonly rank: Pick<InstanceStatement, 'priority' | 'source'>;
  readonly canServe: CanServe;
}

export class Accord {
  readonly #others = new Map<string, Other>();
  /** Since when each director is one of the others: it may have been promised something before. */
  readonly #knownSince = new Map<string, Instant>();
  #claimsSince: Instant | undefined;
  #promise: Promised | undefined;

  /** What this director has promised, to whom. */
  get promise(): Promised | undefined {
    return this.#promise;
  }

  get claims(): boolean {
    return this.#claimsSince !== undefined;
  }

  said(
    director: string,
    statement: InstanceStatement,
    echoed: Instant | undefined,
    own: string,
    ttl: Duration,
  ): void {
    const { promise, claims, state, resigningTo, canServe, priority, source } = statement;
    const before = this.#others.get(director);
    const until = before?.promisedUntil ?? LONG_AGO;
    const term = promise === undefined ? ttl : shortest(ttl, promise.ttl);
    const isForThis =
      promise?.to === own &&
      echoed !== undefined &&
      this.#claimsSince !== undefined &&
      echoed >= this.#claimsSince;
    this.#others.set(director, {
      ...{ claims: claims === true, isMaster: state === 'MASTER', canServe },
      ...{ resigns: resigningTo !== null, rank: { priority, source }, calls: statement.name },
      // One that it no longer repeats lasts until its end: a process that was restarted keeps it.
      promisedUntil: isForThis ? latest(until, after(echoed, term)) : until,
      promisedAt: isForThis ? echoed : (before?.promisedAt ?? LONG_AGO),
      promisedFor: isForThis ? term : (before?.promisedFor ?? ttl),
    });
  }

  /** Begins or ends the claim of this director: the promises of the others are for one claim. */
  claim(claims: boolean, now: Instant): void {
    if (claims === this.claims) return;
    this.#claimsSince = claims ? now : undefined;
    for (const [director, other] of this.#others) {
      this.#others.set(director, { ...other, promisedUntil: LONG_AGO, promisedAt: LONG_AGO });
    }
  }

  /**
   * A director that has another name for the instance, and so another key in the witness; undefined: none, as
   * far as is known.
   */
  otherName(
    { names }: Seen,
    own: string,
  ): { readonly director: string; readonly calls: string } | undefined {
    for (const director of names) {
      const calls = this.#others.get(director)?.calls;
      if (calls !== undefined && calls !== own) return { director, calls };
    }
    return undefined;
  }

  /** When the first promise of another director ends; LONG_AGO while one has made none. */
  agreedUntil({ names }: Seen): Instant {
    if (names.length === 0) return LONG_AGO;
    return names.reduce<Instant>(
      (until, name) => earliest(until, this.#others.get(name)?.promisedUntil ?? LONG_AGO),
      NEVER,
    );
  }

  /**
   * From when the oldest promise of another director counts; LONG_AGO while one has made none. How fresh it is
   * does not follow from its end: the other director may have another `ttl`.
   */
  agreedAt({ names }: Seen): Instant {
    if (names.length === 0) return LONG_AGO;
    return names.reduce<Instant>(
      (at, name) => earliest(at, this.#others.get(name)?.promisedAt ?? LONG_AGO),
      NEVER,
    );
  }

  /** How long the shortest promise of another director lasts: one of them may have a shorter `ttl`. */
  agreedFor({ names }: Seen, ttl: Duration): Duration {
    return names.reduce<Duration>(
      (term, name) => shortest(term, this.#others.get(name)?.promisedFor ?? ttl),
      ttl,
    );
  }

  /** Until then the promises of directors that are all seen may be on their way; LONG_AGO: one is not seen. */
  awaitedUntil(seen: Seen, time: Duration): Instant {
    if (this.#claimsSince === undefined || !this.isWhole(seen)) return LONG_AGO;
    return after(this.#claimsSince, time);
  }

  /** Every other director is seen. */
  isWhole({ names, isUp }: Seen): boolean {
    return names.every(isUp);
  }

  /** The directors whose promise does not last until then. */
  missing({ names }: Seen, now: Instant): string[] {
    return names.filter((name) => (this.#others.get(name)?.promisedUntil ?? LONG_AGO) <= now);
  }

  /** When the promise of this director ends unless the other one is heard; LONG_AGO: it has made none. */
  boundUntil({ boundFrom }: Pick<Seen, 'boundFrom'>): Instant {
    if (this.#promise === undefined) return LONG_AGO;
    const { to, ttl } = this.#promise;
    return after(boundFrom(to) ?? this.#knownSince.get(to) ?? LONG_AGO, promiseTime(ttl));
  }

  /** Until then it may be bound by a promise that a former process of it has made. */
  unknownUntil({ names }: Seen, ttl: Duration, now: Instant): Instant {
    let until: Instant = LONG_AGO;
    for (const name of names) {
      if (!this.#knownSince.has(name)) this.#knownSince.set(name, now);
      if (this.#others.has(name)) continue;
      until = latest(until, after(this.#knownSince.get(name) ?? now, promiseTime(ttl)));
    }
    return until;
  }

  /** Ends a promise that has lost its reason, and makes one if another director claims. */
  promiseTo(own: Own, seen: Seen, ttl: Duration, now: Instant): void {
    if (this.#promise !== undefined) {
      const { to } = this.#promise;
      const lasts = this.#others.get(to)?.claims === true && now < this.boundUntil(seen);
      if (!lasts) this.#promise = undefined;
      else if (ttl > this.#promise.ttl) this.#promise = { to, ttl };
    }
    if (this.#promise !== undefined) return;
    const isWhole = this.isWhole(seen);
    const best = this.#bestClaim(seen, (other) => letsGoFirst(own, other, isWhole));
    if (best !== undefined) this.#promise = { to: best, ttl };
  }

  /** A director that can serve claims, whatever its rank: it may follow the one that leaves. */
  heir(seen: Seen): string | undefined {
    return this.#bestClaim(seen, mayFollow);
  }

  /**
   * Whether a BACKUP says that it would be MASTER: where every other director can promise it something, or
   * the MASTER waits for a successor; and not while a greater one says so. Else it only binds those that hear
   * it, and needs the key anyway.
   */
  mayAsk({ rank }: Pick<Own, 'rank'>, seen: Seen): boolean {
    const leaves = seen.names.some((name) => seen.isUp(name) && this.#others.get(name)?.resigns);
    if (!leaves && !this.isWhole(seen)) return false;
    return this.#bestClaim(seen, (other) => isGreater(other, rank)) === undefined;
  }

  snapshot(): AccordSnapshot {
    return {
      others: [...this.#others],
      knownSince: [...this.#knownSince],
      claimsSince: this.#claimsSince ?? null,
      promise: this.#promise ?? null,
    };
  }

  resume({ others, knownSince, claimsSince, promise }: AccordSnapshot): void {
    for (const [name, other] of others) this.#others.set(name, other);
    for (const [name, since] of knownSince) this.#knownSince.set(name, since);
    this.#claimsSince = claimsSince ?? undefined;
    this.#promise = promise ?? undefined;
  }

  /** Of the directors that claim, the one to which this director yields first. */
  #bestClaim({ names, isUp }: Seen, accepts: (other: Other) => boolean): string | undefined {
    let best: { readonly name: string; readonly other: Other } | undefined;
    for (const name of names) {
      const other = this.#others.get(name);
      if (other === undefined || !other.claims || !isUp(name) || !accepts(other)) continue;
      if (best === undefined || precedes(other, best.other)) best = { name, other };
    }
    return best?.name;
  }
}

/** One that serves keeps the right until a greater one has it. */
function precedes(one: Other, other: Other): boolean {
  if (one.isMaster !== other.isMaster) return one.isMaster;
  return outranks(one.rank, other.rank);
}

function letsGoFirst(own: Own, other: Other, isWhole: boolean): boolean {
  switch (own.role) {
    case 'other':
      return true;
    case 'leaving':
      return mayFollow(other);
    case 'claims':
      // One that serves has the right, and lets a greater one go first itself.
      return (other.isMaster && !other.resigns) || (isWhole && isGreater(other, own.rank));
    case 'master': {
      const cannot = own.canServe === 'no' && other.canServe === 'yes' && !other.resigns;
      return cannot || isGreater(other, own.rank);
    }
  }
}

function mayFollow({ resigns, canServe }: Other): boolean {
  return !resigns && canServe !== 'no';
}

function isGreater(other: Other, rank: Own['rank']): boolean {
  return mayFollow(other) && outranks(other.rank, rank);
}
