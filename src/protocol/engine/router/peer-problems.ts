/**
 * Routers that are heard as MASTER of a virtual router and cannot be its peers as both are configured:
 * their advertisements are refused, so that both are MASTER, or they serve other addresses, so that the
 * addresses of the loser are dead. Neither heals by itself: each is reported once, stays in `status`
 * while it lasts, and names both sides. Changes no state of the protocol.
 */
import type { IpAddress } from '../../../net/address.ts';
import { after, type Duration, type Instant, seconds } from '../../../net/time.ts';
import { mayBeOneRouter } from '../../../net/vrrp.ts';
import type { Outbox } from '../core/outbox.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { DiscardReason } from '../intake-reasons.ts';
import type { PeerProblem } from '../view.ts';
import type { Verdict } from './intake.ts';
import type { Listening } from './listening.ts';
import { differenceOf, refusedMasterIn } from './refused-master.ts';
import type { Transitions } from './transitions.ts';
import type { VirtualRouter } from './virtual-router.ts';
import type { VridSurvey } from './vrid-survey.ts';

/** A single refused packet may be damaged; a MASTER sends more. */
const REPORTED_FROM = 2;

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

type Accepted = Extract<Verdict, { readonly ok: true }>;

interface Entry {
  readonly problem: PeerProblem;
  readonly count: number;
  readonly endsAt: Instant;
}

interface Known {
  readonly entries: Map<IpAddress, Entry>;
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
    if (reason === 'own-packet' || !this.#mayLook(router, now)) return;
    const master = refusedMasterIn(packet, length);
    if (master === undefined || followsMaster(router, master.source)) return;
    // CARP has its advskew there, which is 0 by default.
    if (master.priority === 0 && reason !== 'carp') {
      this.#end(router, master.source);
      return;
    }
    const entry = this.#note(router, master.source, reason, now, () => {
      const difference = differenceOf(reason, master, packet, length, router);
      return difference ?? { heard: null, expected: null };
    });
    if (entry?.count !== REPORTED_FROM) return;
    const { peer, heard, expected } = entry.problem;
    this.#parts.outbox.report({
      ...{ kind: 'master-refused', instance: router.settings.name, vrid: router.settings.vrid },
      ...{ peer, peerPriority: master.priority, reason, heard, expected },
    });
  }

  /** An advertisement was accepted. */
  accepted(
    router: VirtualRouter,
    { source, advertisement: { addresses }, warnings }: Accepted,
    now: Instant,
  ): void {
    const own = router.settings.addresses.map(({ address }) => address);
    if (!warnings.includes('address-list-error') || mayBeOneRouter(addresses, own)) {
      this.#end(router, source);
      return;
    }
    const heard = addresses.join(' ');
    const values = () => ({ heard, expected: own.join(' ') });
    const entry = this.#note(router, source, 'vrid-shared', now, values);
    if (entry?.count !== 1) return;
    this.#reportShared(router, entry.problem);
    const { survey, listening, routers } = this.#parts;
    if (survey.begin(router, now)) listening.update(routers.all);
  }

  /** The survey of the segment has ended. */
  surveyed(router: VirtualRouter): void {
    const { survey, listening, routers } = this.#parts;
    const freeVrid = survey.end(router) ?? null;
    listening.update(routers.all);
    const { entries } = this.#of(router);
    for (const [peer, entry] of entries) {
      if (entry.problem.code !== 'vrid-shared') continue;
      const problem = { ...entry.problem, freeVrid };
      entries.set(peer, { ...entry, problem });
      if (freeVrid !== null) this.#reportShared(router, problem);
    }
    this.#show(router);
  }

  /**
   * Ends the problems whose router has not been heard for long enough. With each wake-up: a refused
   * packet must not move a deadline.
   */
  expire(now: Instant): void {
    for (const router of this.#troubled) {
      for (const [peer, { endsAt }] of this.#of(router).entries) {
        if (endsAt <= now) this.#end(router, peer);
      }
    }
  }

  /** The settings have changed: what was heard before says nothing about them. */
  forget(router: VirtualRouter): void {
    for (const peer of this.#of(router).entries.keys()) this.#end(router, peer);
  }

  /** The router was removed. */
  removed(router: VirtualRouter): void {
    this.#troubled.delete(router);
    this.#parts.survey.forget(router);
  }

  /** Undefined if there is no room. */
  #note(
    router: VirtualRouter,
    peer: IpAddress,
    code: PeerProblem['code'],
    now: Instant,
    valuesOf: () => Pick<PeerProblem, 'heard' | 'expected'>,
  ): Entry | undefined {
    const { entries } = this.#of(router);
    const known = entries.get(peer);
    if (known === undefined && entries.size >= PEERS_MAX) return undefined;
    const isSame = known?.problem.code === code;
    const problem = isSame
      ? known.problem
      : { peer, code, since: now, freeVrid: null, ...valuesOf() };
    const entry = {
      problem,
      count: isSame ? known.count + 1 : 1,
      endsAt: endOf(code, router, now),
    };
    entries.set(peer, entry);
    this.#troubled.add(router);
    if (entry.count <= REPORTED_FROM && isReported(entry)) this.#show(router);
    return entry;
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

  #reportShared(router: VirtualRouter, { peer, heard, freeVrid }: PeerProblem): void {
    this.#parts.outbox.report({
      ...{ kind: 'vrid-shared', instance: router.settings.name, vrid: router.settings.vrid },
      ...{ peer, addresses: heard ?? '', freeVrid },
    });
  }

  #show(router: VirtualRouter): void {
    const { entries } = this.#of(router);
    router.problems = [...entries.values()].filter(isReported).map(({ problem }) => problem);
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
function followsMaster({ state, master }: VirtualRouter, source: IpAddress): boolean {
  if (state !== 'backup.listening' && state !== 'backup.delaying') return false;
  return master?.address === source;
}

function isReported({ problem, count }: Entry): boolean {
  return problem.code === 'vrid-shared' || count >= REPORTED_FROM;
}

function endOf(code: PeerProblem['code'], { settings }: VirtualRouter, now: Instant): Instant {
  if (code === 'vrid-shared' || code === 'version-error') return after(now, SILENT_FOR);
  return after(now, Math.max(REFUSED_FOR, 3 * settings.advertisementInterval) as Duration);
}
