/** Spans of time, in order and without overlap. */
import type { NodeRecord, Span } from './record.ts';

/** The parts of `spans` within `[from, to]`. */
export function within<Kind extends Span>(spans: readonly Kind[], { from, to }: Span): Kind[] {
  return spans
    .filter((span) => span.from < to && span.to > from)
    .map((span) => ({ ...span, from: Math.max(span.from, from), to: Math.min(span.to, to) }));
}

/** The parts of `spans` that no span of `holes` covers. */
export function without(spans: readonly Span[], holes: readonly Span[]): Span[] {
  return holes.reduce<Span[]>(
    (left, hole) =>
      left.flatMap(({ from, to }) =>
        [
          { from, to: Math.min(to, hole.from) },
          { from: Math.max(from, hole.to), to },
        ].filter((part) => part.from < part.to),
      ),
    [...spans],
  );
}

export interface Level extends Span {
  /** Positions of the lanes that are on. */
  readonly on: readonly number[];
}

/** Cuts the time line wherever a lane starts or ends. */
export function overlay(lanes: readonly (readonly Span[])[], { from, to }: Span): Level[] {
  const cuts = [from, to, ...lanes.flat().flatMap((span) => [span.from, span.to])]
    .filter((at) => at >= from && at <= to)
    .sort((a, b) => a - b);
  return cuts.flatMap((begin, index): Level[] => {
    const end = cuts[index + 1];
    if (end === undefined || end === begin) return [];
    const on = lanes.flatMap((lane, which) =>
      lane.some((span) => span.from <= begin && span.to >= end) ? [which] : [],
    );
    return [{ from: begin, to: end, on }];
  });
}

/** The longest run of adjacent levels that fit. */
function longest(levels: readonly Level[], fits: (level: Level) => boolean): Span | undefined {
  let best: Span | undefined;
  let open: Span | undefined;
  for (const level of levels) {
    if (!fits(level)) {
      open = undefined;
      continue;
    }
    open = { from: open?.from ?? level.from, to: level.to };
    if (best === undefined || open.to - open.from > best.to - best.from) best = open;
  }
  return best;
}

/** Positions of the lanes that are on at a moment; a lane is off at its end. */
export function onAt(lanes: readonly (readonly Span[])[], at: number): number[] {
  return lanes.flatMap((lane, which) =>
    lane.some((span) => span.from <= at && at < span.to) ? [which] : [],
  );
}

/** The longest time during which two or more reachable directors had the address. */
export function longestDual(nodes: readonly NodeRecord[], window: Span): Span | undefined {
  const lanes = nodes.map(({ holds }) => holds);
  return longest(overlay(lanes, window), ({ on }) => on.length > 1);
}

export function seconds(microseconds: number): string {
  return `${(microseconds / 1_000_000).toFixed(3)} s`;
}
