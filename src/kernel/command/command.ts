/**
 * The one way to run a process: without a shell, in a new process group that is killed after a timeout,
 * with the same environment on every host, and with a limit on the output that is kept. `runCommand` is
 * for an operator's command and never rejects; `readCommand` is for a tool whose output the agent reads.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { assert } from '../../net/assert.ts';
import type { User } from '../permissions/users.ts';
import { withOrdinaryOomScore } from '../process/oom-score.ts';
import { withoutAmbient } from '../process/privileges.ts';
import { PROGRAM_FOLDERS } from './program.ts';

interface CommandOptions {
  /** The absolute path of the program, and its arguments. */
  readonly argv: readonly string[];
  /** Undefined: the user of the agent. Supplementary groups are dropped with the user. */
  readonly user: User | undefined;
  readonly timeoutMs: number;
  /** Variables in addition to `PATH`, `LANG`, `HOME`, `USER` and `LOGNAME`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends the command before the timeout. */
  readonly signal?: AbortSignal;
  /** Written to standard input, which is empty by default. */
  readonly input?: string;
}

export type CommandOutcome =
  | { readonly kind: 'exited'; readonly status: number; readonly output: string }
  | { readonly kind: 'signalled'; readonly signal: string; readonly output: string }
  | { readonly kind: 'timed-out'; readonly output: string }
  /** The command did not start. */
  | { readonly kind: 'failed'; readonly errno: string; readonly output: '' };

/** A command failed whose output is needed; the message is that of `describeOutcome`. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly outcome: CommandOutcome;

  constructor(outcome: CommandOutcome) {
    super(describeOutcome(outcome));
    this.outcome = outcome;
  }
}

/** People read the output of an operator's command: its beginning is enough. */
const OUTPUT_MAX = 4_096;

/** The agent needs all output of a tool: 5,000 addresses in an nftables table are 200 kB. */
const READ_MAX = 64 * 1024 * 1024;

/** From SIGTERM to SIGKILL. */
const GRACE_MS = 500;

const PATH = PROGRAM_FOLDERS.join(':');

/** The output in the outcome is the beginning of both streams together. */
export function runCommand(options: CommandOptions): Promise<CommandOutcome> {
  const output = new Output(OUTPUT_MAX);
  // A process that the command leaves in the background may keep its output open forever.
  return execute(options, { stdout: output, stderr: output, until: 'exit' });
}

/** Returns the standard output of a command that succeeds. Rejects with `CommandFailure`. */
export async function readCommand(options: CommandOptions): Promise<string> {
  const stdout = new Output(READ_MAX);
  const stderr = new Output(OUTPUT_MAX);
  const outcome = await execute(options, { stdout, stderr, until: 'close' });
  if (outcome.kind === 'exited' && outcome.status === 0) return stdout.text;
  throw new CommandFailure(outcome);
}

interface Reading {
  readonly stdout: Output;
  /** The output in the outcome. */
  readonly stderr: Output;
  /** `exit`: the process has ended. `close`: also, no other process has its output open. */
  readonly until: 'exit' | 'close';
}

function execute(
  options: CommandOptions,
  { stdout, stderr, until }: Reading,
): Promise<CommandOutcome> {
  const { signal, timeoutMs, input } = options;
  if (signal?.aborted === true) return Promise.resolve(failed('ECANCELED'));
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      const starting = () => withOrdinaryOomScore(() => start(options));
      child = options.user === undefined ? starting() : withoutAmbient(starting);
    } catch (error) {
      resolve(failed(errnoOf(error)));
      return;
    }
    let timedOut = false;
    let grace: NodeJS.Timeout | undefined;
    const settle = (outcome: CommandOutcome) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(outcome);
    };
    const end = () => {
      if (grace !== undefined) return;
      signalGroup(child, 'SIGTERM');
      // A process that ignores SIGTERM may outlive the leader of the group, but not the grace period.
      // Then the command counts as ended, even if the kernel cannot kill it (a dead network file system).
      grace = setTimeout(() => {
        signalGroup(child, 'SIGKILL');
        settle(outcomeOf(null, 'SIGKILL', timedOut, stderr.text));
      }, GRACE_MS);
    };
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, timeoutMs);
    signal?.addEventListener('abort', end, { once: true });
    stdout.take(child.stdout);
    stderr.take(child.stderr);
    // A command that ends without reading its input breaks the pipe; its status says why.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    child.once('error', (error) => settle(failed(errnoOf(error))));
    child.once(until, (status: number | null, by: NodeJS.Signals | null) => {
      // Output written before the end is read first.
      setImmediate(() => settle(outcomeOf(status, by, timedOut, stderr.text)));
    });
  });
}

/** For people: `exit status 2: disk is full`. */
export function describeOutcome(outcome: CommandOutcome): string {
  const said = firstLine(outcome.output);
  const tail = said === '' ? '' : `: ${said}`;
  switch (outcome.kind) {
    case 'exited':
      return `exit status ${outcome.status}${tail}`;
    case 'signalled':
      return `ended by ${outcome.signal}${tail}`;
    case 'timed-out':
      return `timed out${tail}`;
    case 'failed':
      return `could not be started: ${outcome.errno}`;
  }
}

/** `detached` makes the child the leader of a new session, and so of a process group (setsid(2)). */
function start({ argv, user, environment, input }: CommandOptions): ChildProcess {
  const [program = '', ...args] = argv;
  const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid };
  const name = user?.name ?? 'root';
  return spawn(program, args, {
    ...identity,
    cwd: '/',
    detached: true,
    env: {
      PATH,
      LANG: 'C.UTF-8',
      HOME: user?.home ?? '/',
      USER: name,
      LOGNAME: name,
      ...environment,
    },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: the group has ended.
  }
}

function outcomeOf(
  status: number | null,
  signal: NodeJS.Signals | null,
  timedOut: boolean,
  output: string,
): CommandOutcome {
  if (timedOut) return { kind: 'timed-out', output };
  if (signal !== null) return { kind: 'signalled', signal, output };
  assert(status !== null, 'a process ended with neither a status nor a signal');
  return { kind: 'exited', status, output };
}

function failed(errno: string): CommandOutcome {
  return { kind: 'failed', errno, output: '' };
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/** Reads a stream to its end, so that no writer blocks, and keeps only the beginning. */
class Output {
  readonly #limit: number;
  text = '';

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(stream: ChildProcess['stdout']): void {
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      const room = this.#limit - this.text.length;
      if (room > 0) this.text += chunk.slice(0, room);
    });
    stream?.on('error', () => {});
  }
}

function firstLine(output: string): string {
  const [line = ''] = output.trimStart().split('\n', 1);
  return line
    .replaceAll(/\p{Cc}/gu, '?')
    .slice(0, 200)
    .trimEnd();
}
