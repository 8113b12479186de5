/** What a command that makes labs does when it is told to end before its time. */
import type { Labs } from '../../lab/run/labs.ts';
import type { CliContext } from '../context.ts';

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Labs that are still there at the end, whatever it was, are removed. */
export async function untilInterrupted(
  context: CliContext,
  labs: Labs,
  action: () => Promise<void>,
): Promise<void> {
  let isInterrupted = false;
  const handlers = Object.entries(SIGNALS).map(([signal, status]) => {
    const handler = () => {
      // The second one means: at once.
      if (isInterrupted) process.exit(status);
      isInterrupted = true;
      context.stderr('interrupted: removing the lab\n');
      void labs.downAll().finally(() => process.exit(status));
    };
    process.on(signal, handler);
    return [signal, handler] as const;
  });
  try {
    await action();
  } catch (error) {
    // What fails because the lab is being taken away is no news.
    if (isInterrupted) await new Promise(() => undefined);
    throw error;
  } finally {
    await labs.downAll();
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}
