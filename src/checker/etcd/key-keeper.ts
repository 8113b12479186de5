/**
 * The keys of this director in etcd: takes, renews, hands over and gives back, one question of the engine
 * at a time for each instance. Every operation may be repeated, and may run at several members at once.
 *
 * A renewal moves the key to a new lease, and never keeps one alive: a leader of etcd that has been replaced
 * without knowing it may renew leases that the others end, and end those that the others have renewed. A
 * lease that is never renewed ends `ttl` after it was granted, at every leader. Only where etcd is full and
 * grants none is the old one kept alive (docs/adr/0010-etcd-by-its-gateway.md).
 */
import { randomBytes } from 'node:crypto';
import { failure, type Result, success } from '../../net/result.ts';
import type { Duration } from '../../net/time.ts';
import type { WitnessAnswer } from '../../protocol/engine/witness-messages.ts';
import type { EtcdKey } from './answers.ts';
import type { EtcdCluster } from './cluster.ts';
import type { EtcdFailure } from './failure.ts';
import type { EtcdMember, Terms } from './member.ts';
import { decodeOwner, encodeOwner, type Owner } from './ownership.ts';
import {
  changeIfUnchanged,
  deleteIfUnchanged,
  keyIn,
  movedIn,
  moveIfUnchanged,
  putIfAbsent,
  putIfUnchanged,
  read,
} from './transactions.ts';

export interface KeyKeeperOptions {
  readonly cluster: EtcdCluster;
  readonly prefix: string;
  readonly director: string;
  readonly host: string;
  /** How long an attempt may take. */
  readonly attemptMs: number;
  /** Milliseconds of a clock that never steps. */
  readonly now: () => number;
  /** Family and VRID of an instance. */
  readonly routerOf: (instance: string) => string;
  /** The key is of another owner: its release may be waited for. `revision`: as of which. */
  readonly refused: (instance: string, revision: string) => void;
}

/** What is known of the key of an instance; whose it is, is read in etcd each time. */
interface Holding {
  /** Of attempts whose end is unknown, a late one of which may still put the key: when each has ended. */
  readonly loose: Map<string, number>;
  /** The last attempt found another owner. */
  isRefused: boolean;
}

/** A key that was read, or none. */
export type Found = { readonly key: EtcdKey; readonly owner: Owner | undefined } | undefined;

/** What an operator has looked at, and whether it was deleted. */
interface Inspection {
  readonly found: Found;
  readonly removed: boolean;
}

type Outcome<Value> = Result<Value, EtcdFailure>;

export class KeyKeeper {
  readonly #options: KeyKeeperOptions;
  readonly #holdings = new Map<string, Holding>();
  /** Leases that are of no more use, oldest first. */
  readonly #useless: string[] = [];
  #isRevoking = false;

  constructor(options: KeyKeeperOptions) {
    this.#options = options;
  }

  keyOf(instance: string): string {
    return `${this.#options.prefix}${instance}`;
  }

