/**
 * Routers that are heard as MASTER of a virtual router and cannot be its peers as both are configured:
 * their advertisements are refused, or they refuse those of this router, so that both are MASTER; or they
 * serve other addresses, so that the addresses of the loser are dead. None heals by itself: each is reported
 * once, stays in `status` while it lasts, and names both sides. Changes no state of the protocol.
 */
import { compareIp, type IpAddress, isLinkLocal } from '../../../net/address.ts';
import { isSame, isSameSet } from '../../../net/equality.ts';
import {
  after,
  type Duration,
  elapsed,
  type Instant,
  latest,
  milliseconds,
  NO_TIME,
  seconds,
  times,
} from '../../../net/time.ts';
import { mayBeOneRouter } from '../../../net/vrrp.ts';
import type { Outbox } from '../core/outbox.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { DiscardReason } from '../intake-reasons.ts';
import type { InstanceSettings } from '../settings.ts';
import type { ProblemSnapshot } from '../snapshot.ts';
import type { PeerProblem } from '../view.ts';
import type { Verdict } from './intake.ts';
import type { Listening } from './listening.ts';
import { addressesIn, differenceOf, refusedMasterIn } from './refused-master.ts';
import { settledAfter } from './rivalries.ts';
import type { Transitions } from './transitions.ts';
import type { VirtualRouter } from './virtual-router.ts';
import type { VridSurvey } from './vrid-survey.ts';

/** A single refused packet may be damaged; a MASTER sends more. */
const REPORTED_FROM = 2;

/** At least, and three intervals: one that is heard once in a while has yielded meanwhile. */
const STAYS_FOR = seconds(1);

/** What arrives so soon after an own advertisement may be that one, which a switch or a bond returns. */
const ECHO_WITHIN = milliseconds(50);

/** A MASTER that yields answers the advertisement that makes it yield: at most, and half an interval. */
const ANSWERS_WITHIN = milliseconds(100);

/** At least, and three intervals. */
const REFUSED_FOR = seconds(10);

/**
 * Of a router that is silent meanwhile. The loser of a shared VRID is a BACKUP: nothing says whether it has been
 * given another one. keepalived as MASTER stops sending when it hears another version, and keeps its VIPs.
 */
const SILENT_FOR = seconds(600);

/** Bounded: forged senders must not grow it. */
const PEERS_MAX = 8;

/** Refused packets that are looked at in `LOOK_PERIOD`: a flood must not cost more. */
const LOOKS_MAX = 8;
const LOOK_PERIOD = seconds(0.1);

/** What keepalived refuses as well, where this router does. */
const SILENCING: ReadonlySet<PeerProblem['code']> = new Set([
  ...(['version-error', 'interval-error', 'auth-type-mismatch', 'auth-failure'] as const),
]);

/** Addresses in a sentence. */
const NAMED_MAX = 4;

type Accepted = Extract<Verdict, { readonly ok: true }>;
type Values = Pick<PeerProblem, 'heard' | 'expected'>;

const NO_VALUES: Values = { heard: null, expected: null };

interface Note {
  /** Of the other router. */
  readonly priority: number;
  /** It is reported when it has lasted that long and was heard often enough. */
  readonly lasts?: number;
  /** Often enough; default: `REPORTED_FROM`. */
  readonly atLeast?: number;
  readonly values: () => Values;
  /** Of the other router, where it may be longer than that of this one. */
  readonly interval?: Duration;
  /** This may have been its last advertisement. */
  readonly yields?: boolean;
  /** How long it is known while it is silent. */
  readonly keptFor?: Duration;
}

interface Known {
  readonly entries: Map<IpAddress, ProblemSnapshot>;
  periodFrom: Instant;
  looks: number;
}

interface PeerProblemsParts {
  readonly routers: RouterTable;
  readonly outbox: Outbox;
  readonly transitions: Transitions;
  readonly listening: Listening;
  readonly survey: VridSurvey;
}

export class PeerProblems {
  readonly #parts: PeerProblemsParts;
  readonly #known = new WeakMap<VirtualRouter, Known>();
  /** Routers with entries. */
  readonly #troubled = new Set<VirtualRouter>();

  constructor(parts: PeerProblemsParts) {
    this.#parts = parts;
  }

