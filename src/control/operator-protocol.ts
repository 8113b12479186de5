/** Answers to operators: `POST /v1/instances/NAME/failover|maintenance|priority`. */
import type { StateName } from '../protocol/engine/reports.ts';
import type { MaintenanceDocument, MasterDocument } from './protocol.ts';

export interface OperatorDocument {
  readonly instance: string;
  readonly outcome: OperatorOutcome;
  /** After the request was decided. */
  readonly state: StateName;
  /** What did not go exactly as requested, as sentences. */
  readonly warnings: readonly string[];
}

export type OperatorOutcome =
  | 'done'
  /** The successor was heard, and the VIPs are gone from here. */
  | 'handed-over'
  /** There was nothing to hand over. */
  | 'not-master'
  /** No router took over, and the request was forced. */
  | 'let-go'
  /** Interrupted by another event; the VIPs are no longer here. */
  | 'broken-off';

export interface HandOverDocument extends OperatorDocument {
  /** The MASTER now, as far as is known. */
  readonly master: MasterDocument | null;
  /** From priority 0 to the successor's first advertisement. */
  readonly heard_after_ms: number | null;
  /** From priority 0 until the kernel had removed the VIPs. */
  readonly released_after_ms: number | null;
  /**
   * For how long, as far as this router can see, no router had the VIPs: 0 where the successor was
   * heard before they were removed, null where none was heard.
   */
  readonly gap_ms: number | null;
  /** Why it was broken off. */
  readonly reason: string | null;
  /** The connections at risk, where the connection table of IPVS follows the instance; else left out. */
  readonly connections?: ConnectionsAtRiskDocument;
}

export interface ConnectionsAtRiskDocument {
  /** At the time of the request. */
  readonly before: AtRiskDocument;
  /** When the VIPs moved; null: they did not. */
  readonly at_move: AtRiskDocument | null;
}

export interface AtRiskDocument {
  /** Connections that carry data. */
  readonly live: number;
  /** Directors that report their tables, and how many of these each lacks; null: unknown. */
  readonly peers: readonly { readonly name: string; readonly missing: number | null }[];
}

export interface MaintenanceAnswer extends HandOverDocument {
  readonly maintenance: MaintenanceDocument | null;
}

export interface PriorityAnswer extends OperatorDocument {
  readonly priority: { readonly configured: number; readonly effective: number };
  /** Other members of its sync group, which have the priority as well. */
  readonly also: readonly string[];
}
