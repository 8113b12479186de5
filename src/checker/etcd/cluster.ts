/**
 * The members of one etcd cluster, asked in turn: the next one as soon as one has failed, or has not
 * answered for a moment. The first useful answer counts, and the one that gave it is asked first the next time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { failure, type Result } from '../../net/result.ts';
import { combined, type EtcdFailure, isOfTheCluster, SEVERAL_CLUSTERS } from './failure.ts';
import { EtcdMember, type EtcdSession, type EtcdUser, type Terms } from './member.ts';
import type { EtcdTls } from './question.ts';

export interface ClusterOptions {
  readonly endpoints: readonly string[];
  readonly tls: EtcdTls;
  readonly user: EtcdUser | undefined;
  /** For each member. */
  readonly attemptMs: number;
  /** Without an answer for so long, the next member is asked as well. */
  readonly staggerMs: number;
}

/** How `ask` departs from the options of the cluster. */
interface AskTerms {
  readonly signal?: AbortSignal;
  readonly attemptMs?: number;
  /** Is not asked. */
  readonly except?: EtcdMember;
}

export type Work<Value> = (member: EtcdMember, terms: Terms) => Promise<Result<Value, EtcdFailure>>;

export class EtcdCluster {
  readonly #options: ClusterOptions;
  readonly #session: EtcdSession;
  readonly #members: readonly EtcdMember[];
  #first = 0;

  constructor(options: ClusterOptions) {
    const { endpoints, tls, user } = options;
    this.#options = options;
    this.#session = { user, token: undefined, isOpen: false, clusterIds: new Map() };
    this.#members = endpoints.map((origin) => new EtcdMember(origin, tls, this.#session));
  }

  get members(): readonly EtcdMember[] {
    return this.#members;
  }

  /** A user is configured, and etcd has turned users off. */
  get needsNoUser(): boolean {
    return this.#session.user !== undefined && this.#session.isOpen;
  }

  /** Each director could hold a key in a cluster of its own. */
  get isSeveral(): boolean {
    return new Set(this.#session.clusterIds.values()).size > 1;
  }

  /** The member that answered last. */
  get favourite(): EtcdMember | undefined {
    return this.#members[this.#first];
  }

  /** `work` may run at several members at once, so each of its questions must be one that can be repeated. */
  async ask<Value>(
    work: Work<Value>,
    { signal, attemptMs = this.#options.attemptMs, except }: AskTerms = {},
  ): Promise<Result<Value, EtcdFailure>> {
    const { staggerMs } = this.#options;
    const end = new AbortController();
    const all = signal === undefined ? end.signal : AbortSignal.any([signal, end.signal]);
    const failures: EtcdFailure[] = [];
    const running = new Set<Promise<Settled<Value>>>();
    const order = this.#members
      .map((_, at) => (this.#first + at) % this.#members.length)
      .filter((at) => this.#members[at] !== except);
    const start = (at: number) => {
      const member = this.#members[at];
      if (member === undefined) return;
      // A round trip saved for each further question.
      const connection = member.connect();
      const endsAt = performance.now() + attemptMs;
      const terms = { attemptMs, endsAt, signal: all, connection };
      const attempt: Promise<Settled<Value>> = work(member, terms)
        .finally(() => connection.destroy())
        .then((result) => ({ at, result, attempt }));
      running.add(attempt);
    };
    try {
      for (;;) {
        if (running.size === 0 && order.length === 0) return failure(combined(failures));
        const next = order.shift();
        if (next !== undefined) start(next);
        const settled = await this.#wait(running, order.length > 0 ? staggerMs : undefined, all);
        if (settled === undefined) continue;
        running.delete(settled.attempt);
        if (settled.result.ok && this.isSeveral) return failure(SEVERAL_CLUSTERS);
        if (settled.result.ok) this.#first = settled.at;
        if (settled.result.ok || isOfTheCluster(settled.result.error)) return settled.result;
        failures.push(settled.result.error);
      }
    } finally {
      end.abort();
    }
  }

  /** Undefined: it is time to ask another member. */
  async #wait<Value>(
    running: ReadonlySet<Promise<Settled<Value>>>,
    staggerMs: number | undefined,
    signal: AbortSignal,
  ): Promise<Settled<Value> | undefined> {
    if (staggerMs === undefined) return running.size === 0 ? undefined : Promise.race(running);
    const pause = new AbortController();
    const either = AbortSignal.any([signal, pause.signal]);
    const late = sleep(staggerMs, undefined, { signal: either }).catch(() => undefined);
    const settled = await Promise.race([...running, late]);
    pause.abort();
    return settled ?? undefined;
  }
}

interface Settled<Value> {
  readonly at: number;
  readonly result: Result<Value, EtcdFailure>;
  readonly attempt: Promise<Settled<Value>>;
}
