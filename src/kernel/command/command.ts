/**
 * One run of an operator's command: no shell, a process group of its own that ends with the time it
 * is given, an environment that is the same on every machine, and no more output kept than a person
 * would read. Never rejects: whatever goes wrong is an outcome.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { User } from '../permissions/users.ts';

export interface CommandOptions {
  /** Program, an absolute path, and its arguments. */
  readonly argv: readonly string[];
  /** Undefined: the user of the agent. Supplementary groups are dropped with the user. */
  readonly user: User | undefined;
  readonly timeoutMs: number;
  /** Beside `PATH`, `LANG`, `HOME`, `USER` and `LOGNAME`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with the process id as soon as there is one. */
  readonly onStart?: (pid: number) => void;
}

export type CommandOutcome =
  | { readonly kind: 'exited'; readonly status: number; readonly output: string }
  | { readonly kind: 'signalled'; readonly signal: string; readonly output: string }
  | { readonly kind: 'timed-out'; readonly output: string }
  /** It did not start; the name of the errno. */
  | { readonly kind: 'failed'; readonly errno: string; readonly output: '' };

/** Of both streams together, the beginning. */
const OUTPUT_MAX = 4_096;

/** From SIGTERM to SIGKILL. */
const GRACE_MS = 500;

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function runCommand(options: CommandOptions): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = start(options);
    } catch (error) {
      resolve(failed(error));
      return;
    }
    const output = new Output();
    let timedOut = false;
    let grace: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => {
      timedOut = true;
      signalGroup(child, 'SIGTERM');
      grace = setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS);
    }, options.timeoutMs);
    const settle = (outcome: CommandOutcome) => {
      clearTimeout(timer);
      // Whoever has ignored SIGTERM in the group outlives its leader, but not the grace.
      if (!timedOut) clearTimeout(grace);
      resolve(outcome);
    };
    output.take(child.stdout);
    output.take(child.stderr);
    child.once('error', (error) => settle(failed(error)));
    child.once('exit', (status, signal) => {
      // What the command has left in the background may hold its output open for ever.
      setImmediate(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        settle(outcomeOf(status, signal, timedOut, output.text));
      });
    });
    if (child.pid !== undefined) options.onStart?.(child.pid);
  });
}

/** A sentence for people: `exit status 2: disk is full`. */
export function describeOutcome(outcome: CommandOutcome): string {
  const said = firstLine(outcome.output);
  const tail = said === '' ? '' : `: ${said}`;
  switch (outcome.kind) {
    case 'exited':
      return `exit status ${outcome.status}${tail}`;
    case 'signalled':
      return `ended by ${outcome.signal}${tail}`;
    case 'timed-out':
      return `not done in time${tail}`;
    case 'failed':
      return `could not be started: ${outcome.errno}`;
  }
}

/** `detached` makes the child the leader of a new session, and so of a process group (setsid(2)). */
function start({ argv, user, environment }: CommandOptions): ChildProcess {
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
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: nobody of the group is left.
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
  return { kind: 'exited', status: status ?? 0, output };
}

function failed(error: unknown): CommandOutcome {
  const errno = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return { kind: 'failed', errno, output: '' };
}

/** Both streams are read to their end, so that no writer waits; only the beginning is kept. */
class Output {
  text = '';

  take(stream: ChildProcess['stdout']): void {
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      if (this.text.length < OUTPUT_MAX) this.text = (this.text + chunk).slice(0, OUTPUT_MAX);
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
