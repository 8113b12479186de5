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

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly look: Look;
  readonly holders: readonly string[];
}

/** Periods without gaps over the window. */
export function periodsOf(lanes: readonly Lane[], window: Window): Period[] {
  return joined(judged(pieces(lanes, window)));
}

/** The time between two changes of any lane, with what the lanes say together. */
function pieces(lanes: readonly Lane[], { from, to }: Window): Piece[] {
  const times = new Set([from, to]);
  for (const { spans } of lanes) {
    for (const span of spans) {
      for (const at of [span.from, span.to, span.silentFrom ?? from]) {
        if (at > from && at < to) times.add(at);
      }
    }
  }
  const sorted = [...times].sort((a, b) => a - b);
  const readers = lanes.map((lane) => new LaneReader(lane));
  return sorted.slice(0, -1).map((at, index) => {
    for (const reader of readers) reader.go(at);
    const { look, holders } = together(readers);
    return { from: at, to: sorted[index + 1] ?? to, look, holders };
  });
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

function together(seen: readonly LaneReader[]): Pick<Piece, 'look' | 'holders'> {
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

/** Decides the claims, and what came before the first MASTER. */
function judged(given: readonly Piece[]): Period[] {
  const claims = claimLengths(given);
  let hasServed = false;
  return given.map(({ from, to, look, holders }, index): Period => {
    const isLong = (claims[index] ?? 0) > DISPROVED_MS;
    // At the start, the other director may only have written its first line later.
    const isElsewhere = look === 'guessed' ? hasServed || isLong : look === 'claimed' && isLong;
    hasServed ||= look === 'served' || isElsewhere;
    if (look === 'served') return { from, to, kind: 'served', holders };
    if (isElsewhere) return { from, to, kind: 'served', holders: ELSEWHERE };
    if (!hasServed) return { from, to, kind: 'before', holders: NONE };
    return { from, to, kind: look === 'unknown' ? 'unknown' : 'outage', holders: NONE };
  });
}

/** For each piece, how long the claims around it last without a break. */
function claimLengths(given: readonly Piece[]): number[] {
  const lengths: number[] = [];
  for (let index = 0; index < given.length; ) {
    let end = index + 1;
    let length = 0;
    if (isClaim(given[index])) {
      while (isClaim(given[end])) end += 1;
      length = (given[end - 1]?.to ?? 0) - (given[index]?.from ?? 0);
    }
    for (; index < end; index++) lengths.push(length);
  }
  return lengths;
}

function isClaim(piece: Piece | undefined): boolean {
  return piece?.look === 'claimed' || piece?.look === 'guessed';
}

function joined(periods: readonly Period[]): Period[] {
  const result: Period[] = [];
  for (const period of periods) {
    const last = result.at(-1);
    const isSame = last?.kind === period.kind && isEqual(last.holders, period.holders);
    if (isSame && last !== undefined) last.to = period.to;
    else result.push(period);
  }
  return result;
}

function isEqual(some: readonly string[], others: readonly string[]): boolean {
  return (
    some === others ||
    (some.length === others.length && some.every((name, index) => name === others[index]))
  );
}
