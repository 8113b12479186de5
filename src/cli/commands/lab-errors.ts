/** What goes wrong in a lab, in words and as a status. */
import { LabError } from '../../lab/command.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

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
