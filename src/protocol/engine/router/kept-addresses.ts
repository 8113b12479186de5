/**
 * VIPs that a router finds when it starts as BACKUP: its former process was killed, and the host still
 * answers for them. Removed at once, they would be nowhere until the Master_Down_Interval ends, here or at a
 * peer. So they stay until this router knows of a MASTER or is one, without a renewal of their lifetime.
 *
 * DEVIATION: RFC 9568 section 6.4.2 has no VIP on a Backup.
 */
import type { VrrpEvent, VrrpState } from '../../../../fsm/vrrp/model.ts';

/** The router listens, and so far for nothing; the second one is that of a sync group. */
const WAITING: ReadonlySet<VrrpState> = new Set(['backup.listening', 'backup.ready']);

/** There is a MASTER, or this router could not know of one. */
const KNOWING: ReadonlySet<VrrpEvent['type']> = new Set([
  'advertisement',
  'master-alive',
  'segment-broken',
  'stall',
]);

/** `state`: after the event. */
export function endsKeeping({ type }: VrrpEvent, state: VrrpState): boolean {
  return KNOWING.has(type) || !WAITING.has(state);
}
