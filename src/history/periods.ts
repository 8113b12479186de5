/**
 * Who served an instance when, from the lanes of all directors that are known. Pure.
 *
 * A MASTER serves. A BACKUP that hears a MASTER says that another director serves. Where neither is so,
 * it depends on who looks: one director alone knows of an outage only while it hears no MASTER; with the
 * histories of several, all of whom are known not to be MASTER, there is none.
 */
import type { Lane, LaneSpan } from './lanes.ts';

/** A director that is not among the histories. */
export const ANOTHER = 'another director';

export interface Period {
  readonly from: number;
  to: number;
  /** `before`: nothing has served yet. */
  readonly kind: 'served' | 'outage' | 'unknown' | 'before';
  /** MASTERs; more than one while they change places, or with two MASTERs. */
  readonly holders: readonly string[];
}

export interface Window {
  readonly from: number;
  readonly to: number;
}

/**
 * Directors that are known not to be MASTER disprove a BACKUP that believes to hear one, but not for longer:
 * then a director serves whose history is not here.
 */
const DISPROVED_MS = 60_000;

/**
 * `guessed`: a BACKUP hears a MASTER, and not all others are known. `claimed`: all are, and none is MASTER.
 */
type Look = 'served' | 'guessed' | 'claimed' | 'none' | 'unknown';

/** What the lanes say together in the time before each of `ends`; side by side, as there are many. */
interface Pieces {
  readonly from: number;
  readonly ends: Float64Array;
  readonly looks: readonly Look[];
  readonly holders: readonly (readonly string[])[];
}

/** Periods without gaps over the window. */
export function periodsOf(lanes: readonly Lane[], window: Window): Period[] {
  return judged(pieces(lanes, window));
}

/** The time between two changes of any lane. */
function pieces(lanes: readonly Lane[], { from, to }: Window): Pieces {
  const ends = changesOf(lanes, { from, to });
  const readers = lanes.map((lane) => new LaneReader(lane));
  const looks: Look[] = [];
  const holders: (readonly string[])[] = [];
  let at = from;
  for (const end of ends) {
    for (const reader of readers) reader.go(at);
    const seen = together(readers);
    looks.push(seen.look);
    holders.push(seen.holders);
    at = end;
  }
  return { from, ends, looks, holders };
}

/** The times within the window at which anything changes, and its end; in order, each once. */
function changesOf(lanes: readonly Lane[], { from, to }: Window): Float64Array {
  const times = new Float64Array(3 * lanes.reduce((sum, { spans }) => sum + spans.length, 0) + 1);
  let count = 0;
  const add = (at: number | undefined) => {
    if (at !== undefined && at > from && at < to) times[count++] = at;
  };
  for (const { spans } of lanes) {
    for (const span of spans) {
      add(span.from);
      add(span.to);
      add(span.silentFrom);
    }
  }
  times[count++] = to;
  const sorted = times.subarray(0, count).sort();
  let kept = 1;
  for (const at of sorted) {
    if (at !== sorted[kept - 1]) sorted[kept++] = at;
  }
  return sorted.subarray(0, kept);
}

/** Reads a lane at times that only grow. */
class LaneReader {
  /** All periods of one holder share it. */
  readonly holders: readonly string[];
  /** At that time; undefined: nothing is known. */
  span: LaneSpan | undefined;
  before: LaneSpan | undefined;
  isSilent = false;
  readonly #spans: readonly LaneSpan[];
  #next = 0;

  constructor({ director, spans }: Lane) {
    this.holders = [director];
    this.#spans = spans;
  }

  go(time: number): void {
    const spans = this.#spans;
    while ((spans[this.#next]?.to ?? Number.POSITIVE_INFINITY) <= time) this.#next += 1;
    const found = spans[this.#next];
    this.span = found !== undefined && found.from <= time ? found : undefined;
    this.before = this.span === undefined ? undefined : spans[this.#next - 1];
    this.isSilent = (this.span?.silentFrom ?? time + 1) <= time;
  }
}

const ELSEWHERE = [ANOTHER];
const NONE: readonly string[] = [];

interface Seen {
  readonly look: Look;
  readonly holders: readonly string[];
}

function together(seen: readonly LaneReader[]): Seen {
  let holders = NONE;
  for (const { span, holders: own } of seen) {
    if (span?.state === 'MASTER') holders = holders.length === 0 ? own : [...holders, ...own];
  }
  if (holders.length > 0) return { look: 'served', holders };
  if (!seen.some(({ span, isSilent }) => span?.state === 'BACKUP' && !isSilent)) {
    const isSilent = seen.some((one) => one.isSilent);
    const isKnown = seen.length > 1 && seen.every(({ span }) => span !== undefined);
    return { look: isSilent || isKnown ? 'none' : 'unknown', holders };
  }
  // Its agent has ended since: until then a BACKUP heard it.
  const ended = seen.find(
    ({ span, before }) => span?.state === 'gone' && before?.state === 'MASTER',
  );
  if (ended !== undefined) return { look: 'served', holders: ended.holders };
  if (seen.length < 2) return { look: 'served', holders: ELSEWHERE };
  const isBlind = seen.some(({ span }) => span === undefined || span.state === 'gone');
  return isBlind ? { look: 'guessed', holders: ELSEWHERE } : { look: 'claimed', holders };
}

/** Decides the claims, and what came before the first MASTER; joins what is alike. */
function judged({ from, ends, looks, holders }: Pieces): Period[] {
  const claims = claimLengths(from, ends, looks);
  const periods = new Periods();
  let hasServed = false;
  let at = from;
  for (const [index, to] of ends.entries()) {
    const look = looks[index] ?? 'unknown';
    const isLong = (claims[index] ?? 0) > DISPROVED_MS;
    // At the start, the other director may only have written its first line later.
    const isElsewhere: boolean =
      look === 'guessed' ? hasServed || isLong : look === 'claimed' && isLong;
    hasServed ||= look === 'served' || isElsewhere;
    if (look === 'served') periods.add(at, to, 'served', holders[index] ?? NONE);
    else if (isElsewhere) periods.add(at, to, 'served', ELSEWHERE);
    else if (!hasServed) periods.add(at, to, 'before', NONE);
    else periods.add(at, to, look === 'unknown' ? 'unknown' : 'outage', NONE);
    at = to;
  }
  return periods.all;
}

class Periods {
  readonly all: Period[] = [];

  add(from: number, to: number, kind: Period['kind'], holders: readonly string[]): void {
    const last = this.all.at(-1);
    if (last?.kind === kind && isEqual(last.holders, holders)) last.to = to;
    else this.all.push({ from, to, kind, holders });
  }
}

/** For each piece, how long the claims around it last without a break. */
function claimLengths(from: number, ends: Float64Array, looks: readonly Look[]): Float64Array {
  const lengths = new Float64Array(ends.length);
  for (let index = 0; index < ends.length; index++) {
    if (!isClaim(looks[index])) continue;
    const start = index;
    while (isClaim(looks[index + 1])) index += 1;
    lengths.fill((ends[index] ?? 0) - (ends[start - 1] ?? from), start, index + 1);
  }
  return lengths;
}

function isClaim(look: Look | undefined): boolean {
  return look === 'claimed' || look === 'guessed';
}

function isEqual(some: readonly string[], others: readonly string[]): boolean {
  return (
    some === others ||
    (some.length === others.length && some.every((name, index) => name === others[index]))
  );
}
