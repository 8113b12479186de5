/**
 * Judges a MASTER whose advertisements stay away, and a second MASTER, by more evidence than advertisements:
 * the outcomes of the tables in `fsm/judgement` are events of the VRRP table, which alone changes states
 * and timers. Without a peer link this class does nothing.
 *
 * A BACKUP asks ARP and ND as soon as one advertisement is missing, and says so over the link; the MASTER
 * then asks third hosts, too. With `dead_after`, missing heartbeats are reason enough to ask.
 */
import type { Silence, SilenceOutcome } from '../../../../fsm/judgement/silence.ts';
import type { TakeoverEvidence } from '../../../../fsm/vrrp/model.ts';
import { masterDownInterval } from '../../../../fsm/vrrp/timing.ts';
import type { Family, IpAddress } from '../../../net/address.ts';
import type { AddressClaim } from '../../../net/link.ts';
import {
  after,
  earliest,
  elapsed,
  type Instant,
  LONG_AGO,
  latest,
  NEVER,
  seconds,
} from '../../../net/time.ts';
import type { Outbox } from '../core/outbox.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { Timers } from '../core/timers.ts';
import type { DirectorChange, DirectorStatement, Directors } from '../directors/directors.ts';
import type { Standing } from '../directors/own-statement.ts';
import type { SyncGroups } from '../groups/sync-groups.ts';
import type { LinkTable } from '../links.ts';
import type { Listening } from '../router/listening.ts';
import type { Protocol } from '../router/protocol.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { PeerLinkSettings } from '../settings.ts';
import { EvidenceCollector, type Memory, periodOf } from './evidence.ts';
import {
  cutOffText,
  deadText,
  type Findings,
  pathLossOf,
  pathLossText,
  resignedText,
} from './evidence-text.ts';
import { Inquiries } from './inquiries.ts';
import { bestBackup, servingMaster } from './master-director.ts';
import { canServe, vacates } from './own-standing.ts';
import { Rivals } from './rivals.ts';
import { ThirdHosts } from './third-hosts.ts';

const TAKEOVERS: { readonly [Outcome in SilenceOutcome]?: TakeoverEvidence } = {
  resigned: 'master-resigned',
  'cut-off': 'master-cut-off',
  dead: 'master-dead',
};

const TEXTS: { readonly [Cause in TakeoverEvidence]: (findings: Findings) => string } = {
  'master-resigned': resignedText,
  'master-cut-off': cutOffText,
  'master-dead': deadText,
};

/** When a router that has nothing to judge looks again: for third hosts, which it may not know yet. */
const ACQUAINTED_PERIOD = seconds(10);
const STRANGER_PERIOD = seconds(1);

interface JudgementParts {
  readonly routers: RouterTable;
  readonly links: LinkTable;
  readonly timers: Timers;
  readonly outbox: Outbox;
  readonly protocol: Protocol;
  readonly transitions: Transitions;
  readonly groups: SyncGroups;
  readonly listening: Listening;
  readonly directors: Directors;
}

/** What is remembered of one virtual router. */
interface Case extends Memory {
  master: string | undefined;
  aliveAt: Instant;
  state: VirtualRouter['state'];
  /** Has left its addresses without another MASTER, and names a successor. */
  vacated: boolean;
  /** Advertisements stay away. */
  misses: boolean;
  /**
   * A BACKUP that hears its MASTER, and needs nothing: until this time, unless an advertisement or a heartbeat
   * stays away or a director says something else, another look would find the same.
   */
  settledUntil: Instant;
  settings: VirtualRouter['settings'];
}

export class Judgement {
  readonly #parts: JudgementParts;
  readonly #inquiries: Inquiries;
  readonly #thirdHosts: ThirdHosts;
  readonly #evidence: EvidenceCollector;
  readonly #rivals: Rivals;
  readonly #cases = new WeakMap<VirtualRouter, Case>();
  /** There was a peer link at the end of the last turn. */
  #judges = false;

