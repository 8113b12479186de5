/**
 * Two directors whose members are ordered differently, each stronger in one, both MASTER: each hears
 * a stronger one, both give up, and both come back at the same moment. So the member with the lowest
 * VRID decides: the director that is weaker in it comes back later, and finds the other as MASTER.
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

/** Collisions after which the wait grows no more. */
const COUNTED = 8;

/** Master_Down_Intervals in which the next collision is one more of the same contest. */
const WINDOW = 8;

export class GroupContest {
  #lostAt: Instant | undefined;
  #count = 0;
  #until: Instant = NEVER;

  /** A member has heard a stronger MASTER, and the whole group gives up. */
  lose(members: readonly VirtualRouter[], now: Instant): void {
    const window = WINDOW * slowest(members);
    const isOneMore = this.#lostAt !== undefined && now - this.#lostAt <= window;
    this.#count = isOneMore ? Math.min(this.#count + 1, COUNTED) : 1;
    this.#lostAt = now;
    this.#until = NEVER;
  }

  /**
   * Until when the group, ready to become MASTER, lets the other side go first; undefined: it need
   * not. Once for each collision, and longer after each: no two intervals can balance it for ever.
   */
  waitsUntil(members: readonly VirtualRouter[], now: Instant): Instant | undefined {
    const leader = leaderOf(members);
    if (this.#lostAt === undefined || leader === undefined || !gaveUpFor(leader)) return undefined;
    const interval = leader.context.masterInterval;
    if (this.#until === NEVER) {
      if (now - this.#lostAt > slowest(members) + interval) return undefined;
      this.#until = after(now, times(interval, this.#count));
    }
    return now < this.#until ? this.#until : undefined;
  }
}

/** It was the weaker one, and the stronger one has resigned since. */
function gaveUpFor({ master, resignedBy }: VirtualRouter): boolean {
  return master !== null && master.address === resignedBy;
}

/** The same member on all directors, whatever the order of their files. */
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
