/** Shared by commands that talk to the running agent: the socket option and the status of its errors. */
import { type Command, Option } from 'commander';
import { ControlClient, ControlError, DEFAULT_SOCKET, RefusedRequest } from '../library/client.ts';
import { EXIT } from './exit-codes.ts';
import { accessAdvice, installationHere, startAdvice } from './installation.ts';
import type { CliContext } from './terminal/context.ts';
import { showLive } from './terminal/live-screen.ts';

/** Names the socket for every command; `--socket` has precedence. */
export const SOCKET_VARIABLE = 'VRRP_AGENT_SOCKET';

export interface ClientOptions {
  readonly socket: string;
  readonly json?: boolean;
  /** How long the agent may take to respond. */
  readonly timeoutMs?: number;
}

export function withAgentOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--socket <path>', 'control socket of the agent')
        .default(DEFAULT_SOCKET)
        .env(SOCKET_VARIABLE),
    )
    .option('--json', 'print JSON');
}

/** For what is looked at while it changes. */
export function withWatchOption(command: Command): Command {
  return command.option('-w, --watch', 'draw it again each second, on a terminal; q ends');
}

export interface WatchOptions extends ClientOptions {
  readonly watch?: true;
}

/** Prints the text once, or with `--watch` again and again. */
export async function askOrWatch(
  context: CliContext,
  options: WatchOptions,
  textOf: (client: ControlClient) => Promise<string>,
): Promise<void> {
  if (options.watch !== true) {
    await askAgent(context, options, async (client) => context.stdout(await textOf(client)));
    return;
  }
  if (!context.isTty || options.json === true) {
    context.stderr('vrrp-agent: --watch needs a terminal, and cannot be combined with --json\n');
    context.setExitCode(EXIT.usage);
    return;
  }
  const socket = options.socket === '' ? DEFAULT_SOCKET : options.socket;
  await showLive(context, () => textOf(new ControlClient({ socket })));
}

/** Runs `ask`; a failure of the control API becomes a message and an exit status. */
export async function askAgent(
  context: CliContext,
  { socket: given, timeoutMs }: ClientOptions,
  ask: (client: ControlClient) => Promise<void>,
): Promise<void> {
  // An empty variable counts as not set.
  const socket = given === '' ? DEFAULT_SOCKET : given;
  try {
    await ask(new ControlClient(timeoutMs === undefined ? { socket } : { socket, timeoutMs }));
  } catch (error) {
    if (!(error instanceof ControlError || error instanceof RefusedRequest)) throw error;
    context.stderr(`vrrp-agent: ${error.message}\n`);
    const hint = hintOf(error, socket);
    if (hint !== undefined) context.stderr(`${hint}\n`);
    context.setExitCode(exitCodeOf(error));
  }
}

function exitCodeOf(error: ControlError | RefusedRequest): number {
  const gone = error.code === 'no-agent' || error.code === 'connection-lost';
  return gone ? EXIT.noAgent : EXIT.failed;
}

function hintOf({ code }: ControlError | RefusedRequest, socket: string): string | undefined {
  switch (code) {
    case 'no-agent':
      // Another socket than the usual one belongs to an agent that the unit does not start.
      return startAdvice(socket === DEFAULT_SOCKET ? installationHere() : 'plain');
    case 'permission-denied':
      return accessAdvice(socket);
    default:
      return undefined;
  }
}