  constructor(parts: JudgementParts) {
    this.#parts = parts;
    const inquiries = new Inquiries(parts.links, parts.outbox);
    const thirdHosts = new ThirdHosts({ ...parts, inquiries });
    const evidence = new EvidenceCollector({ ...parts, inquiries, thirdHosts });
    this.#inquiries = inquiries;
    this.#thirdHosts = thirdHosts;
    this.#evidence = evidence;
    this.#rivals = new Rivals({ ...parts, evidence });
    parts.directors.onChange = (change, now) => this.#changed(change, now);
    parts.directors.judgeServing((router, now) => this.#ownStanding(router, now));
  }

  /** Active_Down_Timer has fired. */
  timedOut(router: VirtualRouter, now: Instant): void {
    const { directors, groups } = this.#parts;
    const link = directors.settings;
    router.evidence = undefined;
    // A lower priority that is heard is preempted: it is not silent.
    if (link === undefined || this.#evidence.hearsLower(router, now)) {
      groups.timedOut(router, 'master-timeout', now);
      return;
    }
    const known = this.#caseOf(router);
    const { outcome, findings } = this.#evidence.judge(router, known, link, 'interval', now);
    if (this.#takeOver(router, outcome, findings, now)) return;
    if (outcome === 'hold' || outcome === 'stay') this.#wait(router, outcome, findings, now);
    else groups.timedOut(router, 'master-timeout', now);
  }

  /** A host has said by ARP or ND that it has an address. */
  claimed(claim: AddressClaim, now: Instant): void {
    this.#inquiries.answered(claim, now);
  }

  /** The answer to `gateway.find`. */
  gatewayFound(index: number, family: Family, address: IpAddress | null): void {
    this.#thirdHosts.found(index, family, address);
  }

  /** The timer `inquiry` has fired. */
  timerFired(router: VirtualRouter, now: Instant): void {
    const link = this.#parts.directors.settings;
    const known = this.#caseOf(router);
    const isSettled = now < known.settledUntil && known.state === router.state;
    if (link !== undefined && isSettled && router.context.claim === undefined) {
      const quietAt = this.#evidence.quietAt(known, link);
      const next = earliest(this.#evidence.missingAt(router, known), quietAt);
      if (now < next) {
        this.#parts.timers.set('inquiry', router.position, next);
        return;
      }
    }
    this.consider(router, now);
  }

  /** Looks at the evidence about this router. */
  consider(router: VirtualRouter, now: Instant): void {
    const { directors, timers } = this.#parts;
    const link = directors.settings;
    if (link === undefined) return;
    const statements = directors.statementsAbout(router, now);
    const known = this.#caseOf(router);
    known.settledUntil = LONG_AGO;
    const master = servingMaster(statements);
    if (master !== undefined) {
      known.master = master.director;
      known.vacated = false;
    }
    let next: Instant = NEVER;
    if (router.isBackup) next = this.#considerBackup(router, known, link, now);
    else if (router.state === 'holding.releasing') this.#considerSuccessor(router, master, now);
    else if (router.state === 'holding.master') {
      next = this.#considerMaster(router, statements, now);
    }
    timers.set('inquiry', router.position, next);
    this.#tell(router, statements, now);
  }

  /** Ends a turn. */
  settle(now: Instant): void {
    const { transitions, listening, routers, directors } = this.#parts;
    if (directors.settings === undefined) {
      this.#abandon(now);
      return;
    }
    this.#judges = true;
    for (const router of transitions.changed) this.#follow(router, now);
    if (this.#inquiries.settle(now)) listening.watchAlso(this.#inquiries.asked(), routers.all);
  }

  /** A reload has removed the peer link: only advertisements count. */
  #abandon(now: Instant): void {
    if (!this.#judges) return;
    this.#judges = false;
    const { routers, listening } = this.#parts;
    for (const router of routers.all) {
      this.#rivals.end(router);
      this.#pathFound(router, now);
    }
    this.#inquiries.settle(NEVER);
    listening.watchAlso([], routers.all);
  }

  #changed(change: DirectorChange, now: Instant): void {
    if (change.kind === 'said') {
      const { router, isNew } = change;
      // The timer brings the next look.
      const isAwaited = this.#parts.timers.at('inquiry', router.position) !== NEVER;
      if (isNew || !isAwaited) this.consider(router, now);
      return;
    }
    for (const router of this.#parts.routers.all) this.consider(router, now);
  }

  #ownStanding(router: VirtualRouter, now: Instant): Standing {
    const standing = this.#evidence.standing(router, undefined, now);
    return {
      canServe: canServe(router, this.#parts.links, standing, now),
      misses: this.#caseOf(router).misses,
    };
  }

  /** Tells the directors at once what has changed of what this one says. */
  #tell(router: VirtualRouter, statements: readonly DirectorStatement[], now: Instant): void {
    const resigns = router.state === 'holding.releasing' || this.#caseOf(router).vacated;
    const successor = resigns ? (bestBackup(statements)?.director ?? null) : null;
    this.#parts.directors.resign(router, successor, now);
  }

  /** The state may have changed in this turn. */
  #follow(router: VirtualRouter, now: Instant): void {
    const known = this.#caseOf(router);
    if (known.state === router.state) {
      if (known.settings === router.settings) return;
      known.settings = router.settings;
      this.consider(router, now);
      return;
    }
    const wasMaster = known.state.startsWith('holding');
    known.state = router.state;
    // One that asks the others to be MASTER again cannot name another one: they would follow neither.
    const asksOthers = router.settings.witness === true && router.state === 'backup.asking';
    if (router.isMaster || asksOthers) known.vacated = false;
    else if (wasMaster) known.vacated = vacates(router.lastTransition?.cause);
    if (router.state !== 'holding.master') this.#rivals.end(router);
    if (!router.isBackup) {
      known.misses = false;
      this.#pathFound(router, now);
    }
    this.consider(router, now);
  }

  /** Returns when it is to be considered again. */
  #considerBackup(
    router: VirtualRouter,
    known: Case,
    link: PeerLinkSettings,
    now: Instant,
  ): Instant {
    if (router.context.claim !== undefined) return this.#considerClaim(router, known, link, now);
    const missingAt = this.#evidence.missingAt(router, known);
    const isHeard = now < missingAt || this.#evidence.hearsLower(router, now);
    known.misses = !isHeard;
    if (isHeard) {
      this.#pathFound(router, now);
      if (router.master !== null && router.resignedBy === undefined) known.vacated = false;
    }
    const quietAt = this.#evidence.quietAt(known, link);
    const asks = known.misses || now >= quietAt;
    const period = now < quietAt ? periodOf(router) : this.#evidence.quietPeriod(router, link);
    let isAcquainted = false;
    if (asks) this.#evidence.ask(router, known.master, period, now);
    else isAcquainted = this.#evidence.getToKnow(router, known.master, now);
    const deadAt = asks ? this.#evidence.deadAt(router, known, link, now) : NEVER;
    const seen: Silence = known.misses ? 'missing' : 'heard';
    const silence = now >= deadAt ? 'dead-after' : seen;
    const { outcome, findings } = this.#evidence.judge(router, known, link, silence, now);
    if (mayClaim(router, now) && this.#takeOver(router, outcome, findings, now)) return NEVER;
    const serves = findings.says === 'can-serve' || findings.says === 'unknown';
    if (isAcquainted && serves && !known.vacated)
      known.settledUntil = after(now, ACQUAINTED_PERIOD);
    const next = after(now, period);
    if (!asks) return earliest(latest(missingAt, next), quietAt);
    return deadAt > now ? earliest(next, deadAt) : next;
  }

  /** About to become MASTER by silence: evidence of life withdraws the claim. */
  #considerClaim(
    router: VirtualRouter,
    known: Case,
    link: PeerLinkSettings,
    now: Instant,
  ): Instant {
    const bySilence = router.context.claim === 'silence';
    const period = periodOf(router);
    // A lower priority that is heard is preempted: it may well be alive.
    const hearsLower = this.#evidence.hearsLower(router, now);
    if (hearsLower) {
      known.misses = false;
      this.#pathFound(router, now);
    }
    if (!bySilence) return router.pathLoss === undefined ? NEVER : after(now, period);
    if (hearsLower) return after(now, period);
    this.#evidence.ask(router, known.master, period, now);
    const { outcome, findings } = this.#evidence.judge(router, known, link, 'interval', now);
    if (outcome === 'hold' || outcome === 'stay') this.#wait(router, outcome, findings, now);
    return after(now, period);
  }

  /** A MASTER asks third hosts while a director misses its advertisements, or is MASTER as well. */
  #considerMaster(
    router: VirtualRouter,
    statements: readonly DirectorStatement[],
    now: Instant,
  ): Instant {
    const rival = servingMaster(statements);
    if (rival === undefined) {
      this.#rivals.end(router);
      if (!statements.some(({ statement }) => statement.misses)) {
        const isAcquainted = this.#evidence.getToKnow(router, undefined, now);
        if (statements.length === 0) return NEVER;
        return after(now, isAcquainted ? ACQUAINTED_PERIOD : STRANGER_PERIOD);
      }
    }
    const period = periodOf(router);
    this.#evidence.ask(router, rival?.director, period, now);
    if (rival !== undefined) {
      const standing = this.#evidence.standing(router, rival.director, now);
      const own = canServe(router, this.#parts.links, standing, now);
      this.#rivals.judge(router, rival, own, now);
    }
    return after(now, period);
  }

  #considerSuccessor(
    router: VirtualRouter,
    master: DirectorStatement | undefined,
    now: Instant,
  ): void {
    if (master === undefined) return;
    const { source, priority } = master.statement;
    const event = { type: 'successor-serves' } as const;
    if (source === null) {
      this.#parts.transitions.apply(router, event, now);
      return;
    }
    const intervalMs = router.context.masterInterval / 1_000;
    router.master = { address: source, priority, intervalMs };
    this.#parts.transitions.apply(router, event, now, { heard: { from: source, priority } });
  }