  async acquire(instance: string, ttl: Duration): Promise<WitnessAnswer> {
    const holding = this.#holding(instance);
    const lease = newLease();
    this.#loosen(holding, lease, ttl);
    const { isRefused } = holding;
    const taken = await this.#options.cluster.ask((member, terms) =>
      this.#take({ instance, lease, ttl, looksFirst: isRefused }, member, terms),
    );
    if (!taken.ok) return failed(taken.error);
    if (taken.value === 'taken') {
      holding.isRefused = false;
      holding.loose.delete(lease);
      this.#revokeLater([...holding.loose.keys()]);
      holding.loose.clear();
      return { outcome: 'acquired' };
    }
    const { found, revision } = taken.value;
    holding.isRefused = true;
    // Granted for nothing, unless the key was looked at first.
    if (!isRefused) this.#revokeLater([lease]);
    holding.loose.delete(lease);
    this.#options.refused(instance, revision);
    return { outcome: 'refused', holder: found?.owner?.director ?? null };
  }

  /** Of several instances with three questions. */
  async renew(
    instances: readonly string[],
    ttl: Duration,
  ): Promise<ReadonlyMap<string, WitnessAnswer>> {
    const lease = newLease();
    const { cluster, attemptMs } = this.#options;
    const asked = await cluster.ask(
      (member, terms) => this.#renew({ instances, lease, ttl }, member, terms),
      { attemptMs: attemptMs * RENEWAL_LONGER },
    );
    if (asked.ok) return asked.value;
    return new Map(instances.map((one) => [one, failed(asked.error)]));
  }

  /** The lease ends by itself: other keys may have it. */
  async release(instance: string): Promise<WitnessAnswer> {
    const { cluster } = this.#options;
    const { loose } = this.#holding(instance);
    // So that a late attempt does not put the key again. Each in an attempt of its own: they are several.
    this.#forgetEnded(loose);
    for (const lease of [...loose.keys()]) {
      const revoked = await cluster.ask((member, terms) => member.revoke(lease, terms));
      if (!revoked.ok) return failed(revoked.error);
      loose.delete(lease);
    }
    const released = await cluster.ask(async (member, terms) => {
      const found = await this.#find([instance], member, terms);
      if (!found.ok) return found;
      const own = found.value.keys.get(instance);
      if (own === undefined || !this.#isOwn(own.owner)) return success(null);
      const gone = await member.transaction(
        deleteIfUnchanged(this.keyOf(instance), own.key),
        terms,
      );
      if (!gone.ok) return gone;
      return gone.value.succeeded ? success(null) : failure(CHANGED_MEANWHILE);
    });
    if (!released.ok) return failed(released.error);
    this.#holdings.delete(instance);
    return { outcome: 'released' };
  }

  async handOver(instance: string, to: string): Promise<WitnessAnswer> {
    const given = await this.#options.cluster.ask<WitnessAnswer>(async (member, terms) => {
      const found = await this.#find([instance], member, terms);
      if (!found.ok) return found;
      const own = found.value.keys.get(instance);
      if (own === undefined || !this.#isOwn(own.owner)) return success(lostTo(own));
      if (own.owner?.to === to) return success(HANDED_OVER);
      const value = this.#value(instance, to);
      const change = changeIfUnchanged(this.keyOf(instance), value, own.key);
      const changed = await member.transaction(change, terms);
      if (!changed.ok) return changed;
      return changed.value.succeeded ? success(HANDED_OVER) : failure(CHANGED_MEANWHILE);
    });
    return given.ok ? given.value : failed(given.error);
  }

  /** Who has the key; `removes`: deletes it, of any other owner, if it has this revision. */
  async inspect(instance: string, removes: string | null): Promise<Outcome<Inspection>> {
    return this.#options.cluster.ask<Inspection>(async (member, terms) => {
      const found = await this.#find([instance], member, terms);
      if (!found.ok) return found;
      const one = found.value.keys.get(instance);
      const isMeant = one !== undefined && one.key.mod_revision === removes;
      if (!isMeant || this.#isOwn(one.owner)) return success({ found: one, removed: false });
      const gone = await member.transaction(
        deleteIfUnchanged(this.keyOf(instance), one.key),
        terms,
      );
      if (!gone.ok) return gone;
      if (gone.value.succeeded) return success({ found: one, removed: true });
      return success({ found: foundIn(keyIn(gone.value)), removed: false });
    });
  }

  isOwn(owner: Owner | undefined): boolean {
    return this.#isOwn(owner);
  }

  async #take(
    {
      instance,
      lease,
      ttl,
      looksFirst,
    }: { instance: string; lease: string; ttl: Duration; looksFirst: boolean },
    member: EtcdMember,
    terms: Terms,
  ): Promise<Outcome<'taken' | { readonly found: Found; readonly revision: string }>> {
    if (looksFirst) {
      const seen = await this.#find([instance], member, terms);
      if (!seen.ok) return seen;
      const found = seen.value.keys.get(instance);
      if (found !== undefined && !this.#mayTake(found.owner)) {
        return success({ found, revision: seen.value.revision });
      }
    }
    const granted = await member.grant(lease, secondsIn(ttl), terms);
    if (!granted.ok) return granted;
    const put = { key: this.keyOf(instance), value: this.#value(instance), lease };
    let answer = await member.transaction(putIfAbsent(put), terms);
    // Twice: in between the key may end, or another attempt of this director may put it.
    for (let attempt = 0; attempt < 2; attempt++) {
      if (!answer.ok) return answer;
      if (answer.value.succeeded) return success('taken');
      const found = foundIn(keyIn(answer.value));
      if (found?.key.lease === lease) return success('taken');
      if (found !== undefined && !this.#mayTake(found.owner)) {
        return success({ found, revision: answer.value.header.revision ?? '0' });
      }
      const next = found === undefined ? putIfAbsent(put) : putIfUnchanged(put, found.key);
      answer = await member.transaction(next, terms);
    }
    if (!answer.ok) return answer;
    if (answer.value.succeeded) return success('taken');
    return success({
      found: foundIn(keyIn(answer.value)),
      revision: answer.value.header.revision ?? '0',
    });
  }

  async #renew(
    { instances, lease, ttl }: { instances: readonly string[]; lease: string; ttl: Duration },
    member: EtcdMember,
    terms: Terms,
  ): Promise<Outcome<ReadonlyMap<string, WitnessAnswer>>> {
    const granted = await member.grant(lease, secondsIn(ttl), terms);
    if (!granted.ok) {
      return granted.error.code === 'full' ? this.#keepAlive(instances, member, terms) : granted;
    }
    const before = await this.#find(instances, member, terms);
    if (!before.ok) return before;
    const answers = new Map<string, WitnessAnswer>();
    const own: { instance: string; key: string; seen: EtcdKey }[] = [];
    for (const instance of instances) {
      const found = before.value.keys.get(instance);
      if (found?.key.lease === lease) answers.set(instance, RENEWED);
      else if (found === undefined || !this.#isOwn(found.owner))
        answers.set(instance, lostTo(found));
      else own.push({ instance, key: this.keyOf(instance), seen: found.key });
    }
    for (let first = 0; first < own.length; first += KEYS_IN_TRANSACTION) {
      const some = own.slice(first, first + KEYS_IN_TRANSACTION);
      const moved = await member.transaction(moveIfUnchanged(some, lease), terms);
      if (!moved.ok) return moved;
      for (const [at, { instance }] of some.entries()) {
        answers.set(instance, this.#moveAnswer(movedIn(moved.value, at), lease));
      }
    }
    return success(answers);
  }

  #moveAnswer(moved: true | EtcdKey | undefined, lease: string): WitnessAnswer {
    // With this lease: another attempt of the same renewal was sooner.
    if (moved === true || moved?.lease === lease) return RENEWED;
    const found = foundIn(moved);
    return found !== undefined && this.#isOwn(found.owner)
      ? failed(CHANGED_MEANWHILE)
      : lostTo(found);
  }

  /**
   * The old way, for a full etcd. Proved by the term: a leader that has lost its majority answers, from
   * memory. The keys are read afterwards, which needs the majority, and only if that answer is of the term
   * in which the lease was renewed has the leader of that time renewed it.
   */
  async #keepAlive(
    instances: readonly string[],
    member: EtcdMember,
    terms: Terms,
  ): Promise<Outcome<ReadonlyMap<string, WitnessAnswer>>> {
    const before = await this.#find(instances, member, terms);
    if (!before.ok) return before;
    const own = new Map(
      [...before.value.keys].flatMap(([name, { key, owner }]) =>
        this.#isOwn(owner) ? [[name, key.lease] as const] : [],
      ),
    );
    const renewed =
      own.size === 0
        ? success(new Map<string, string | null>())
        : await member.keepAlive([...new Set(own.values())], terms);
    if (!renewed.ok) return renewed;
    const read = await this.#find(instances, member, terms);
    if (!read.ok) return read;
    const answers = instances.map((instance): [string, WitnessAnswer] => {
      const lease = own.get(instance);
      const found = read.value.keys.get(instance);
      if (lease === undefined || found?.key.lease !== lease) return [instance, lostTo(found)];
      const isProved = renewed.value.get(lease) === read.value.term;
      return [instance, isProved ? RENEWED : LEADER_CHANGED];
    });
    return success(new Map(answers));
  }

  async #find(instances: readonly string[], member: EtcdMember, terms: Terms) {
    const keys = new Map<string, NonNullable<Found>>();
    let header: { raft_term?: string | undefined; revision?: string | undefined } = {};
    for (let first = 0; first < instances.length; first += KEYS_IN_TRANSACTION) {
      const some = instances.slice(first, first + KEYS_IN_TRANSACTION);
      const answer = await member.transaction(read(some.map((one) => this.keyOf(one))), terms);
      if (!answer.ok) return answer;
      for (const [at, instance] of some.entries()) {
        const found = foundIn(keyIn(answer.value, at));
        if (found !== undefined) keys.set(instance, found);
      }
      header = answer.value.header;
    }
    return success({ keys, term: header.raft_term ?? '', revision: header.revision ?? '0' });
  }

  #mayTake(owner: Owner | undefined): boolean {
    return this.#isOwn(owner) || (owner?.to !== undefined && owner.to === this.#options.director);
  }

  /** Of this host: the kernel is the same, so it cannot be a second owner. */
  #isOwn(owner: Owner | undefined): boolean {
    const { host, director } = this.#options;
    return owner?.host === host && owner.director === director;
  }

  #value(instance: string, to?: string): string {
    const { director, host, routerOf } = this.#options;
    const router = routerOf(instance);
    const since = new Date().toISOString();
    return encodeOwner({ director, host, router, since, ...(to === undefined ? {} : { to }) });
  }

  /** For order in etcd only, one after the other: without it they expire. */
  #revokeLater(leases: readonly string[]): void {
    this.#useless.push(...leases);
    if (!this.#isRevoking) void this.#revokeUseless();
  }

  async #revokeUseless(): Promise<void> {
    this.#isRevoking = true;
    for (let lease = this.#useless.shift(); lease !== undefined; lease = this.#useless.shift()) {
      const id = lease;
      const revoked = await this.#options.cluster.ask((member, terms) => member.revoke(id, terms));
      if (!revoked.ok) this.#useless.length = 0;
    }
    this.#isRevoking = false;
  }

  #loosen({ loose }: Holding, lease: string, ttl: Duration): void {
    this.#forgetEnded(loose);
    for (const oldest of loose.keys()) {
      if (loose.size < LOOSE_MAX) break;
      loose.delete(oldest);
    }
    const { now, attemptMs } = this.#options;
    loose.set(lease, now() + secondsIn(ttl) * 1_000 + attemptMs);
  }

  /** Those that have ended by themselves. */
  #forgetEnded(loose: Map<string, number>): void {
    const now = this.#options.now();
    for (const [lease, endsAt] of loose) if (endsAt < now) loose.delete(lease);
  }

  #holding(instance: string): Holding {
    const known = this.#holdings.get(instance);
    if (known !== undefined) return known;
    const holding: Holding = { loose: new Map(), isRefused: false };
    this.#holdings.set(instance, holding);
    return holding;
  }
}

