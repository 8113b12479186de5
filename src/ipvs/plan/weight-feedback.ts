/**
 * Dynamic feedback scheduling: from what a server says of its load to its weight, smoothed so that
 * connections do not all run after the one that was idle a moment ago.
 */

import type { WeightScale } from '../../net/probe.ts';

export interface Feedback {
  /** Between the bounds, not rounded. */
  readonly smoothed: number;
  /** What is written to the kernel. */
  readonly weight: number;
}

/** The first reading counts as it is. */
export function nextFeedback(
  scale: WeightScale,
  before: Feedback | undefined,
  reading: number,
): Feedback {
  const target = targetOf(scale, reading);
  const { smoothing } = scale;
  const smoothed =
    before === undefined ? target : smoothing * before.smoothed + (1 - smoothing) * target;
  return { smoothed, weight: Math.round(smoothed) };
}

function targetOf({ reads, minimum, maximum }: WeightScale, reading: number): number {
  const wanted = reads === 'weight' ? reading : minimum + (maximum - minimum) * (1 - reading);
  return Math.max(minimum, Math.min(maximum, wanted));
}
