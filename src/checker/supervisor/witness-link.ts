/**
 * The witness as the agent sees it: questions of the engine go to the checker process, and each is answered,
 * whatever happens to that process.
 */
import type {
  WitnessAnswer,
  WitnessInput,
  WitnessRequest,
} from '../../protocol/engine/witness-messages.ts';
import type {
  FromWitness,
  ToWitness,
  WitnessCondition,
  WitnessKey,
  WitnessOrders,
} from '../channel/witness-messages.ts';

export interface WitnessListener {
  readonly input: (input: WitnessInput) => void;
  /** It works, or does not, or something else about it has changed. */
  readonly changed: (now: WitnessReading) => void;
}

/** What is known of the witness. */
export interface WitnessReading extends WitnessCondition {
  /** When it began to work, or not to work. */
  readonly since: Date;
  /** False: it was not asked yet. */
  readonly isKnown: boolean;
}

export type Inspected =
  | {
      readonly ok: true;
      readonly key: WitnessKey | null;
      readonly revision: string | null;
      readonly removed: boolean;
    }
  | { readonly ok: false; readonly message: string };

interface Pending {
  readonly request: WitnessRequest;
  readonly timer: NodeJS.Timeout;
}

/** Longer than the checker process takes, members that do not answer included. */
const ANSWER_MS = 15_000;

const UNKNOWN: WitnessCondition = {
  up: false,
  detail: 'etcd was not asked yet',
  version: null,
  endpoints: [],
  problems: [],
  keys: [],
};

export class WitnessLink {
  readonly #send: (message: ToWitness) => void;
  #listener: WitnessListener | undefined;
  #orders: WitnessOrders | undefined;
  /** By the number of the request. */
  readonly #pending = new Map<number, Pending>();
  readonly #inspections = new Map<number, (result: Inspected) => void>();
  readonly #idle: (() => void)[] = [];
  #lastId = 0;
  #isReady = false;
  #reading: WitnessReading = { ...UNKNOWN, since: new Date(), isKnown: false };

  /** `send` is called only while the process is ready. */
  constructor(send: (message: ToWitness) => void) {
    this.#send = send;
  }

  listen(listener: WitnessListener): void {
    this.#listener = listener;
  }

  /** Undefined: no witness. Returns whether it differs from before. */
  configure(orders: WitnessOrders | undefined): boolean {
    if (JSON.stringify(orders) === JSON.stringify(this.#orders)) return false;
    this.#orders = orders;
    this.#failAll('the configuration of the witness has changed');
    this.#reading = { ...UNKNOWN, since: new Date(), isKnown: false };
    if (this.#isReady) this.#send({ kind: 'witness', orders });
    return true;
  }

  /** Undefined: no witness. */
  get reading(): WitnessReading | undefined {
    return this.#orders === undefined ? undefined : this.#reading;
  }

  /** A process that is just starting gets it when it is ready. */
  request(request: WitnessRequest): void {
    const timer = setTimeout(() => this.#fail(request.id, 'no answer in time'), ANSWER_MS).unref();
    this.#pending.set(request.id, { request, timer });
    if (this.#orders === undefined) this.#fail(request.id, 'there is no witness');
    else if (this.#isReady) this.#send({ kind: 'witness-request', request });
  }

  /** Resolves when every question is answered. */
  idle(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Who has the key; `removes`: and delete it, if it has this revision. */
  inspect(instance: string, removes: string | null): Promise<Inspected> {
    return new Promise((resolve) => {
      if (!this.#isReady || this.#orders === undefined) {
        resolve({ ok: false, message: 'the checker process, which asks etcd, is down' });
        return;
      }
      this.#lastId++;
      const id = this.#lastId;
      const timer = setTimeout(
        () => settle({ ok: false, message: 'no answer in time' }),
        ANSWER_MS,
      );
      const settle = (result: Inspected) => {
        clearTimeout(timer);
        this.#inspections.delete(id);
        resolve(result);
      };
      this.#inspections.set(id, settle);
      this.#send({ kind: 'witness-inspect', id, instance, removes });
    });
  }

  /** A process is ready; it knows nothing yet. */
  ready(): void {
    this.#isReady = true;
    if (this.#orders === undefined) return;
    this.#send({ kind: 'witness', orders: this.#orders });
    for (const { request } of this.#pending.values()) {
      this.#send({ kind: 'witness-request', request });
    }
  }

  gone(): void {
    if (!this.#isReady) return;
    this.#isReady = false;
    this.#failAll('the checker process has ended');
    if (this.#orders === undefined) return;
    const detail = 'the checker process, which asks etcd, is down';
    this.#change({ ...this.#reading, up: false, detail });
  }

  take(message: FromWitness): void {
    switch (message.kind) {
      case 'witness-answer':
        this.#settle(message.id, message.answer);
        return;
      case 'witness-freed':
        this.#listener?.input({ kind: 'witness.freed', instance: message.instance });
        return;
      case 'witness-condition':
        this.#change(message.condition);
        return;
      case 'witness-inspected': {
        const { id, failure, key, revision, removed } = message;
        const result: Inspected =
          failure === null ? { ok: true, key, revision, removed } : { ok: false, message: failure };
        this.#inspections.get(id)?.(result);
      }
    }
  }

  #change(condition: WitnessCondition): void {
    const { up, since, isKnown } = this.#reading;
    const isSame = isKnown && up === condition.up;
    this.#reading = { ...condition, since: isSame ? since : new Date(), isKnown: true };
    this.#listener?.changed(this.#reading);
  }

  #failAll(why: string): void {
    for (const id of [...this.#pending.keys()]) this.#fail(id, why);
    for (const settle of [...this.#inspections.values()]) settle({ ok: false, message: why });
  }

  #fail(id: number, message: string): void {
    this.#settle(id, { outcome: 'failed', reason: 'unreachable', message });
  }

  #settle(id: number, answer: WitnessAnswer): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if (this.#pending.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
    const { instance } = pending.request;
    this.#listener?.input({ kind: 'witness.answered', id, instance, answer });
  }
}
