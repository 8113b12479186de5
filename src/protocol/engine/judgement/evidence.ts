/**
 * The evidence about one virtual router at one moment: what the directors say, what hosts answer to ARP and
 * ND, and how long nothing was heard. Sends the questions; decides nothing.
 */
import {
  judgeSilence,
  type Says,
  type Silence,
  type SilenceOutcome,
} from '../../../../fsm/judgement/silence.ts';
import { masterDownInterval } from '../../../../fsm/vrrp/timing.ts';
import type { IpAddress } from '../../../net/address.ts';
import {
  after,
  type Duration,
  elapsed,
  type Instant,
  LONG_AGO,
  latest,
  NEVER,
  shortest,
} from '../../../net/time.ts';
import type { InstanceStatement } from '../../../wire/peer-link/statement.ts';
import type { DirectorStatement, Directors } from '../directors/directors.ts';
import type { Protocol } from '../router/protocol.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { PeerLinkSettings } from '../settings.ts';
import type { Findings } from './evidence-text.ts';
import type { Inquiries } from './inquiries.ts';
import {
  addressesOf,
  bestBackup,
  outranks,
  resigningMaster,
  saysOf,
  servingMaster,
} from './master-director.ts';
import type { SegmentStanding, ThirdHosts } from './third-hosts.ts';

/** An advertisement is missing when it is late by a quarter of its interval. */
const LATE = 1.25;

/** Routers whose advertisements arrive in one burst are looked at in one turn: in so many of an interval. */
const LOOKS = 100;

/** Heartbeats that are missing before a MASTER is asked, with `dead_after`. */
const QUIET_HEARTBEATS = 2.5;

const SHORTEST_PERIOD = 2_000;
const LONGEST_PERIOD = 100_000;

/** Questions within `dead_after`, while the MASTER answers and while it does not. */
const QUESTIONS_ANSWERED = 4;
const QUESTIONS_UNANSWERED = 12;

interface EvidenceParts {
  readonly directors: Directors;
  readonly protocol: Protocol;
  readonly inquiries: Inquiries;
  readonly thirdHosts: ThirdHosts;
}

/** What is remembered of a BACKUP between two looks at it. */
export interface Memory {
  /** The director that was MASTER last. */
  readonly master: string | undefined;
  /** When the MASTER was last found alive without an advertisement. */
  readonly aliveAt: Instant;
}

export interface Judged {
  readonly outcome: SilenceOutcome;
  readonly findings: Findings;
}

export class EvidenceCollector {
  readonly #parts: EvidenceParts;

  constructor(parts: EvidenceParts) {
    this.#parts = parts;
  }

  /** Judges the silence of the MASTER of this BACKUP. */
  judge(
    router: VirtualRouter,
    memory: Memory,
    link: PeerLinkSettings,
    silence: Silence,
    now: Instant,
  ): Judged {
    const { directors, inquiries } = this.#parts;
    const statements = directors.statementsAbout(router, now);
    const master = servingMaster(statements);
    const resigning =
      master === undefined ? resigningMaster(statements, directors.ownName) : undefined;
    const speaker =
      master ?? resigning ?? statements.find(({ director }) => director === memory.master);
    const director = speaker?.director ?? memory.master;
    const { segment, hosts } = this.standing(router, director, now);
    const { standing } = inquiries.of(router.index, addressOf(router, speaker));
    const isFirst = silence !== 'dead-after' || takesOverFirst(router, statements);
    const evidence = {
      says: this.#saysOf(router, memory, speaker, now),
      answers: standing === 'answers' ? 'yes' : 'no',
      segment,
      silence: isFirst ? silence : 'missing',
      policy: router.settings.onVrrpLoss ?? 'judge',
    } as const;
    const findings: Findings = {
      ...evidence,
      ...{ director, hosts, deadAfter: link.deadAfter },
      question: router.family === 'ipv4' ? 'ARP' : 'ND',
      faults: speaker?.statement.faults ?? [],
    };
    return { outcome: judgeSilence(evidence), findings };
  }

  /** Asks the director (or the MASTER that was heard) and third hosts. */
  ask(router: VirtualRouter, director: string | undefined, period: Duration, now: Instant): void {
    const { directors, inquiries, thirdHosts } = this.#parts;
    const statements = directors.statementsAbout(router, now);
    const address = addressOf(
      router,
      statements.find((one) => one.director === director),
    );
    if (address !== undefined && address !== router.source) {
      inquiries.ask(router, address, period, now);
    }
    thirdHosts.ask(router, () => addressesOf(statements, director), period, now);
  }

