/** Shows the engine's instants as dates, by one moment that was read on both clocks. */
import type { Instant } from '../net/time.ts';

export type WallClock = (instant: Instant) => Date;

/**
 * An anchor taken once: a wall clock that is set later does not move what has been shown, and
 * differences between the dates stay true.
 */
export function anchoredWallClock(anchor: {
  readonly instant: Instant;
  readonly at: Date;
}): WallClock {
  const offset = anchor.at.getTime() - anchor.instant / 1_000;
  return (instant) => new Date(Math.round(offset + instant / 1_000));
}
