/**
 * The witness of a world: one etcd cluster, as its clients see it. Keys with leases on a clock of its own;
 * requests and answers that are late, lost or repeated; a leader that is lost, and restarts, which give
 * every lease its whole time again.
 */
import { type Duration, milliseconds, seconds } from '../../src/net/time.ts';
import type {
  WitnessAnswer,
  WitnessAsk,
  WitnessInput,
  WitnessRequest,
} from '../../src/protocol/engine/witness-messages.ts';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** After this time the client reports that there is no answer. */
const TIMEOUT = milliseconds(900);

const PARTS_PER_MILLION_MAX = 500;

/** Expired leases are looked for twice a second. */
const EXPIRY_STEP = milliseconds(500);

interface Key {
  /** Its lease is that of this director. */
  owner: string;
  /** The director that the value names. */
  named: string;
  ttl: Duration;
  expiresAt: number;
  /** When the question was asked that has put it. */
  askedAt: number;
}

interface Asked {
  readonly director: string;
  readonly instance: string;
  readonly ask: WitnessAsk;
  readonly askedAt: number;
}

export interface Impairment {
  /** Longest time of each way. */
  readonly delay: number;
  readonly loss: number;
  readonly duplication: number;
}

const CALM: Impairment = { delay: 3_000, loss: 0, duplication: 0 };

const SLOWEST = seconds(5);

export class SimEtcd {
  impairment: Impairment = CALM;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #rate: number;
  readonly #keys = new Map<string, Key>();
  readonly #cuts = new Set<string>();
  /** One way, by director. */
  readonly #distances = new Map<string, number>();
  #isUp = true;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.#rate = 1 + random.integer(-PARTS_PER_MILLION_MAX, PARTS_PER_MILLION_MAX) / 1_000_000;
  }

  /** The process of this director and the cluster reach each other. */
  reaches(director: string): boolean {
    return this.#isUp && !this.#cuts.has(director) && this.impairment === CALM;
  }

  /** How long a message takes at least. */
  place(director: string, distance: number): void {
    this.#distances.set(director, Math.round(distance));
  }

  cut(director: string): void {
    this.#cuts.add(director);
  }

  slowDown(): void {
    this.impairment = { ...this.impairment, delay: SLOWEST };
  }

  /** Neither reads nor writes: stopped, or without a leader. */
  stop(): void {
    this.#isUp = false;
  }

  /** A new leader, or a start: every lease has its whole time again. */
  start(): void {
    this.#isUp = true;
    for (const key of this.#keys.values()) this.#extend(key, key.ttl);
  }

  heal(): void {
    this.#cuts.clear();
    this.impairment = CALM;
    if (!this.#isUp) this.start();
  }

  /** `answer` is called once, twice or never. */
  ask(director: string, { id, instance, ask }: WitnessRequest, answer: (to: WitnessInput) => void) {
    const { loss, duplication } = this.impairment;
    const answered = (outcome: WitnessAnswer) =>
      answer({ kind: 'witness.answered', id, instance, answer: outcome });
    const fails = () => {
      if (this.#random.chance(0.2)) return;
      const message = 'connect ETIMEDOUT';
      this.#clock.after(TIMEOUT, () =>
        answered({ outcome: 'failed', reason: 'unreachable', message }),
      );
    };
    if (this.#cuts.has(director) || this.#random.chance(loss)) {
      fails();
      return;
    }
    const times = this.#random.chance(duplication) ? 2 : 1;
    const askedAt = this.#clock.now;
    this.#clock.after(this.#delayTo(director), () => {
      if (!this.#isUp || this.#cuts.has(director)) {
        fails();
        return;
      }
      const outcome = this.#perform({ director, instance, ask, askedAt });
      for (let count = 0; count < times; count++) {
        if (this.#random.chance(loss)) continue;
        this.#clock.after(this.#delayTo(director), () => {
          if (!this.#cuts.has(director)) answered(outcome);
        });
      }
    });
  }

  #delayTo(director: string): number {
    const distance = this.#distances.get(director) ?? 0;
    return distance + this.#random.integer(100, this.impairment.delay);
  }

  /**
   * One question of an instance is under way at a time, and a late one compares the revision that it has read:
   * it neither deletes nor gives away what a later question has put.
   */
  #perform({ director, instance, ask, askedAt }: Asked): WitnessAnswer {
    const key = this.#keyOf(instance);
    const isOwn = key?.owner === director;
    const isLater = key !== undefined && key.askedAt > askedAt;
    switch (ask.type) {
      case 'acquire': {
        if (key !== undefined && !isOwn && key.named !== director) {
          return { outcome: 'refused', holder: key.named };
        }
        const taken = { owner: director, named: director, ttl: ask.ttl, expiresAt: 0, askedAt };
        this.#extend(taken, ask.ttl);
        this.#keys.set(instance, taken);
        return { outcome: 'acquired' };
      }
      case 'renew':
        if (key === undefined || !isOwn || key.named !== director) {
          return { outcome: 'lost', holder: key?.named ?? null };
        }
        key.ttl = ask.ttl;
        this.#extend(key, ask.ttl);
        return { outcome: 'renewed' };
      case 'release':
        if (isOwn && !isLater) this.#keys.delete(instance);
        return { outcome: 'released' };
      case 'hand-over':
        if (key === undefined || !isOwn || isLater) {
          return { outcome: 'lost', holder: key?.named ?? null };
        }
        key.named = ask.to;
        return { outcome: 'handed-over' };
    }
  }

  #keyOf(instance: string): Key | undefined {
    const key = this.#keys.get(instance);
    if (key === undefined || this.#clock.now < key.expiresAt) return key;
    this.#keys.delete(instance);
    return undefined;
  }

  #extend(key: Key, ttl: Duration): void {
    const late = this.#random.integer(0, EXPIRY_STEP);
    key.expiresAt = this.#clock.now + Math.floor(ttl / this.#rate) + late;
  }
}
