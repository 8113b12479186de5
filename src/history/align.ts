/**
 * How far the clock of another director is ahead. Measured by the peer link of either one; without a link
 * from the transitions that both saw: a MASTER that hears another one becomes BACKUP within milliseconds.
 */
import { type DirectorHistory, type LaneState, lanesOf } from './lanes.ts';
import type { HistoryRecord } from './record.ts';

export interface ClockOffset {
  readonly method: 'reference' | 'peer-link' | 'transitions' | 'none';
  /** Positive: its clock is ahead. The latest one, if it changed. */
  readonly offset_ms: number;
  /** Measurements, or transitions that agree. */
  readonly samples: number;
}

interface Measurement {
  readonly at: number;
  readonly offset: number;
}

/** Two clocks that agree to this are taken for the same offset. */
const SAME_MS = 100;

/** Further apart no two transitions are the same one. */
const APART_MS = 86_400_000;

/** A single pair of transitions proves little. */
const APART_IF_SINGLE_MS = 300_000;

/** Enough to be sure, and quick. */
const PAIRS_FROM_MAX = 400;

/** The histories of a group, which have the clock of its first one, with the times of the reference. */
export function aligned(
  reference: DirectorHistory,
  group: readonly DirectorHistory[],
): { readonly history: DirectorHistory; readonly clock: ClockOffset }[] {
  const [other] = group;
  if (other === undefined) return [];
  const measured = measurements(reference, other);
  const last = measured.at(-1);
  const clock: ClockOffset =
    last === undefined
      ? (fromTransitions(reference, other) ?? { method: 'none', offset_ms: 0, samples: 0 })
      : { method: 'peer-link', offset_ms: last.offset, samples: measured.length };
  const offsetOf =
    last === undefined ? () => clock.offset_ms : (at: number) => offsetAt(measured, at);
  return group.map((history) => ({ history: shifted(history, offsetOf), clock }));
}

/** Of both directors: what one says of the other is the opposite of what that one says. */
function measurements(reference: DirectorHistory, other: DirectorHistory): Measurement[] {
  const own = offsetsOf(reference.records, other.router);
  const theirs = offsetsOf(other.records, reference.router);
  if (own.length > 0) return own;
  return theirs.map(({ at, offset }) => ({ at: at + offset, offset: -offset }));
}

function offsetsOf(records: readonly HistoryRecord[], router: string): Measurement[] {
  return records.flatMap((record) => {
    if (record.kind !== 'clocks') return [];
    const offset = record.offsets[router];
    return typeof offset === 'number' ? [{ at: record.at, offset }] : [];
  });
}

/** The latest measurement before `at`, a time of the other clock, else the first one. */
function offsetAt(measured: readonly Measurement[], at: number): number {
  let [low, high] = [0, measured.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const one = measured[middle];
    if (one !== undefined && one.at + one.offset <= at) low = middle;
    else high = middle - 1;
  }
  return measured[low]?.offset ?? 0;
}

function shifted(history: DirectorHistory, offsetOf: (at: number) => number): DirectorHistory {
  const records = history.records.map((record): HistoryRecord => {
    const at = record.at - offsetOf(record.at);
    if (record.kind !== 'agent-started' || record.alive === null) return { ...record, at };
    return { ...record, at, alive: record.alive - offsetOf(record.alive) };
  });
  return { ...history, records, until: history.until - offsetOf(history.until) };
}

/** The offset on which most pairs agree. */
function fromTransitions(
  reference: DirectorHistory,
  other: DirectorHistory,
): ClockOffset | undefined {
  const [ours, theirs] = [changesOf(reference), changesOf(other)];
  const differences = [
    ...pairs(ours.taken, theirs.yielded),
    ...pairs(ours.yielded, theirs.taken),
  ].sort((a, b) => a - b);
  const best = densest(differences);
  const middle = best[Math.floor(best.length / 2)];
  if (middle === undefined) return undefined;
  if (best.length === 1 && Math.abs(middle) > APART_IF_SINGLE_MS) return undefined;
  return { method: 'transitions', offset_ms: Math.round(middle), samples: best.length };
}

interface Change {
  readonly instance: string;
  readonly at: number;
}

const HEARD: ReadonlySet<string> = new Set(['higher-priority', 'successor-heard']);

function changesOf(history: DirectorHistory): { taken: Change[]; yielded: Change[] } {
  const taken: Change[] = [];
  const yielded: Change[] = [];
  for (const { instance, spans } of lanesOf(history).lanes.values()) {
    let before: LaneState | undefined;
    for (const { state, from: at, cause } of spans) {
      if (state === 'MASTER' && before === 'BACKUP') taken.push({ instance, at });
      if (state === 'BACKUP' && before === 'MASTER' && HEARD.has(cause)) {
        yielded.push({ instance, at });
      }
      before = state;
    }
  }
  return { taken: taken.slice(-PAIRS_FROM_MAX), yielded: yielded.slice(-PAIRS_FROM_MAX) };
}

/** Of each pair, how much later the other clock shows it. */
function pairs(ours: readonly Change[], theirs: readonly Change[]): number[] {
  return ours.flatMap(({ instance, at }) =>
    theirs
      .filter((one) => one.instance === instance && Math.abs(one.at - at) <= APART_MS)
      .map((one) => one.at - at),
  );
}

/** The most values within `SAME_MS`; of as many, those nearest to zero. */
function densest(sorted: readonly number[]): readonly number[] {
  let [from, to] = [0, 0];
  let start = 0;
  for (let end = 0; end < sorted.length; end++) {
    while ((sorted[end] ?? 0) - (sorted[start] ?? 0) > SAME_MS) start += 1;
    const more = end + 1 - start - (to - from);
    const isNearer = Math.abs(sorted[start] ?? 0) < Math.abs(sorted[from] ?? 0);
    if (more > 0 || (more === 0 && isNearer)) [from, to] = [start, end + 1];
  }
  return sorted.slice(from, to);
}
