/**
 * Whether the witness would work if it were needed: one question a minute, to each member in turn, that
 * proves all of it (`rehearse`). Only if that member fails are the others asked, each once. What was found is
 * reported when it changes. A director that needs the witness asks by itself, whatever was found here.
 */
import type { WitnessCondition } from '../channel/witness-messages.ts';
import type { EtcdTransaction } from './answers.ts';
import type { EtcdCluster } from './cluster.ts';
import { combined, type EtcdFailure, isOfTheCluster, SEVERAL_CLUSTERS } from './failure.ts';
import type { EtcdMember, Terms } from './member.ts';
import { decodeOwner, encodeOwner } from './ownership.ts';
import { keyIn, rehearse } from './transactions.ts';

interface ConditionOptions {
  readonly cluster: EtcdCluster;
  readonly prefix: string;
  readonly director: string;
  readonly host: string;
  /** Family and VRID by instance. */
  readonly routers: ReadonlyMap<string, string>;
  readonly attemptMs: number;
  /** How long taking a key may last. */
  readonly takeMs: number;
  readonly report: (condition: WitnessCondition) => void;
  readonly now?: () => number;
  /** Default: a minute. */
  readonly everyMs?: number;
}

/** Also while it does not work: each director of a healthy pair would be a load on an etcd that struggles. */
const EVERY_MS = 60_000;

/** `--max-txn-ops` of etcd is 128. */
const KEYS_LOOKED_AT = 100;

const CLOCK_TOLERATED_MS = 30_000;

/** Stored in full only by the transaction, which never stores it. */
const NEVER_STORED = { host: '-', router: '-', since: '-' };

interface MemberState {
  failure: EtcdFailure | undefined;
  clockAheadMs: number;
  /** How long its last two answers took. */
  tookMs: readonly number[];
}

/** Parts of the `ttl` in which a key has to be taken. */
const TAKES_IN_TTL = 4;

/** The minute's question has three round trips with TLS, and taking a key four; two and three without. */
const TAKE_LONGER = 1.5;

export class ConditionCheck {
  readonly #options: ConditionOptions;
  readonly #members = new Map<string, MemberState>();
  readonly #end = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;
  #version: string | undefined;
  #keys: WitnessCondition['keys'] = [];
  /** Why it does not work; undefined: it does, as far as is known. */
  #failure: string | undefined;
  #said = '';

  constructor(options: ConditionOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#look();
  }

