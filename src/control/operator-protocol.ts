/** Answers to operators: `POST /v1/instances/NAME/failover|maintenance|priority`. */
import type { StateName } from '../protocol/engine/reports.ts';
import type { MaintenanceDocument, MasterDocument } from './protocol.ts';

interface OperatorDocument {
  readonly instance: string;
  readonly outcome: OperatorOutcome;
  /** State after the request. */
  readonly state: StateName;
  /** What did not go exactly as requested, as sentences. */
  readonly warnings: readonly string[];
}

type OperatorOutcome =
  | 'done'
  /** The successor was heard, and this router has removed the VIPs. */
  | 'handed-over'
  /** The instance was not MASTER and had nothing to hand over. */
  | 'not-master'
  /** No router took over, and the request was forced. */
  | 'let-go'
  /** Interrupted by another event; the VIPs are no longer here. */
  | 'broken-off';

export interface HandOverDocument extends OperatorDocument {
  /** The current MASTER, if known. */
  readonly master: MasterDocument | null;
  /** From priority 0 to the successor's first advertisement. */
  readonly heard_after_ms: number | null;
  /** From priority 0 until the kernel had removed the VIPs. */
  readonly released_after_ms: number | null;
  /**
   * How long no router had the VIPs, as far as this router can tell: 0 if the successor was heard
   * before they were removed, null if none was heard.
   */
  readonly gap_ms: number | null;
  /** Why it was interrupted. */
  readonly reason: string | null;
  /** The connections at risk; present if the IPVS connection table follows the instance. */
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
  /** Directors that report their tables, and how many of these connections each lacks; null: unknown. */
  readonly peers: readonly { readonly name: string; readonly missing: number | null }[];
}

export interface MaintenanceAnswer extends HandOverDocument {
  readonly maintenance: MaintenanceDocument | null;
}

export interface PriorityAnswer extends OperatorDocument {
  readonly priority: { readonly configured: number; readonly effective: number };
  /** Other members of its sync group; the priority applies to them too. */
  readonly also: readonly string[];
}
