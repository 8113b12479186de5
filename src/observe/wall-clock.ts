/** Converts the engine's instants to dates, given one moment read on both clocks. */
import type { Instant } from '../net/time.ts';

export type WallClock = (instant: Instant) => Date;

/**
 * The anchor is read once: setting the wall clock later does not move dates already shown, and
 * differences between dates stay correct.
 */
export function anchoredWallClock(anchor: {
  readonly instant: Instant;
  readonly at: Date;
}): WallClock {
  const offset = anchor.at.getTime() - anchor.instant / 1_000;
  return (instant) => new Date(Math.round(offset + instant / 1_000));
}
