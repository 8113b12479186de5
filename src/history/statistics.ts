/** The numbers of an instance over a time: what an operator has to report. Pure. */
import type { Changes, Move, Outage } from './moves.ts';
import type { Period } from './periods.ts';

export interface Flapping {
  readonly from: number;
  readonly to: number;
  readonly moves: number;
}

export interface Statistics {
  /** Time of which it is known whether the instance was served. */
  readonly observed_ms: number;
  readonly served_ms: number;
  readonly unknown_ms: number;
  readonly unplanned: { readonly outages: number; readonly ms: number };
  readonly planned: { readonly outages: number; readonly ms: number };
  /** Served time for each unplanned outage; null: there was none. */
  readonly mtbf_ms: number | null;
  /** Mean length of an unplanned outage; null: there was none. */
  readonly mttr_ms: number | null;
  /** MTBF / (MTBF + MTTR), planned outages left out; null: nothing is known. */
  readonly availability: number | null;
  /** The part of the observed time in which it was served. */
  readonly availability_with_planned: number | null;
  readonly longest: Outage | null;
  readonly moves: { readonly planned: number; readonly unplanned: number };
  readonly flapping: readonly Flapping[];
}

/** As many moves, in as long, are flapping. */
export const FLAPPING = { moves: 4, ms: 600_000 } as const;

export function statisticsOf(periods: readonly Period[], { outages, moves }: Changes): Statistics {
  const served = lengthOf(periods, 'served');
  const unplanned = total(outages.filter(({ planned }) => !planned));
  const planned = total(outages.filter((one) => one.planned));
  const observed = served + unplanned.ms + planned.ms;
  const failures = unplanned.outages;
  const running = served + unplanned.ms;
  return {
    observed_ms: observed,
    served_ms: served,
    unknown_ms: lengthOf(periods, 'unknown') + lengthOf(periods, 'before'),
    ...{ unplanned, planned },
    mtbf_ms: failures === 0 ? null : served / failures,
    mttr_ms: failures === 0 ? null : unplanned.ms / failures,
    availability: running === 0 ? null : served / running,
    availability_with_planned: observed === 0 ? null : served / observed,
    longest: longestOf(outages),
    moves: {
      planned: moves.filter((one) => one.planned).length,
      unplanned: moves.filter((one) => !one.planned).length,
    },
    flapping: flappingIn(moves),
  };
}

/** Outage that an availability of `nines` nines allows in a time. */
export function allowance(nines: number, ms: number): number {
  return ms * 10 ** -nines;
}

/** Joins stretches of moves that overlap. */
export function flappingIn(moves: readonly Move[]): Flapping[] {
  const found: { from: number; to: number; first: number; moves: number }[] = [];
  for (let end = FLAPPING.moves - 1; end < moves.length; end++) {
    const first = end - FLAPPING.moves + 1;
    const [from, to] = [moves[first]?.at ?? 0, moves[end]?.at ?? 0];
    if (to - from > FLAPPING.ms) continue;
    const last = found.at(-1);
    if (last !== undefined && first <= last.first + last.moves - 1) {
      last.to = to;
      last.moves = end - last.first + 1;
    } else found.push({ from, to, first, moves: FLAPPING.moves });
  }
  return found.map(({ from, to, moves: count }) => ({ from, to, moves: count }));
}

function lengthOf(periods: readonly Period[], kind: Period['kind']): number {
  return periods.reduce((sum, one) => (one.kind === kind ? sum + one.to - one.from : sum), 0);
}

function total(outages: readonly Outage[]) {
  return { outages: outages.length, ms: outages.reduce((sum, { from, to }) => sum + to - from, 0) };
}

function longestOf(outages: readonly Outage[]): Outage | null {
  return outages.reduce<Outage | null>(
    (most, one) => (most === null || one.to - one.from > most.to - most.from ? one : most),
    null,
  );
}
