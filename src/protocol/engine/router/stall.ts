/** The routers that have to listen before they advertise again, because the thread was stalled. */
import { shortestMasterDownInterval } from '../../../../fsm/vrrp/timing.ts';
import { type Duration, elapsed, type Instant, milliseconds } from '../../../net/time.ts';
import type { VirtualRouter } from './virtual-router.ts';

/**
 * Nothing is stalled by less: of three intervals of 10 ms or more, in which a MASTER was silent, it was late
 * for two.
 */
const SHORTEST_STALL = milliseconds(20);

/**
 * A MASTER that was silent for the shortest Master_Down_Interval may have a successor; a BACKUP that
 * was stalled for that long has not been listening, nor has a MASTER that has yet to prove its
 * addresses before it advertises.
 */
export function stalledOf(
  routers: readonly VirtualRouter[],
  lateness: Duration,
  now: Instant,
): readonly VirtualRouter[] {
  if (lateness < SHORTEST_STALL) return NONE;
  return routers.filter(({ state, isBackup, context, lastSentAt, since }) => {
    const { version, advertisementInterval, masterInterval } = context;
    const interval = isBackup ? masterInterval : advertisementInterval;
    const hasAdvertised = state === 'holding.master' && lastSentAt >= since;
    const silence = hasAdvertised ? elapsed(lastSentAt, now) : lateness;
    return silence >= shortestMasterDownInterval(version, interval);
  });
}

const NONE: readonly VirtualRouter[] = [];
