/** How commands that create labs end: by an error or by a signal. */
import { LabError } from '../../../lab/command.ts';
import type { Labs } from '../../../lab/run/labs.ts';
import { EXIT } from '../../exit-codes.ts';
import type { CliContext } from '../../terminal/context.ts';

export async function reporting(context: CliContext, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    context.stderr(`vrrp-agent lab: ${error.message}${hintFor(error)}\n`);
    context.setExitCode(error.code === 'lab-name-error' ? EXIT.usage : EXIT.failed);
  }
}

function hintFor({ code, message }: LabError): string {
  if (code === 'lab-exists') return " (remove it with 'vrrp-agent lab down')";
  return /not permitted|permission denied/i.test(message) ? ' (a lab needs root)' : '';
}

/** timeout(1) sends its signal twice, to the process and to its group. */
const SAME_REQUEST_MS = 500;

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Runs `action`, and removes every lab that is left when it ends, fails or is interrupted. */
export async function untilInterrupted(
  context: CliContext,
  labs: Labs,
  action: () => Promise<void>,
): Promise<void> {
  let interruptedAt: number | undefined;
  const handlers = Object.entries(SIGNALS).map(([signal, status]) => {
    const handler = () => {
      if (interruptedAt !== undefined) {
        // The second request exits immediately.
        if (performance.now() - interruptedAt > SAME_REQUEST_MS) process.exit(status);
        return;
      }
      interruptedAt = performance.now();
      context.stderr('interrupted: removing the lab\n');
      void labs.downAll().finally(() => process.exit(status));
    };
    process.on(signal, handler);
    return [signal, handler] as const;
  });
  try {
    await action();
  } catch (error) {
    // Removing the lab makes the action fail; that is not an error to report.
    if (interruptedAt !== undefined) await new Promise(() => undefined);
    throw error;
  } finally {
    await labs.downAll();
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}
