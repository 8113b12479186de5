/** Operators' requests to a running router, and the answers. JSON-serialisable. */
import type { IpAddress } from '../../net/address.ts';
import type { Duration } from '../../net/time.ts';
import type { MasterView } from './view.ts';

export type OperatorRequest =
  /** Overrides the configured priority; null ends the override. */
  | { readonly type: 'priority'; readonly priority: number | null }
  /** Hand over to another router, and do not preempt it. */
  | ({ readonly type: 'failover'; readonly to: IpAddress | null } & HandOverTerms)
  /** Preempt again after a `failover`. */
  | { readonly type: 'release' }
  /** As `failover`, then FAULT until `maintenance-off`. */
  | ({ readonly type: 'maintenance-on' } & HandOverTerms)
  | { readonly type: 'maintenance-off' };

export interface HandOverTerms {
  /** How long to wait for the successor. */
  readonly wait: Duration;
  /** Release even if no router takes over. */
  readonly force: boolean;
}

export type OperatorAnswer =
  | { readonly outcome: 'done' }
  /** The successor was heard, and the VIPs have been removed here. */
  | {
      readonly outcome: 'handed-over';
      readonly successor: MasterView;
      /** From priority 0 to the successor's first advertisement. */
      readonly heardAfter: Duration;
      /** From priority 0 to the end of the removal. */
      readonly releasedAfter: Duration;
    }
  /** The router was not MASTER. */
  | { readonly outcome: 'not-master'; readonly master: MasterView | null }
  /** No router took over: this one is still MASTER. */
  | { readonly outcome: 'no-successor'; readonly waited: Duration }
  /** No router took over, and the release was forced. */
  | { readonly outcome: 'let-go'; readonly waited: Duration }
  /** Interrupted by another event; the VIPs have been released. */
  | { readonly outcome: 'broken-off'; readonly reason: string }
  | { readonly outcome: 'refused'; readonly code: RefusalCode; readonly message: string };

export type RefusalCode =
  | 'unknown-instance'
  /** Not possible for the address owner (RFC 9568 section 5.2.4). */
  | 'owner'
  /** The router has not started, or is stopping. */
  | 'not-running'
  /** The router is BACKUP and has not heard a MASTER: it may become MASTER in a moment. */
  | 'no-master'
  /** The requested successor is unknown. */
  | 'unknown-peer'
  /** Another router would take over. */
  | 'another-wins'
  /** A hand-over is under way. */
  | 'in-progress';
