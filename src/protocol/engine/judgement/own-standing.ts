/** What this director says of itself about one virtual router: whether it serves, and who is to succeed it. */
import { elapsed, type Instant } from '../../../net/time.ts';
import type { CanServe } from '../../../wire/peer-link/statement.ts';
import type { LinkTable } from '../links.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { TransitionCause } from '../state-name.ts';
import type { SegmentStanding } from './third-hosts.ts';

/** Causes with which a MASTER leaves its addresses without another MASTER. */
const VACATING: readonly TransitionCause[] = [
  'shutdown',
  'fault',
  'group-backup',
  'stall',
  'no-successor',
];

export function vacates(cause: TransitionCause | undefined): boolean {
  return cause !== undefined && VACATING.includes(cause);
}

/**
 * `yes` and `no` from evidence only. A MASTER says `no` only after half an interval without an answer: a
 * switch that learns again must not cost it its role.
 */
export function canServe(
  router: VirtualRouter,
  links: LinkTable,
  { segment, silentSince }: SegmentStanding,
  now: Instant,
): CanServe {
  const { state, index, context } = router;
  if (state === 'fault' || state === 'initialize' || index === undefined) return 'no';
  if (links.byIndex(index)?.attributes.running !== true) return 'no';
  if (segment === 'serves') return 'yes';
  if (segment === 'unknown' || silentSince === undefined) return 'unknown';
  const isLong = elapsed(silentSince, now) >= context.advertisementInterval / 2;
  return isLong || router.isBackup ? 'no' : 'unknown';
}
