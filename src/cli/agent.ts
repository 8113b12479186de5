/** Shared by commands that talk to the running agent: the socket option and the status of its errors. */
import type { Command } from 'commander';
import { ControlClient } from '../control/client.ts';
import { ControlError, RefusedRequest } from '../control/control-error.ts';
import { DEFAULT_SOCKET } from '../control/protocol.ts';
import { EXIT } from './exit-codes.ts';
import type { CliContext } from './terminal/context.ts';

export interface ClientOptions {
  readonly socket: string;
  readonly json?: boolean;
  /** How long the agent may take to respond. */
  readonly timeoutMs?: number;
}

export function withAgentOptions(command: Command): Command {
  return command
    .option('--socket <path>', 'control socket of the agent', DEFAULT_SOCKET)
    .option('--json', 'print JSON');
}

/** Runs `ask`; a failure of the control API becomes a message and an exit status. */
export async function askAgent(
  context: CliContext,
  { socket, timeoutMs }: ClientOptions,
  ask: (client: ControlClient) => Promise<void>,
): Promise<void> {
  try {
    await ask(new ControlClient(timeoutMs === undefined ? { socket } : { socket, timeoutMs }));
  } catch (error) {
    if (!(error instanceof ControlError || error instanceof RefusedRequest)) throw error;
    context.stderr(`vrrp-agent: ${error.message}\n`);
    const hint = hintOf(error);
    if (hint !== undefined) context.stderr(`${hint}\n`);
    context.setExitCode(exitCodeOf(error));
  }
}

function exitCodeOf(error: ControlError | RefusedRequest): number {
  const gone = error.code === 'no-agent' || error.code === 'connection-lost';
  return gone ? EXIT.noAgent : EXIT.failed;
}

function hintOf({ code }: ControlError | RefusedRequest): string | undefined {
  switch (code) {
    case 'no-agent':
      return 'Is it running? Start it with `vrrp-agent run --config FILE`, or name its socket with --socket.';
    case 'permission-denied':
      return 'Run this as root, or as a member of the group that control.mode admits.';
    default:
      return undefined;
  }
}
