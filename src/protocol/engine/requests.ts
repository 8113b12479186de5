/** What operators ask of a running router, and what they are answered. JSON-serialisable. */
import type { IpAddress } from '../../net/address.ts';
import type { Duration } from '../../net/time.ts';
import type { MasterView } from './view.ts';

export type OperatorRequest =
  /** In place of the configured priority; null: the configured one counts again. */
  | { readonly type: 'priority'; readonly priority: number | null }
  /** Make somebody else MASTER, and do not preempt it. */
  | ({ readonly type: 'failover'; readonly to: IpAddress | null } & HandOverTerms)
  /** The end of what `failover` has left behind. */
  | { readonly type: 'release' }
  /** The same as `failover`, and then FAULT until `maintenance-off`. */
  | ({ readonly type: 'maintenance-on' } & HandOverTerms)
  | { readonly type: 'maintenance-off' };

export interface HandOverTerms {
  /** How long to wait for the successor. */
  readonly wait: Duration;
  /** Let go even when nobody takes over. */
  readonly force: boolean;
}

export type OperatorAnswer =
  | { readonly outcome: 'done' }
  /** The successor was heard, and the VIPs are gone from here. */
  | {
      readonly outcome: 'handed-over';
      readonly successor: MasterView;
      /** From priority 0 to the successor's first advertisement, and to the end of the removal. */
      readonly heardAfter: Duration;
      readonly releasedAfter: Duration;
    }
  /** There was nothing to hand over. */
  | { readonly outcome: 'not-master'; readonly master: MasterView | null }
  /** Nobody took over: it is MASTER as before. */
  | { readonly outcome: 'no-successor'; readonly waited: Duration }
  /** No router took over, and the release was forced. */
  | { readonly outcome: 'let-go'; readonly waited: Duration }
  /** Something else has happened meanwhile, the VIPs are not here any more. */
  | { readonly outcome: 'broken-off'; readonly reason: string }
  | { readonly outcome: 'refused'; readonly code: RefusalCode; readonly message: string };

export type RefusalCode =
  | 'unknown-instance'
  /** An address owner does not do that (RFC 9568 section 5.2.4). */
  | 'owner'
  /** It has not started, or is stopping. */
  | 'not-running'
  /** It is BACKUP of nobody: it may have to be MASTER itself in a moment. */
  | 'no-master'
  /** Nothing is known of the router that is to take over. */
  | 'unknown-peer'
  /** Another router would take over. */
  | 'another-wins'
  /** A hand-over is under way. */
  | 'in-progress';
