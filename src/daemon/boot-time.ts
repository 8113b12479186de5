/** The engine's clock, read once: what the wall clock is held against. */
import { Clock } from '../kernel/clock/clock.ts';
import type { Instant } from '../net/time.ts';

export function bootTime(): Instant {
  const clock = new Clock();
  const now = clock.now();
  clock.close();
  return now;
}
