/**
 * The record of one run, for reports and programs (`--json`): plain data, times in microseconds from
 * the start of the clock of the steps.
 */
import type { AgentName } from '../scenario/names.ts';

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A state of the virtual router, or of the machine while its agent reports nothing. */
export type LaneState =
  | 'INIT'
  | 'BACKUP'
  | 'MASTER'
  | 'FAULT'
  | 'runs'
  | 'down'
  | 'hung'
  | 'frozen'
  | 'crashed';

export interface StateSpan extends Span {
  readonly state: LaneState;
}

export interface NodeRecord {
  readonly name: string;
  readonly agent: AgentName;
  readonly priority: number;
  readonly states: readonly StateSpan[];
  /** When it had the watched address on a link with carrier while the machine was not frozen. */
  readonly holds: readonly Span[];
  /** Advertisements of the watched virtual router. */
  readonly adverts: readonly number[];
  /** Advertisements of priority 0. */
  readonly resignations: readonly number[];
  /** Gratuitous ARP and unsolicited Neighbor Advertisements of the watched address. */
  readonly announcements: readonly number[];
  /** ARP answers (echo answers over IPv6) for the watched address, by client. */
  readonly arpAnswers: Readonly<Record<string, readonly number[]>>;
}

export interface ProbeSummary {
  readonly client: string;
  readonly type: 'icmp' | 'tcp' | 'udp';
  readonly sent: number;
  readonly lost: number;
  /** Spans between two answers with a lost request in between. */
  readonly outages: readonly Span[];
}

export interface StreamSummary {
  readonly client: string;
  readonly fate: 'survives' | 'breaks' | 'never-connected';
  readonly longestGap: Span | null;
  readonly brokenAt: number | null;
  readonly reason: string | null;
}

export interface StepRecord extends Span {
  readonly kind: string;
  readonly text: string;
  /** When the step was complete; `to` is the end that a chart shows. */
  readonly done: number;
  readonly error: string | null;
}

/** A director started to advertise after another had been MASTER. */
export interface TakeoverRecord {
  readonly node: string;
  /** The director that sent the advertisement at `last_advert`. */
  readonly from: string;
  /** That advertisement had priority 0. */
  readonly resigned: boolean;
  readonly last_advert: number;
  readonly first_advert: number;
  readonly first_announcement: number | null;
  /** First answer to an ICMP probe after the first advertisement. */
  readonly first_answer: number | null;
  /**
   * The longest time, over all addresses of all virtual routers, from the last advertisement of the
   * router to the first announcement of the address; null: an address was not announced.
   */
  readonly slowest_announcement: number | null;
}

/** An event of a vrrp-agent; docs/reference/events.md has the kinds. */
export interface EventRecord {
  readonly at: number;
  readonly node: string;
  readonly kind: string;
}

export interface Verdict {
  readonly expectation: string;
  readonly why: string;
  readonly holds: boolean;
  /** What was observed, or how much of the limit was used. */
  readonly seen: string;
}

/** Real distances between probes: the precision of all times. */
export interface Resolution {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

export interface RunNumbers {
  /** The longest outage seen by the first type of probe. */
  readonly outage: number | null;
  /** The longest time from the last advertisement of one MASTER to the first answer of the next. */
  readonly takeover: number | null;
  readonly dual: number;
  readonly transitions: number;
  readonly lost: number;
  readonly announcements: number;
  readonly adverts: number;
}

export interface RunRecord {
  /** ISO 8601. */
  readonly started_at: string;
  readonly duration: number;
  /** Null: not settled in time; the clock started anyway. */
  readonly settled_after: number | null;
  readonly set_up: number;
  readonly tear_down: number;
  readonly resolution: Resolution | null;
  /** Frames that the capture lost: they were sent, but are missing here. */
  readonly frames_lost: number;
  readonly steps: readonly StepRecord[];
  readonly nodes: readonly NodeRecord[];
  /** By time. */
  readonly takeovers: readonly TakeoverRecord[];
  readonly probes: readonly ProbeSummary[];
  readonly streams: readonly StreamSummary[];
  /** By time; without those before the clock of the steps. */
  readonly events: readonly EventRecord[];
  /** By the vrrp-agents that answer at the end. */
  readonly discarded: number;
  readonly numbers: RunNumbers;
  readonly verdicts: readonly Verdict[];
  readonly holds: boolean;
}