  close(): void {
    this.#end.abort();
    clearTimeout(this.#timer);
  }

  /** A question of the engine was answered, or not. */
  learned(failure: string | undefined): void {
    const had = this.#failure;
    this.#failure = failure;
    if ((had === undefined) === (failure === undefined)) return;
    const { favourite } = this.#options.cluster;
    if (failure === undefined && favourite !== undefined)
      this.#stateOf(favourite).failure = undefined;
    this.#report();
    if (failure !== undefined) this.#schedule();
  }

  async #look(): Promise<void> {
    const { cluster, attemptMs } = this.#options;
    const { members } = cluster;
    const turn = this.#turn++;
    const member = members[turn % members.length];
    if (member === undefined) return;
    const failed = await this.#rehearse(member, this.#terms(attemptMs));
    const failure = failed === undefined ? undefined : await this.#askOthers(member, failed);
    if (failed === undefined && this.#version === undefined) await this.#readVersion(member);
    if (this.#end.signal.aborted) return;
    this.#failure = failure?.detail;
    this.#report();
    this.#schedule();
  }

  #schedule(): void {
    const { everyMs = EVERY_MS } = this.#options;
    // One that runs is not put off: answers to the engine may come and fail in turn.
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#look();
    }, everyMs);
  }

  /** Undefined: this member works. */
  async #rehearse(member: EtcdMember, terms: Terms): Promise<EtcdFailure | undefined> {
    const { prefix, director, routers, now = Date.now } = this.#options;
    const keys = [...routers.keys()].slice(0, KEYS_LOOKED_AT);
    const value = encodeOwner({ director, ...NEVER_STORED });
    const began = performance.now();
    const asked = await member.transaction(
      rehearse(
        keys.map((one) => `${prefix}${one}`),
        value,
      ),
      terms,
    );
    const state = this.#stateOf(member);
    if (!asked.ok) {
      if (asked.error.code !== 'abandoned') state.failure = asked.error;
      return asked.error;
    }
    const { date } = asked.value;
    state.failure = undefined;
    state.tookMs = [performance.now() - began, ...state.tookMs].slice(0, 2);
    state.clockAheadMs = date === undefined ? 0 : date - now();
    this.#keys = this.#keysIn(asked.value, keys);
    return undefined;
  }

  /** Undefined: another member works. */
  async #askOthers(except: EtcdMember, failed: EtcdFailure): Promise<EtcdFailure | undefined> {
    const { cluster } = this.#options;
    if (cluster.members.length === 1 || isOfTheCluster(failed)) return failed;
    const asked = await cluster.ask(
      async (member, terms) => {
        const failure = await this.#rehearse(member, terms);
        return failure === undefined
          ? { ok: true as const, value: null }
          : { ok: false as const, error: failure };
      },
      { signal: this.#end.signal, except },
    );
    return asked.ok ? undefined : combined([failed, asked.error]);
  }

  async #readVersion(member: EtcdMember): Promise<void> {
    const status = await member.status(this.#terms(this.#options.attemptMs));
    if (status.ok) this.#version = status.value.version;
  }

  #terms(attemptMs: number): Terms {
    return { attemptMs, endsAt: performance.now() + attemptMs, signal: this.#end.signal };
  }

  #stateOf({ origin }: EtcdMember): MemberState {
    const known = this.#members.get(origin);
    if (known !== undefined) return known;
    const state: MemberState = { failure: undefined, clockAheadMs: 0, tookMs: [] };
    this.#members.set(origin, state);
    return state;
  }

  #keysIn(answer: EtcdTransaction, instances: readonly string[]): WitnessCondition['keys'] {
    return instances.flatMap((instance, at) => {
      const key = keyIn(answer, at);
      if (key === undefined) return [];
      const owner = decodeOwner(key.value);
      return [
        {
          instance,
          director: owner?.director ?? null,
          since: owner?.since ?? null,
          router: owner?.router ?? null,
          isOwn: owner !== undefined && owner.host === this.#options.host,
        },
      ];
    });
  }

  #report(): void {
    const condition: WitnessCondition = {
      up: this.#failure === undefined && !this.#options.cluster.isSeveral,
      detail: this.#detail(),
      version: this.#version ?? null,
      endpoints: this.#options.cluster.members.map(({ origin }) => {
        const state = this.#members.get(origin);
        return {
          url: origin,
          state: state === undefined ? 'unknown' : state.failure === undefined ? 'up' : 'down',
          detail: state?.failure?.detail ?? null,
        };
      }),
      problems: this.#problems(),
      keys: this.#keys,
    };
    const said = JSON.stringify(condition);
    if (said === this.#said) return;
    this.#said = said;
    this.#options.report(condition);
  }

  #detail(): string | null {
    if (this.#options.cluster.isSeveral) return SEVERAL_CLUSTERS.detail;
    return this.#failure ?? null;
  }

  #problems(): string[] {
    return [
      ...this.#clockProblems(),
      ...this.#keyProblems(),
      ...this.#distanceProblems(),
      ...(this.#options.cluster.needsNoUser
        ? [
            'etcd has users turned off (etcdctl auth enable), so "username" protects nothing: anyone ' +
              'who reaches etcd can take the keys',
          ]
        : []),
    ];
  }

  #clockProblems(): string[] {
    return [...this.#members].flatMap(([origin, { clockAheadMs: ahead }]) =>
      Math.abs(ahead) <= CLOCK_TOLERATED_MS
        ? []
        : [
            `the clock of ${origin} is ${Math.round(Math.abs(ahead) / 1_000)} s ` +
              `${ahead > 0 ? 'ahead of' : 'behind'} that of this host: set the time on both (NTP); ` +
              'certificates are judged by it, the witness itself does not depend on it',
          ],
    );
  }

  /** Once is a slow moment; the nearest member counts, which is asked first. */
  #distanceProblems(): string[] {
    const times = [...this.#members.values()].flatMap(({ failure, tookMs: [one, other] }) =>
      failure !== undefined || one === undefined || other === undefined
        ? []
        : [Math.min(one, other)],
    );
    const takeMs = Math.min(...times) * TAKE_LONGER;
    if (times.length === 0 || takeMs <= this.#options.takeMs) return [];
    const enough = Math.ceil((takeMs * TAKES_IN_TTL) / 1_000);
    return [
      `etcd is too far away for this "ttl", of which taking a key may last a quarter: write a "ttl" of at least ${enough} s ` +
        'on every director, or use an etcd that is nearer; until then no key can be taken in a cut',
    ];
  }

  #keyProblems(): string[] {
    const { prefix, director, routers } = this.#options;
    return this.#keys.flatMap(({ instance, director: holder, router, isOwn }) => {
      const key = `${prefix}${instance}`;
      if (holder === null) {
        return [
          `the key ${key} is of another program, so ${instance} can never take it: give ` +
            `"witness.etcd.prefix" another value, or delete it (etcdctl del ${key})`,
        ];
      }
      const own = routers.get(instance);
      if (router !== own) {
        return [
          `the key ${key} is of director ${holder} with ${router}, and ${instance} is ${own}: another pair ` +
            'uses this prefix; give each pair a "witness.etcd.prefix" of its own',
        ];
      }
      if (holder === director && !isOwn) {
        return [
          `the key ${key} is of another host, or of an earlier boot of this one, that is also named ` +
            `${director}: set "router" on each if it stays`,
        ];
      }
      return [];
    });
  }
}
