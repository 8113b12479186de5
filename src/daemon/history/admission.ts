/**
 * What goes to the disk. Numbers that follow a load change all the time and explain no outage, and a storm
 * of events must not push out those of last month. Pure.
 */
import type { EventFacts } from '../../control/events/event-table.ts';

/** Events of all kinds but transitions in an hour; beyond it they are counted. */
const STORM = 2_000;

const HOUR_MS = 3_600_000;

export class Admission {
  #hour = 0;
  #count = 0;

  /** `now` in milliseconds. `storm`: to be counted instead. */
  judge(facts: EventFacts, now: number): 'kept' | 'storm' | 'passed-over' {
    if (facts.kind === 'transition') return 'kept';
    if (facts.kind === 'ipvs-weight') return 'passed-over';
    if (facts.kind === 'track' && facts.value !== null) return 'passed-over';
    const hour = Math.floor(now / HOUR_MS);
    if (hour !== this.#hour) [this.#hour, this.#count] = [hour, 0];
    this.#count += 1;
    return this.#count > STORM ? 'storm' : 'kept';
  }
}