  /** Asks third hosts that have never answered, while nothing is missing; true if one of them has. */
  getToKnow(router: VirtualRouter, director: string | undefined, now: Instant): boolean {
    return this.#parts.thirdHosts.getToKnow(
      router,
      () => this.#othersThan(director, router, now),
      now,
    );
  }

  standing(router: VirtualRouter, inQuestion: string | undefined, now: Instant): SegmentStanding {
    return this.#parts.thirdHosts.standing(router, () => this.#othersThan(inQuestion, router, now));
  }

  /** True if the MASTER answers on the segment. */
  answers(router: VirtualRouter, { source }: InstanceStatement): boolean {
    if (source === null) return false;
    return this.#parts.inquiries.of(router.index, source).standing === 'answers';
  }

  /** When the next advertisement that is accepted counts as missing. */
  missingAt(router: VirtualRouter, memory: Memory): Instant {
    const { masterInterval } = router.context;
    const missingAt = after(this.#heardAt(router, memory), (LATE * masterInterval) as Duration);
    const grid = Math.ceil(masterInterval / LOOKS);
    return (Math.ceil(missingAt / grid) * grid) as Instant;
  }

  /** A MASTER of lower priority is heard, which this BACKUP does not accept. */
  hearsLower({ outranks: lower, outranksAt, context }: VirtualRouter, now: Instant): boolean {
    return lower !== undefined && now < outranksAt + LATE * context.masterInterval;
  }

  /** Such a MASTER is not silent for as long as one that this BACKUP accepts would have to be. */
  heardLowerLately({ outranks: lower, outranksAt, context }: VirtualRouter, now: Instant): boolean {
    const { version, priority, masterInterval } = context;
    const silence = masterDownInterval(version, priority, masterInterval);
    return lower !== undefined && elapsed(outranksAt, now) < silence;
  }

  /** When the silence of the peer link is reason to ask the MASTER; NEVER without `dead_after`. */
  quietAt({ master }: Memory, link: PeerLinkSettings): Instant {
    const heardAt = master === undefined ? undefined : this.#parts.directors.heardAt(master);
    if (link.deadAfter === undefined || heardAt === undefined) return NEVER;
    return after(heardAt, (QUIET_HEARTBEATS * link.heartbeat) as Duration);
  }

  /**
   * Time between two questions to a MASTER whose heartbeats stay away: it may be dead, so that each answer
   * extends its life by `dead_after` only.
   */
  quietPeriod(router: VirtualRouter, { deadAfter }: PeerLinkSettings): Duration {
    const usual = periodOf(router);
    if (deadAfter === undefined) return usual;
    const { standing, silentSince } = this.#parts.inquiries.of(
      router.index,
      router.master?.address,
    );
    const hasAnswered = standing === 'answers' && silentSince === undefined;
    const count = hasAnswered ? QUESTIONS_ANSWERED : QUESTIONS_UNANSWERED;
    return shortest(usual, bounded(deadAfter / count));
  }

  /** When `dead_after` ends, counted from the last sign of life on any path. */
  deadAt(
    router: VirtualRouter,
    memory: Memory,
    { deadAfter }: PeerLinkSettings,
    now: Instant,
  ): Instant {
    const { directors, inquiries } = this.#parts;
    const { master } = memory;
    const heardAt = master === undefined ? undefined : directors.heardAt(master);
    if (deadAfter === undefined || heardAt === undefined) return NEVER;
    const { standing, heardAt: seenAt } = inquiries.of(router.index, router.master?.address);
    if (standing !== 'silent') return NEVER;
    // Third hosts may yet show that this director is the one that hears nothing.
    const { segment, hosts } = this.standing(router, master, now);
    if (segment === 'unknown' && hosts.length > 0) return NEVER;
    const onSegment = latest(this.#heardAt(router, memory), seenAt ?? LONG_AGO);
    return after(latest(heardAt, onSegment), deadAfter);
  }

  /**
   * When the last accepted advertisement arrived, by the timer that it has restarted: most of them take a
   * shortcut that writes nothing else.
   */
  #heardAt(router: VirtualRouter, { aliveAt }: Memory): Instant {
    const deadline = this.#parts.protocol.deadlineOf('down', router);
    if (deadline === NEVER) return LONG_AGO;
    const { version, priority, masterInterval } = router.context;
    const heardAt = deadline - masterDownInterval(version, priority, masterInterval);
    return heardAt === aliveAt ? LONG_AGO : (heardAt as Instant);
  }

  /** Addresses of directors that may be asked whether this one serves. */
  #othersThan(
    inQuestion: string | undefined,
    router: VirtualRouter,
    now: Instant,
  ): readonly IpAddress[] {
    return addressesOf(this.#parts.directors.statementsAbout(router, now), inQuestion);
  }

  #saysOf(
    router: VirtualRouter,
    memory: Memory,
    speaker: DirectorStatement | undefined,
    now: Instant,
  ): Says {
    const { directors } = this.#parts;
    if (speaker === undefined) {
      const { master } = memory;
      return master !== undefined && directors.isUp(master) ? 'not-master' : 'silent';
    }
    const { statement } = speaker;
    if (statement.resigningTo === directors.ownName) {
      return this.#mayFollow(router, memory, statement, now) ? 'resigns' : 'not-master';
    }
    // Its priority 0 has been heard: its last statement is older.
    const hasResigned = router.resignedBy !== undefined && router.resignedBy === statement.source;
    return hasResigned ? 'not-master' : saysOf(statement);
  }

  /** No other MASTER is heard than the one that resigns. */
  #mayFollow(
    router: VirtualRouter,
    memory: Memory,
    { source }: InstanceStatement,
    now: Instant,
  ): boolean {
    const { master } = router;
    if (master === null || master.address === source) return true;
    return now >= this.missingAt(router, memory) && !this.hearsLower(router, now);
  }
}

/** Time between two questions to the same host. */
export function periodOf({ context }: VirtualRouter): Duration {
  return bounded(context.masterInterval / 10);
}

function bounded(period: number): Duration {
  return Math.floor(Math.min(Math.max(period, SHORTEST_PERIOD), LONGEST_PERIOD)) as Duration;
}

/** Where the MASTER is on the segment: as it says, or as it was heard. */
function addressOf(
  { master }: VirtualRouter,
  speaker: DirectorStatement | undefined,
): IpAddress | undefined {
  return speaker?.statement.source ?? master?.address;
}

/** No other BACKUP takes over before this one. */
function takesOverFirst(
  { context, source }: VirtualRouter,
  statements: readonly DirectorStatement[],
): boolean {
  const best = bestBackup(statements);
  const own = { priority: context.priority, source: source ?? null };
  return best === undefined || outranks(own, best.statement);
}
