/**
 * What keepalived makes of the objects that a member of a sync group tracks by itself: without
 * `sync_group_tracking_weight` some weights are ignored, and what the group tracks as well has its weight.
 */
import { type Branch, Sourced } from '../draft.ts';
import { textOf } from '../statement.ts';
import type { Context } from './context.ts';

/**
 * @param shared what the group tracks
 * @param weighs whether the weights of the members count
 */
export function adaptMember(
  instance: Branch,
  shared: readonly Sourced[],
  weighs: boolean,
  context: Context,
): void {
  const own = instance['track'];
  if (!Array.isArray(own)) return;
  const kept = own.filter(
    (entry) =>
      !(entry instanceof Sourced) ||
      !(isReplaced(entry, shared, context) || (!weighs && isIgnored(entry, context))),
  );
  if (kept.length > 0) instance['track'] = kept;
  else delete instance['track'];
}

/** keepalived 2.2.7 says so of interfaces as well, but their weights count there, and those of processes. */
function isIgnored({ value, origin }: Sourced, { ledger }: Context): boolean {
  const keys = value as Branch;
  if (keys['content'] === 'number') {
    const why = 'in a sync group keepalived makes its weight 0 (a number other than 0 means FAULT)';
    ledger.lose(origin, `${textOf(origin)}: ${why}, which is not supported`);
    return true;
  }
  if (!('weight' in keys) || !('script' in keys || 'bfd' in keys)) return false;
  const why = 'keepalived ignores what a member of a sync group tracks with a weight';
  const remedy = 'let the group track it, if it should count';
  ledger.note(origin, 'ignored', `${textOf(origin)}: ${why}, and so does the result: ${remedy}`);
  return true;
}

/** The weight of the group counts, unless the object means FAULT of the member. */
function isReplaced(
  { value, origin }: Sourced,
  shared: readonly Sourced[],
  { ledger }: Context,
): boolean {
  const keys = value as Branch;
  const twin = shared.find((one) => isSame(one.value as Branch, keys));
  if (twin === undefined) return false;
  if (!('weight' in keys) && 'weight' in (twin.value as Branch)) return false;
  const message = 'the group tracks it as well, and its weight counts, as in keepalived';
  ledger.note(origin, 'ignored', `${textOf(origin)}: ${message}`);
  return true;
}

/** A script and an interface may have one name. */
function isSame(one: Branch, other: Branch): boolean {
  const areLinks = 'interface' in one;
  if (areLinks !== 'interface' in other) return false;
  return areLinks ? one['interface'] === other['interface'] : one['name'] === other['name'];
}
