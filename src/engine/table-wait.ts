/**
 * `preempt_when_synced`: a router whose connection table has not caught up lets a MASTER of lower
 * priority be. It is the preempt delay of the table in `fsm/`, as long as the wait may be, which
 * ends early once the table is said to have caught up. A MASTER that dies meanwhile is replaced at
 * once: a table with gaps is better than none.
 *
 * DEVIATION: RFC 9568 section 6.4.2 preempts after Active_Down_Timer; only with the key this waits.
 */
import { after, type Duration, type Instant, NEVER } from '../net/time.ts';
import type { InstanceSettings } from './settings.ts';
import type { Timers } from './timers.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** How long a MASTER of lower priority is let be. */
export function preemptDelayOf(
  { preemptDelay, preemptWhenSynced }: InstanceSettings,
  awaitsTable: boolean,
): Duration {
  if (preemptWhenSynced === undefined || !awaitsTable) return preemptDelay;
  return Math.max(preemptDelay, preemptWhenSynced) as Duration;
}

/** The table of connections has caught up, or does so no longer. Answers whether that is news. */
export function noteTable(
  router: VirtualRouter,
  synced: boolean,
  timers: Timers,
  now: Instant,
): boolean {
  if (router.awaitsTable === !synced) return false;
  router.awaitsTable = !synced;
  const { preemptDelay: before } = router.context;
  const preemptDelay = preemptDelayOf(router.settings, router.awaitsTable);
  if (preemptDelay === before) return false;
  router.context = { ...router.context, preemptDelay };
  const deadline = timers.at('hold', router.position);
  if (router.context.holding && deadline !== NEVER) {
    const shifted = (deadline - before + preemptDelay) as Instant;
    timers.set('hold', router.position, shifted < now ? after(now, 0 as Duration) : shifted);
  }
  return true;
}
