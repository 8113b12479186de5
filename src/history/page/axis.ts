/** Ticks of a time line at round times of UTC. */
import type { Window } from '../periods.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS = [
  ...[10, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 28, 56, 112].map((count) => count * DAY),
];

const TICKS_MAX = 9;

export function ticksOf(
  { from, to }: Window,
  most = TICKS_MAX,
): { readonly at: number; readonly text: string }[] {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? 365 * DAY;
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    ticks.push({ at, text: textOf(at, step) });
  }
  return ticks;
}

function textOf(at: number, step: number): string {
  const [day = '', time = ''] = new Date(at).toISOString().split('T');
  if (step >= DAY) return day;
  if (step >= MINUTE) return at % DAY === 0 ? day.slice(5) : time.slice(0, 5);
  return step >= SECOND ? time.slice(0, 8) : time.slice(0, 10);
}