  /** True: the router takes over now, or is about to. */
  #takeOver(
    router: VirtualRouter,
    outcome: SilenceOutcome,
    findings: Findings,
    now: Instant,
  ): boolean {
    const cause = TAKEOVERS[outcome];
    if (cause === undefined) return false;
    router.evidence = { cause, text: TEXTS[cause](findings) };
    this.#parts.groups.timedOut(router, cause, now);
    return true;
  }

  /** The router stays BACKUP although no advertisement arrives. */
  #wait(router: VirtualRouter, outcome: 'hold' | 'stay', findings: Findings, now: Instant): void {
    const { transitions, outbox } = this.#parts;
    const type = outcome === 'hold' ? 'master-alive' : 'segment-broken';
    transitions.apply(router, { type }, now);
    this.#caseOf(router).aliveAt = now;
    // One lost advertisement of a lower priority, which does not restart the timer, is no lost path.
    if (this.#evidence.heardLowerLately(router, now)) return;
    const cause = pathLossOf(findings);
    if (router.pathLoss?.cause === cause) return;
    const reason = pathLossText(cause, findings);
    router.pathLoss = { cause, since: router.pathLoss?.since ?? now, reason };
    transitions.changed.add(router);
    const instance = router.settings.name;
    const director = findings.director ?? null;
    outbox.report({ kind: 'vrrp-path-lost', instance, director, cause, reason });
  }

  #pathFound(router: VirtualRouter, now: Instant): void {
    if (router.pathLoss === undefined) return;
    const microseconds = elapsed(router.pathLoss.since, now);
    router.pathLoss = undefined;
    this.#parts.transitions.changed.add(router);
    const instance = router.settings.name;
    this.#parts.outbox.report({ kind: 'vrrp-path-restored', instance, microseconds });
  }

  #caseOf(router: VirtualRouter): Case {
    let known = this.#cases.get(router);
    if (known === undefined) {
      known = {
        ...{ master: undefined, aliveAt: LONG_AGO, state: 'initialize' },
        ...{ vacated: false, misses: false, settledUntil: LONG_AGO, settings: router.settings },
      };
      this.#cases.set(router, known);
    }
    return known;
  }
}

/** As after silence, `before_master` that has failed is asked again after a Master_Down_Interval only. */
function mayClaim({ abortedAt, context }: VirtualRouter, now: Instant): boolean {
  const { version, priority, masterInterval } = context;
  if (abortedAt === undefined) return true;
  return elapsed(abortedAt, now) >= masterDownInterval(version, priority, masterInterval);
}
