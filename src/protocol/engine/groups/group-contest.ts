/**
 * Two directors are both MASTER, and each has the higher priority in another member of the group: each
 * hears a stronger MASTER, both yield, and both return at the same moment. So the member with the
 * lowest VRID decides: the director with the lower priority there waits, and then finds the other
 * director as MASTER.
 */
import { masterDownInterval } from '../../../../fsm/vrrp/timing.ts';
import {
  after,
  type Duration,
  type Instant,
  longest,
  NEVER,
  NO_TIME,
  times,
} from '../../../net/time.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';

/** Collisions after which the wait stops growing. */
const COLLISIONS_MAX = 8;

/** Master_Down_Intervals within which another collision belongs to the same contest. */
const WINDOW = 8;

export class GroupContest {
  #lostAt: Instant | undefined;
  #count = 0;
  #until: Instant = NEVER;

  /** A member has heard a stronger MASTER, and the whole group yields. */
  lose(members: readonly VirtualRouter[], now: Instant): void {
    const window = WINDOW * slowest(members);
    const isSameContest = this.#lostAt !== undefined && now - this.#lostAt <= window;
    this.#count = isSameContest ? Math.min(this.#count + 1, COLLISIONS_MAX) : 1;
    this.#lostAt = now;
    this.#until = NEVER;
  }

  /**
   * Until when a group that is ready to become MASTER waits for the other director; undefined: no
   * wait. It waits once after each collision, longer each time, so that no pair of intervals collides
   * forever.
   */
  waitsUntil(members: readonly VirtualRouter[], now: Instant): Instant | undefined {
    const leader = leaderOf(members);
    if (this.#lostAt === undefined || leader === undefined || !yieldedTo(leader)) return undefined;
    const interval = leader.context.masterInterval;
    if (this.#until === NEVER) {
      if (now - this.#lostAt > slowest(members) + interval) return undefined;
      this.#until = after(now, times(interval, this.#count));
    }
    return now < this.#until ? this.#until : undefined;
  }
}

/** The router yielded to a stronger one that has resigned since. */
function yieldedTo({ master, resignedBy }: VirtualRouter): boolean {
  return master !== null && master.address === resignedBy;
}

/** The same member on all directors, whatever the order in their configurations. */
function leaderOf(members: readonly VirtualRouter[]): VirtualRouter | undefined {
  const [first, ...others] = members;
  return others.reduce((lowest, one) => (isBefore(one, lowest) ? one : lowest), first);
}

function isBefore(one: VirtualRouter, other: VirtualRouter | undefined): boolean {
  if (other === undefined) return true;
  if (one.settings.vrid !== other.settings.vrid) return one.settings.vrid < other.settings.vrid;
  return one.family === 'ipv4' && other.family === 'ipv6';
}

function slowest(members: readonly VirtualRouter[]): Duration {
  return members
    .map(({ context: { version, priority, masterInterval } }) =>
      masterDownInterval(version, priority, masterInterval),
    )
    .reduce(longest, NO_TIME);
}
