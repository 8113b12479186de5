/** Waiting with an end. */

/** The work had not settled when the time was over, or when the signal was aborted. */
export const LATE: unique symbol = Symbol('late');

/**
 * Settles as `work` does, or with `LATE` after so many milliseconds. The work itself goes on: give it
 * the same signal where it can be ended.
 */
export async function withDeadline<Value>(
  work: Promise<Value>,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<Value | typeof LATE> {
  if (signal?.aborted === true) return LATE;
  let timer: NodeJS.Timeout | undefined;
  let giveUp: (() => void) | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    giveUp = () => resolve(LATE);
    timer = setTimeout(giveUp, milliseconds);
    signal?.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    if (giveUp !== undefined) signal?.removeEventListener('abort', giveUp);
  }
}

/** Fulfilled after so many milliseconds, or as soon as the signal is aborted. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await withDeadline(new Promise<never>(() => {}), milliseconds, signal);
}