  /** A packet was refused; it may be the advertisement of a MASTER. */
  refused(
    router: VirtualRouter,
    reason: DiscardReason,
    packet: Uint8Array,
    length: number,
    now: Instant,
  ): void {
    if (reason === 'own-packet' && elapsed(router.lastSentAt, now) < ECHO_WITHIN) return;
    if (!this.#mayLook(router, now)) return;
    const master = refusedMasterIn(packet, length);
    if (master === undefined || followsMaster(router, master.source)) return;
    // CARP has its advskew there, which is 0 by default.
    if (master.priority === 0 && reason !== 'carp') {
      this.#end(router, master.source);
      return;
    }
    const addresses = addressesIn(packet, length, master);
    if (!mayBeOneRouter(addresses, ownAddresses(router))) {
      // What makes both accept each other would let one of the two clusters lose its addresses.
      this.#sharesVrid(router, master.source, {}, { addresses, priority: master.priority }, now);
      return;
    }
    const entry = this.#note(router, master.source, reason, now, {
      priority: master.priority,
      values: () => differenceOf(reason, master, packet, length, router) ?? NO_VALUES,
    });
    if (entry !== undefined) this.#report(router, entry);
  }

  /** An advertisement was accepted. */
  accepted(
    router: VirtualRouter,
    { source, advertisement, warnings }: Accepted,
    now: Instant,
  ): void {
    const { addresses, priority } = advertisement;
    const differs = warnings.includes('address-list-error');
    if (differs && !mayBeOneRouter(addresses, ownAddresses(router))) {
      this.#sharesVrid(router, source, { atLeast: 1, keptFor: SILENT_FOR }, advertisement, now);
      return;
    }
    const unserved = differs && router.isBackup ? unservedBy(addresses, router) : [];
    if (priority === 0) this.#end(router, source);
    else if (hasToYield(router, priority, source) || (differs && isPreempted(router, priority))) {
      this.#stays(router, source, advertisement, now);
    } else if (unserved.length > 0) {
      this.#leavesOut(router, source, { ...advertisement, unserved }, now);
    } else this.#end(router, source);
  }

  #leavesOut(
    router: VirtualRouter,
    source: IpAddress,
    {
      unserved,
      interval,
      priority,
    }: Accepted['advertisement'] & { readonly unserved: readonly IpAddress[] },
    now: Instant,
  ): void {
    const entry = this.#note(router, source, 'addresses-unserved', now, {
      priority,
      lasts: settledAfter(router),
      values: () => ({ heard: someOf(unserved), expected: null }),
      interval,
    });
    if (entry !== undefined) this.#report(router, entry);
  }

  #stays(
    router: VirtualRouter,
    source: IpAddress,
    { addresses, interval, priority }: Accepted['advertisement'],
    now: Instant,
  ): void {
    if (!this.#mayLook(router, now)) return;
    const isPending = router.isBackup;
    const settled = settledAfter(router);
    // What was heard before this router was MASTER says nothing about how long the other one stays.
    const isUnsettled = isPending || elapsed(router.since, now) < settled;
    const isSame = isSameSet(globalOf(addresses), globalOf(ownAddresses(router)));
    const entry = this.#note(router, source, 'master-stays', now, {
      priority,
      lasts: isUnsettled ? Number.POSITIVE_INFINITY : settled,
      values: () => (isSame ? NO_VALUES : listsOf(addresses, router)),
      // Until this router has preempted it.
      interval: times(interval, isPending ? 2 : 1),
      yields: !isPending && mayAnswer(router, now),
    });
    if (entry !== undefined) this.#report(router, entry);
  }

  /** `trust`: an accepted one is enough, as the loser is silent; any host can send what is refused. */
  #sharesVrid(
    router: VirtualRouter,
    source: IpAddress,
    trust: Pick<Note, 'atLeast' | 'keptFor'>,
    { addresses, priority }: Pick<Accepted['advertisement'], 'addresses' | 'priority'>,
    now: Instant,
  ): void {
    const entry = this.#note(router, source, 'vrid-shared', now, {
      ...trust,
      priority,
      values: () => listsOf(addresses, router),
    });
    if (entry === undefined) return;
    this.#report(router, entry);
    const { survey, listening, routers } = this.#parts;
    if (survey.begin(router, now)) listening.update(routers.all);
  }

  /** The survey of the segment has a result, or a better one. */
  surveyed(router: VirtualRouter, now: Instant): void {
    const { survey, listening, routers } = this.#parts;
    const freeVrid = survey.result(router, now) ?? null;
    listening.update(routers.all);
    const { entries } = this.#of(router);
    for (const [peer, entry] of entries) {
      const { code, freeVrid: known } = entry.problem;
      if (!entry.isReported || code !== 'vrid-shared' || known === freeVrid) continue;
      const problem = { ...entry.problem, freeVrid };
      const found = { ...entry, problem };
      entries.set(peer, found);
      if (freeVrid !== null) this.#report(router, found);
    }
    this.#show(router);
  }

  /**
   * Ends the problems whose router has not been heard for long enough, or reports that it is silent. With each
   * wake-up: a refused packet must not move a deadline.
   */
  expire(now: Instant): void {
    for (const router of this.#troubled) {
      const { entries } = this.#of(router);
      for (const [peer, entry] of entries) {
        if (entry.endsAt > now) continue;
        if (entry.isReported || !mayKeepAddresses(router, entry)) {
          this.#end(router, peer);
          continue;
        }
        const silent = { ...entry, isReported: true, endsAt: after(now, SILENT_FOR) };
        entries.set(peer, silent);
        this.#show(router);
        this.#report(router, silent);
      }
    }
  }

  /**
   * The settings have changed: what was heard before says nothing about them. The loser of a shared VRID is
   * silent: that it is there stays true as long as VRID and addresses are the same.
   */
  forget(router: VirtualRouter, before: InstanceSettings): void {
    const isSameCluster = isSame(clusterOf(before), clusterOf(router.settings));
    for (const [peer, { problem }] of this.#of(router).entries) {
      if (problem.code === 'vrid-shared' && isSameCluster) continue;
      this.#end(router, peer);
    }
  }

  /** For the next process; undefined: there is none. */
  capture(router: VirtualRouter): readonly ProblemSnapshot[] | undefined {
    const { entries } = this.#of(router);
    return entries.size === 0 ? undefined : [...entries.values()];
  }

  resume(router: VirtualRouter, problems: readonly ProblemSnapshot[]): void {
    const own = ownAddresses(router).join(' ');
    for (const entry of problems) {
      const { code, peer, expected } = entry.problem;
      if (code === 'vrid-shared' && expected !== own) continue;
      this.#of(router).entries.set(peer, entry);
      this.#troubled.add(router);
    }
    this.#show(router);
  }

  /** The router was removed. */
  removed(router: VirtualRouter): void {
    this.#troubled.delete(router);
    this.#parts.survey.forget(router);
  }

  /** Returns the entry when it has to be reported, and no other time. */
  #note(
    router: VirtualRouter,
    peer: IpAddress,
    code: PeerProblem['code'],
    now: Instant,
    { priority, lasts = 0, atLeast = REPORTED_FROM, values, ...more }: Note,
  ): ProblemSnapshot | undefined {
    const { entries } = this.#of(router);
    const known = entries.get(peer);
    if (known === undefined && !this.#hasRoom(router, now)) return undefined;
    const last = known?.problem.code === code ? known : undefined;
    // Its new problem may end before it has been reported.
    if (last === undefined && known?.isReported === true) this.#end(router, peer);
    const count = (last?.count ?? 0) + 1;
    const wasReported = last?.isReported === true;
    const problem = last?.problem ?? { peer, code, since: now, freeVrid: null, ...values() };
    const isDue = count >= atLeast && elapsed(problem.since, now) >= lasts;
    const isReported = wasReported || isDue;
    const keptFor = isReported && SILENCING.has(code) ? SILENT_FOR : more.keptFor;
    const due =
      keptFor === undefined
        ? endOf(code, router, more.interval ?? NO_TIME, now)
        : after(now, keptFor);
    // A refused packet does not end what an accepted one has shown.
    const endsAt = code === 'vrid-shared' ? latest(last?.endsAt ?? due, due) : due;
    const entry: ProblemSnapshot = {
      ...{ problem, priority, count, isReported, endsAt },
      ...(more.yields === true && { mayHaveYielded: true }),
    };
    entries.set(peer, entry);
    this.#troubled.add(router);
    // Also where another problem of this router was shown before.
    if (isReported !== wasReported || known?.problem.code !== code) this.#show(router);
    return isReported && !wasReported ? entry : undefined;
  }

  /**
   * False: there is none. The oldest one that is not reported makes room, else the oldest one. A reported
   * one stays for a while, so that forged senders cause few events.
   */
  #hasRoom(router: VirtualRouter, now: Instant): boolean {
    const { entries } = this.#of(router);
    if (entries.size < PEERS_MAX) return true;
    const known = [...entries.values()];
    const oldest =
      known.find(({ isReported }) => !isReported) ??
      known.find(({ problem }) => elapsed(problem.since, now) >= REFUSED_FOR);
    if (oldest === undefined) return false;
    this.#end(router, oldest.problem.peer);
    return true;
  }

  #end(router: VirtualRouter, peer: IpAddress): void {
    const { entries } = this.#of(router);
    if (!entries.delete(peer)) return;
    if (entries.size === 0) this.#troubled.delete(router);
    const shown = router.problems.find((one) => one.peer === peer);
    if (shown === undefined) return;
    this.#show(router);
    const instance = router.settings.name;
    this.#parts.outbox.report({ kind: 'peer-problem-ended', instance, peer, problem: shown.code });
  }

  #report(router: VirtualRouter, { problem, priority: peerPriority }: ProblemSnapshot): void {
    const { outbox } = this.#parts;
    const { name: instance, vrid } = router.settings;
    const { code, peer, heard, expected, freeVrid } = problem;
    switch (code) {
      case 'vrid-shared':
        outbox.report({ kind: code, instance, vrid, peer, addresses: heard ?? '', freeVrid });
        return;
      case 'addresses-unserved':
        outbox.report({ kind: code, instance, peer, addresses: heard ?? '' });
        return;
      case 'master-stays':
        outbox.report({ kind: code, instance, vrid, peer, peerPriority, heard, expected });
        return;
      default: {
        const what = { reason: code, heard, expected };
        outbox.report({ kind: 'master-refused', instance, vrid, peer, peerPriority, ...what });
      }
    }
  }

  #show(router: VirtualRouter): void {
    const { entries } = this.#of(router);
    router.problems = [...entries.values()]
      .filter(({ isReported }) => isReported)
      .map(({ problem }) => problem);
    this.#parts.transitions.changed.add(router);
  }

  #mayLook(router: VirtualRouter, now: Instant): boolean {
    const known = this.#of(router);
    if (now - known.periodFrom >= LOOK_PERIOD) {
      known.periodFrom = now;
      known.looks = 0;
    }
    known.looks += 1;
    return known.looks <= LOOKS_MAX;
  }

  #of(router: VirtualRouter): Known {
    let known = this.#known.get(router);
    if (known === undefined) {
      known = { entries: new Map(), periodFrom: 0 as Instant, looks: 0 };
      this.#known.set(router, known);
    }
    return known;
  }
}

