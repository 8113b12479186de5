/** Waiting with a time limit. */

/** The work had not settled by the deadline, or when the signal was aborted. */
export const LATE: unique symbol = Symbol('late');

/**
 * Settles as `work` does, or with `LATE` at the deadline. The work itself continues: pass it the same
 * signal if it can be ended.
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

/** Fulfilled after the time, or as soon as the signal is aborted. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await withDeadline(new Promise<never>(() => {}), milliseconds, signal);
}
