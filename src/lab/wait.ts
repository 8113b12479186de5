/** Polling, sleeping, and the clock of the lab. */
import { LabError } from './command.ts';

/** Several times longer than anything takes on a busy host. */
const TIMEOUT_MILLISECONDS = 20_000;

interface WaitOptions {
  readonly milliseconds?: number;
  readonly everyMilliseconds?: number;
  /** Fails as soon as this process ends; the message has its status. */
  readonly unless?: Promise<number | string>;
}

/** Resolves with the first result that is neither undefined nor false. */
export async function waitFor<Value>(
  what: string,
  ask: () => Value | undefined | false | Promise<Value | undefined | false>,
  options: WaitOptions = {},
): Promise<Value> {
  const milliseconds = options.milliseconds ?? TIMEOUT_MILLISECONDS;
  const end = performance.now() + milliseconds;
  const watched = watch(options.unless);
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (watched.status !== undefined) {
      throw new LabError(
        'not-ready',
        `waiting for ${what}: the process ended with ${watched.status}`,
      );
    }
    if (performance.now() > end) {
      throw new LabError('not-ready', `waiting for ${what}: timed out after ${milliseconds} ms`);
    }
    await sleep(options.everyMilliseconds ?? 10);
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function watch(ended: Promise<number | string> | undefined): { status?: number | string } {
  const seen: { status?: number | string } = {};
  void ended?.then((status) => {
    seen.status = status;
  });
  return seen;
}

/** Microseconds since 1970, comparable with the time stamps of captured frames. */
export function wallClock(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1_000);
}
