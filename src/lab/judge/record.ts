/**
 * What was seen of one run, as reports and programs read it (`--json`): plain data, times in
 * microseconds from the start of the clock of the steps.
 */
import type { AgentName } from '../scenario/names.ts';

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** As agents name them, and what a machine does whose agent cannot say anything. */
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
  /** When it had the watched address on a link with a carrier, the machine not standing still. */
  readonly holds: readonly Span[];
  /** Advertisements of the watched virtual router. */
  readonly adverts: readonly number[];
  /** Those of priority 0. */
  readonly resignations: readonly number[];
  /** Gratuitous ARP and unsolicited Neighbor Advertisements of the watched address. */
  readonly announcements: readonly number[];
  /** Answers to the question who has the watched address, by the client that asked. */
  readonly arpAnswers: Readonly<Record<string, readonly number[]>>;
}

export interface ProbeSummary {
  readonly client: string;
  readonly type: 'icmp' | 'tcp' | 'udp';
  readonly sent: number;
  readonly lost: number;
  /** Between two answers, with a request lost in between. */
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
  /** `to` is what a chart shows; this is when the lab had done it. */
  readonly done: number;
  readonly error: string | null;
}

/** A director began to advertise where another had been MASTER. */
export interface TakeoverRecord {
  readonly node: string;
  /** Whose last word `last_advert` is. */
  readonly from: string;
  /** That word was a priority 0. */
  readonly resigned: boolean;
  readonly last_advert: number;
  readonly first_advert: number;
  readonly first_announcement: number | null;
  /** Of the first ICMP probe that was answered after the first advertisement. */
  readonly first_answer: number | null;
  /**
   * Over all addresses of all virtual routers, the longest time from the last advertisement of the
   * router to the first announcement; null: one of them was not announced.
   */
  readonly slowest_announcement: number | null;
}

export interface Verdict {
  readonly expectation: string;
  readonly why: string;
  readonly holds: boolean;
  /** What was seen instead, or how much of the limit was used. */
  readonly seen: string;
}

/** How far apart probes really were: what times are known to within. */
export interface Resolution {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

export interface RunNumbers {
  /** The longest time without an answer, of the first kind of probe. */
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
  /** Null: not settled; then the clock started nevertheless. */
  readonly settled_after: number | null;
  readonly set_up: number;
  readonly tear_down: number;
  readonly resolution: Resolution | null;
  /** Frames the capture had no room for: what is missing may have been sent. */
  readonly frames_lost: number;
  readonly steps: readonly StepRecord[];
  readonly nodes: readonly NodeRecord[];
  /** In the order of time. */
  readonly takeovers: readonly TakeoverRecord[];
  readonly probes: readonly ProbeSummary[];
  readonly streams: readonly StreamSummary[];
  /** By vrrp-agents that can be asked at the end. */
  readonly discarded: number;
  readonly numbers: RunNumbers;
  readonly verdicts: readonly Verdict[];
  readonly holds: boolean;
}
