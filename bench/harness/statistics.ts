/** Statistics of a few samples: undefined, never zero, for an empty list. */

export function quantile(samples: readonly number[], part: number): number | undefined {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.ceil((sorted.length - 1) * part)];
}

/** For an even number of samples, the mean of the middle two. */
export function median(samples: readonly number[]): number | undefined {
  const sorted = [...samples].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? undefined : (upper + lower) / 2;
}

export function maximum(samples: readonly number[]): number | undefined {
  return quantile(samples, 1);
}
