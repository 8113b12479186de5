/**
 * Processes of a lab, identified by pid and start time: the pid alone may belong to another process
 * by the time it is killed. Each leads a process group, so that signals reach its children too.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { LabError } from '../command.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat (proc(5)). */
  readonly startTime: string;
  readonly label: string;
}

interface SpawnOptions {
  readonly label: string;
  /** Standard output and error are appended here; undefined: discarded. */
  readonly logFile?: string | undefined;
}

export interface LabProcess {
  readonly identity: ProcessIdentity;
  /** Resolves when the process has ended: its status, or the name of the signal. */
  readonly ended: Promise<number | string>;
  /** Signals the whole group; false if the process has ended. */
  signal(name: NodeJS.Signals): boolean;
  /** Lets this program end before the process does. */
  release(): void;
}

/** `ip netns exec` replaces itself by the program, so that the pid is the program's. */
export async function spawnInNamespace(
  namespace: string,
  program: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<LabProcess> {
  const log = options.logFile === undefined ? undefined : openSync(options.logFile, 'a');
  const sink = log ?? 'ignore';
  const child = spawn('ip', ['netns', 'exec', namespace, program, ...args], {
    stdio: ['ignore', sink, sink],
    detached: true,
  });
  if (log !== undefined) closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return labProcess(child, options.label);
}

function labProcess(child: ChildProcess, label: string): LabProcess {
  const { pid } = child;
  if (pid === undefined) throw new LabError('command-failed', `${label} did not start`);
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (status, signal) => resolve(status ?? signal ?? 'unknown'));
  });
  // The process still exists, at least as a zombie: Node has not waited for it yet.
  const identity = { pid, startTime: statFields(pid)?.[19] ?? '', label };
  return {
    identity,
    ended,
    signal: (name) => signalGroup(identity, name),
    release: () => child.unref(),
  };
}

/** Undefined if there is no such process, or only a zombie. */
export function startTimeOf(pid: number): string | undefined {
  const fields = statFields(pid);
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

export function isRunning(identity: ProcessIdentity): boolean {
  return startTimeOf(identity.pid) === identity.startTime;
}

/** Only while the leader runs: later, the group id may belong to other processes. */
export function signalGroup(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    process.kill(-identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}

export async function waitUntilGone(
  identities: readonly ProcessIdentity[],
  milliseconds: number,
): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (identities.some(isRunning)) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}

/** The fields of /proc/PID/stat from the third (state) on: the name may contain spaces. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