/** Leases of etcd have whole seconds, and may not be shorter than the engine counts. */
function secondsIn(ttl: Duration): number {
  return Math.ceil(ttl / 1_000_000);
}

/** Attempts that fail at once, of which the older ones are the less likely to arrive yet. */
const LOOSE_MAX = 10;

/** `--max-txn-ops` of etcd is 128. */
const KEYS_IN_TRANSACTION = 100;

/**
 * A renewal has five round trips with TLS, and taking a key four: one that can be taken can be renewed, however
 * far etcd is. Less than `answersWithin`.
 */
const RENEWAL_LONGER = 1.6;

const RENEWED: WitnessAnswer = { outcome: 'renewed' };
const HANDED_OVER: WitnessAnswer = { outcome: 'handed-over' };

function lostTo(found: Found): WitnessAnswer {
  return { outcome: 'lost', holder: found?.owner?.director ?? null };
}

const CHANGED_MEANWHILE: EtcdFailure = {
  code: 'abandoned',
  detail: 'another attempt of this director has changed the key meanwhile; it is asked again',
};

const LEADER_CHANGED: WitnessAnswer = {
  outcome: 'failed',
  reason: 'unreachable',
  message: 'etcd has changed its leader during the renewal, which is repeated',
};

function foundIn(key: EtcdKey | undefined): Found {
  return key === undefined ? undefined : { key, owner: decodeOwner(key.value) };
}

/** A positive number of 63 bits, other than zero, by which etcd would choose one itself. */
function newLease(): string {
  const number = randomBytes(8).readBigUInt64BE() & 0x7fff_ffff_ffff_ffffn;
  return String(number === 0n ? 1n : number);
}

export function failed({ code, detail }: EtcdFailure): WitnessAnswer {
  return { outcome: 'failed', reason: REASON[code], message: detail };
}

const REASON: {
  readonly [Code in EtcdFailure['code']]: Extract<WitnessAnswer, { outcome: 'failed' }>['reason'];
} = {
  unreachable: 'unreachable',
  timeout: 'unreachable',
  name: 'unreachable',
  'no-leader': 'unreachable',
  abandoned: 'unreachable',
  certificate: 'rejected',
  'client-certificate': 'rejected',
  authentication: 'rejected',
  permission: 'rejected',
  full: 'rejected',
  corrupt: 'rejected',
  refused: 'rejected',
  'not-etcd': 'malformed',
};