/**
 * It is refused in part: a MASTER may send each advertisement in two versions or checksum forms, and those
 * that are accepted keep this BACKUP from timing out. If they stop, this router becomes MASTER.
 */
export function followsMaster({ state, master }: VirtualRouter, source: IpAddress): boolean {
  if (state !== 'backup.listening' && state !== 'backup.delaying') return false;
  return master?.address === source;
}

/**
 * keepalived as MASTER falls silent when it hears what it refuses, and keeps its addresses: its only
 * advertisement has been heard, and nothing says that it has yielded.
 */
function mayKeepAddresses({ state }: VirtualRouter, entry: ProblemSnapshot): boolean {
  if (state !== 'holding.master') return false;
  const { code, heard } = entry.problem;
  if (SILENCING.has(code)) return true;
  return code === 'master-stays' && heard !== null && entry.mayHaveYielded !== true;
}

/**
 * What is heard now may answer an advertisement of this MASTER: another director of this program sends a last
 * one when it yields. keepalived that hears what it refuses is silent for an interval at least. In the first
 * interval the answer may wait here while the addresses are added.
 */
function mayAnswer({ since, lastSentAt, context }: VirtualRouter, now: Instant): boolean {
  const interval = context.advertisementInterval;
  if (elapsed(since, now) < interval) return true;
  return elapsed(lastSentAt, now) < Math.min(ANSWERS_WITHIN, interval / 2);
}

