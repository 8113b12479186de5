/** Documents of what operators ask for: `POST /v1/instances/NAME/failover|maintenance|priority`. */
import type { StateName } from '../engine/reports.ts';
import type { MasterDocument } from './protocol.ts';

/** Of an instance that is out of service. */
export interface MaintenanceDocument {
  readonly since: string;
  /** When it ends by itself; null: never. */
  readonly until: string | null;
  /** Who asked for it. */
  readonly by: string;
  readonly reason: string | null;
}

/** Of an instance that has handed over and does not preempt. */
export interface HeldBackDocument {
  readonly since: string;
  readonly by: string;
}

export interface OperatorDocument {
  readonly instance: string;
  readonly outcome: OperatorOutcome;
  /** Once it was decided. */
  readonly state: StateName;
  /** What went not quite as asked, for people. */
  readonly warnings: readonly string[];
}

export type OperatorOutcome =
  | 'done'
  /** The successor was heard, and the VIPs are gone from here. */
  | 'handed-over'
  /** There was nothing to hand over. */
  | 'not-master'
  /** Nobody took over, and that was not to matter. */
  | 'let-go'
  /** Something else has happened meanwhile; the VIPs are not here any more. */
  | 'broken-off';

export interface HandOverDocument extends OperatorDocument {
  /** Who is MASTER now, as far as is known. */
  readonly master: MasterDocument | null;
  /** From priority 0 to the successor's first advertisement. */
  readonly heard_after_ms: number | null;
  /** From priority 0 until the kernel had removed the VIPs. */
  readonly released_after_ms: number | null;
  /**
   * For how long, as far as can be seen from here, nobody had the VIPs: 0 where the successor was
   * heard before they were removed, null where nobody was heard.
   */
  readonly gap_ms: number | null;
  /** Why it was broken off. */
  readonly reason: string | null;
  /** What was at stake, where the connection table of IPVS follows the instance; else left out. */
  readonly connections?: ConnectionsAtStakeDocument;
}

export interface ConnectionsAtStakeDocument {
  /** When it was asked for. */
  readonly before: StakeDocument;
  /** When the VIPs went; null: they did not. */
  readonly at_move: StakeDocument | null;
}

export interface StakeDocument {
  /** Connections that carry data. */
  readonly live: number;
  /** Directors that tell of their tables, and what each lacks of these; null: not known. */
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
