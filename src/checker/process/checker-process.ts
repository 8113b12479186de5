/**
 * The checker process: everything that talks to checked servers and to receivers of webhooks, apart from
 * the process that may change the host's network. `supervisor/checker-child.ts` starts it. It gives up
 * its privileges before it loads anything that speaks a protocol (docs/adr/0007-a-checker-process.md).
 */
import {
  endWithParent,
  executeAgain,
  leaveRealtime,
  type Privileges,
  restrictPrivileges,
  shedPrivileges,
} from '../../kernel/process/privileges.ts';
import { CHANNEL_FD, type CheckerArguments, CONFINED } from './arguments.ts';

// Only the agent ends this process: a signal to its process group must not keep the last notifications
// from being delivered.
for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => {});
}

/** Where the host forbids a step, the agent learns from `ready` what is left. */
function attempt(step: () => void): void {
  try {
    step();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function confine(privileges: Privileges, args: readonly string[]): void {
  attempt(() => {
    if (shedPrivileges(privileges)) executeAgain(args, CHANNEL_FD + 1);
  });
}

const [program = '', text = '', stage] = process.argv.slice(1);
const { parent, privileges } = JSON.parse(text) as CheckerArguments;
if (stage !== CONFINED) confine(privileges, [program, text, CONFINED]);
attempt(() => restrictPrivileges(privileges));
attempt(leaveRealtime);
if (!endWithParent(parent)) process.exit();
process.title = 'vrrp-checker';
const { serve } = await import('./checker-channel.ts');
serve();