/** RFC 9568 section 6.4.3, seen from the other side. */
function hasToYield(
  { state, context, source: own }: VirtualRouter,
  priority: number,
  source: IpAddress,
): boolean {
  if (state !== 'holding.master') return false;
  if (priority !== context.priority) return priority < context.priority;
  return own !== undefined && compareIp(source, own) < 0;
}

function ownAddresses({ settings }: VirtualRouter): readonly IpAddress[] {
  return settings.addresses.map(({ address }) => address);
}

/** The link-local one is not what clients use, and keepalived does not advertise it by default. */
function globalOf(addresses: readonly IpAddress[]): readonly IpAddress[] {
  return addresses.filter((one) => !isLinkLocal(one));
}

function unservedBy(addresses: readonly IpAddress[], router: VirtualRouter): readonly IpAddress[] {
  const heard = new Set(addresses);
  return globalOf(ownAddresses(router)).filter((one) => !heard.has(one));
}

/** This BACKUP is about to become MASTER in its place. */
function isPreempted(
  { settings, preemptDelay, context, isBackup }: VirtualRouter,
  priority: number,
): boolean {
  return isBackup && settings.preempt && preemptDelay === 0 && priority < context.priority;
}

function someOf(addresses: readonly IpAddress[]): string {
  const more = addresses.length - NAMED_MAX;
  const named = addresses.slice(0, NAMED_MAX).join(' ');
  return more > 0 ? `${named} and ${more} more` : named;
}

function clusterOf({ vrid, interface: link, addresses }: InstanceSettings) {
  return { vrid, link, addresses: addresses.map(({ address }) => address) };
}

function listsOf(addresses: readonly IpAddress[], router: VirtualRouter): Values {
  return { heard: addresses.join(' '), expected: ownAddresses(router).join(' ') };
}

function endOf(
  code: PeerProblem['code'],
  { settings }: VirtualRouter,
  interval: Duration,
  now: Instant,
): Instant {
  const longest = Math.max(interval, settings.advertisementInterval);
  const least = code === 'master-stays' ? STAYS_FOR : REFUSED_FOR;
  return after(now, Math.max(least, 3 * longest) as Duration);
}
