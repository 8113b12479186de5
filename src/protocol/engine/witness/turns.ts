/**
 * Whose turn it is in a sync group. A member asks once those before it have the right: else two directors
 * could have it for one member each, and wait for each other.
 */
import { after, type Duration, elapsed, type Instant, times } from '../../../net/time.ts';
import type { SyncGroups } from '../groups/sync-groups.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { KeyHolder } from './key-holder.ts';

/** What of a member matters to the others. */
interface Member {
  readonly right: string;
  readonly key: KeyHolder;
  /** It leaves its turn to another director until then. */
  yieldsUntil: Instant;
}

export class GroupTurns {
  readonly #groups: SyncGroups;
  readonly #memberOf: (router: VirtualRouter) => Member | undefined;

  constructor(groups: SyncGroups, memberOf: (router: VirtualRouter) => Member | undefined) {
    this.#groups = groups;
    this.#memberOf = memberOf;
  }

  isBehind(router: VirtualRouter): boolean {
    return this.siblingsOf(router).some(
      (one) => isBefore(one, router) && isWaiting(one) && this.#memberOf(one)?.right === 'none',
    );
  }

  /**
   * With `mode: any` another director may serve a later member alone, while an earlier one is in FAULT there.
   * When that one works again, it waits for the key that this director has and cannot use.
   */
  yields(router: VirtualRouter, ttl: Duration, now: Instant): boolean {
    const own = this.#memberOf(router);
    if (own === undefined) return false;
    if (own.yieldsUntil > now) return true;
    if (!isWaiting(router) || this.#groups.modeOf(router) !== 'any') return false;
    const isBlocked = this.siblingsOf(router).some((one) => {
      const refusedSince = this.#memberOf(one)?.key.refusedSince;
      if (refusedSince === undefined || !isBefore(router, one) || !isWaiting(one)) return false;
      return elapsed(refusedSince, now) >= ttl;
    });
    if (isBlocked) own.yieldsUntil = after(now, times(ttl, 1 / 2));
    return isBlocked;
  }

  /** The other members that need the right. */
  siblingsOf(router: VirtualRouter): readonly VirtualRouter[] {
    return this.#groups.siblingsOf(router).filter(({ settings }) => settings.witness === true);
  }

  followersOf(router: VirtualRouter): readonly VirtualRouter[] {
    return this.siblingsOf(router).filter((one) => isBefore(router, one));
  }
}

/** Whether it would be MASTER, also before `before_master` has been answered. */
function isWaiting({ state }: VirtualRouter): boolean {
  return state === 'backup.asking' || state === 'backup.allowed';
}

/** The same order on every director, whatever the names and the order of its file. */
function isBefore({ settings: one }: VirtualRouter, { settings: other }: VirtualRouter): boolean {
  if (one.vrid !== other.vrid) return one.vrid < other.vrid;
  return one.family < other.family;
}
