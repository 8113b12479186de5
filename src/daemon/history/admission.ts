/**
 * What goes to the disk. Numbers that follow a load change all the time and explain no outage, and a storm
 * of events must not push out those of last month. Pure.
 */
import type { EventFacts } from '../../control/events/event-table.ts';
import { balancedIn } from '../../history/balanced.ts';
import { isNeeded } from '../../history/record.ts';

/** Kinds of events that share a limit, so that a storm of one kind leaves the others alone. */
export type Share = 'transitions' | 'servers' | 'causes' | 'others';

/** Events in an hour; beyond it they are counted. */
const LIMITS: { readonly [Name in Share]: number } = {
  transitions: Number.POSITIVE_INFINITY,
  servers: 4_000,
  causes: 2_000,
  others: 2_000,
};

const HOUR_MS = 3_600_000;

interface Admitted {
  readonly verdict: 'kept' | 'storm';
  readonly share: Share;
}

export class Admission {
  #hour = 0;
  #counts = new Map<Share, number>();

  /** `now` in milliseconds. `storm`: to be counted instead; undefined: never written. */
  judge(facts: EventFacts, now: number): Admitted | undefined {
    const share = shareOf(facts);
    if (share === undefined) return undefined;
    const hour = Math.floor(now / HOUR_MS);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#counts.clear();
    }
    const count = (this.#counts.get(share) ?? 0) + 1;
    this.#counts.set(share, count);
    return { share, verdict: count > LIMITS[share] ? 'storm' : 'kept' };
  }
}

function shareOf(facts: EventFacts): Share | undefined {
  switch (facts.kind) {
    case 'transition':
      return 'transitions';
    // It counts events that the history has.
    case 'ipvs-left-out':
    case 'ipvs-weight':
      return undefined;
    case 'track':
      return facts.value === null ? 'others' : undefined;
    default:
      if (balancedIn(facts) !== undefined) return 'servers';
      return isNeeded(facts.kind) ? 'causes' : 'others';
  }
}
