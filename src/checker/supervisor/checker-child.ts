/** One run of the checker process, as the agent sees it: messages in both directions, and one end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { NO_DEBUGGER } from '../../kernel/process/no-debugger.ts';
import { withOrdinaryOomScore } from '../../kernel/process/oom-score.ts';
import type { Privileges } from '../../kernel/process/privileges.ts';
import { LineReader } from '../channel/lines.ts';
import {
  decodeFromChecker,
  type FromChecker,
  LINE_MAX,
  type ToChecker,
} from '../channel/messages.ts';
import { CHANNEL_FD, type CheckerArguments } from '../process/arguments.ts';

export interface CheckerChild {
  /** Undefined: it could not be started. */
  readonly pid: number | undefined;
  send(message: ToChecker): void;
  /**
   * To be called every second. Returns the bytes of memory that it uses; undefined: unknown. The commands
   * that it runs now are killed when it ends.
   */
  look(): number | undefined;
  /** Asks it to end; commands that it runs get a moment for that. */
  end(): void;
  kill(): void;
}

export interface ChildEvents {
  readonly message: (message: FromChecker) => void;
  /** Exactly once, also if it could not be started; later than the return of `start`. */
  readonly gone: (why: string) => void;
}

export type StartChild = (privileges: Privileges, events: ChildEvents) => CheckerChild;

/**
 * A limit of the heap, a small young generation and few helper threads: the process waits nearly all
 * of the time. The agent watches the memory beside the heap (`memory`).
 */
const FLAGS = ['--max-old-space-size=128', '--max-semi-space-size=1', '--v8-pool-size=1'];

/** Name lookups of a broken resolver hold a thread each; files need some as well. */
const POOL_THREADS = '16';

/** Of the service manager, which knows the agent and no other process. */
const NOT_PASSED_ON = new Set(['NOTIFY_SOCKET', 'WATCHDOG_PID', 'WATCHDOG_USEC']);

/** The end of what it wrote to standard error says why it ended. */
const STDERR_KEPT = 2_048;

/** Characters of messages in a second. A thousand probes that run ten times a second need half. */
const FLOOD = 4 * 1_024 * 1_024;
const FLOOD_MS = 1_000;

export function startCheckerChild(script: URL): StartChild {
  return (privileges, events) => new RunningChild(script, privileges, events);
}

class RunningChild implements CheckerChild {
  readonly #process: ChildProcess | undefined;
  readonly #events: ChildEvents;
  readonly #reader = new LineReader(LINE_MAX);
  #stderr = '';
  /** Why this side has killed it. */
  #fault: string | undefined;
  #isGone = false;
  #commands: Commands = new Map();
  #flood = { since: 0, length: 0 };

  constructor(script: URL, privileges: Privileges, events: ChildEvents) {
    this.#events = events;
    try {
      this.#process = withOrdinaryOomScore(() => start(script, privileges));
    } catch (error) {
      setImmediate(() => this.#end(error instanceof Error ? error.message : String(error)));
      return;
    }
    this.#listen(this.#process);
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  send(message: ToChecker): void {
    const channel = this.#channel;
    if (channel?.writable === true) channel.write(`${JSON.stringify(message)}\n`);
  }

  look(): number | undefined {
    this.#commands = commandsOf(this.pid);
    const resident = /^VmRSS:\s*([0-9]+) kB$/m.exec(procFile(this.pid, 'status'))?.[1];
    return resident === undefined ? undefined : Number(resident) * 1_024;
  }

  end(): void {
    this.#channel?.end();
  }

  /** Its commands are killed too: nothing else would end them at their timeout. */
  kill(): void {
    // The pid that Node has for a process that never started is arbitrary; 0 is the agent's own group.
    if (this.pid === undefined) return;
    const commands = commandsOf(this.pid);
    this.#process?.kill('SIGKILL');
    killCommands(commands);
  }

  get #channel(): Socket | undefined {
    // Without a descriptor for the pipes Node creates none of them, and reports the error later.
    const stdio: ChildProcess['stdio'] | undefined = this.#process?.stdio;
    const channel = stdio?.[CHANNEL_FD];
    return channel instanceof Socket ? channel : undefined;
  }

  #listen(child: ChildProcess): void {
    child.once('error', ({ message }) => this.#end(message));
    // `close` also waits for the last messages, but never comes while a command keeps a stream open.
    child.once('exit', (status, signal) => {
      setImmediate(() => this.#end(this.#fault ?? describeEnd(status, signal, this.#stderr)));
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    child.stderr?.on('error', () => {});
    const channel = this.#channel;
    channel?.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    channel?.on('error', () => {});
  }

  /** What the agent does with a message is not the fault of the process that sent it. */
  #read(text: string): void {
    for (const message of this.#messagesIn(text)) this.#events.message(message);
  }

  /** The messages before the first one that breaks the protocol, which ends the process. */
  #messagesIn(text: string): FromChecker[] {
    const messages: FromChecker[] = [];
    if (this.#fault !== undefined) return messages;
    try {
      this.#countFlood(text.length);
      for (const line of this.#reader.read(text)) {
        const message = decodeFromChecker(line);
        if (!message.ok) throw new Error(message.error);
        messages.push(message.value);
      }
    } catch (error) {
      this.#fault = `it broke the protocol: ${error instanceof Error ? error.message : ''}`;
      this.kill();
    }
    return messages;
  }

  #countFlood(length: number): void {
    const now = performance.now();
    if (now - this.#flood.since > FLOOD_MS) this.#flood = { since: now, length: 0 };
    this.#flood.length += length;
    if (this.#flood.length > FLOOD) throw new Error('too many messages');
  }

  #end(why: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#channel?.destroy();
    killCommands(this.#commands);
    this.#events.gone(why);
  }
}

/** Empty if there is none (proc(5)). */
function procFile(pid: number | undefined, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'ascii');
  } catch {
    return '';
  }
}

/** Process groups and the start times of their leaders: the number of one may be in use again. */
type Commands = ReadonlyMap<number, string>;

function commandsOf(checker: number | undefined): Commands {
  const groups = procFile(checker, `task/${checker}/children`).match(/[0-9]+/g) ?? [];
  return new Map(groups.map(Number).map((group) => [group, startOf(group)]));
}

function killCommands(commands: Commands): void {
  for (const [group, started] of commands) {
    if (started === '' || startOf(group) !== started) continue;
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // ESRCH: it has ended.
    }
  }
}

/** Field 22 of /proc/PID/stat, counted after the name; empty if there is no such process (proc(5)). */
function startOf(pid: number): string {
  const stat = procFile(pid, 'stat');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function start(script: URL, privileges: Privileges): ChildProcess {
  const args: CheckerArguments = { parent: process.pid, privileges };
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_PASSED_ON.has(name));
  const env = { ...Object.fromEntries(inherited), UV_THREADPOOL_SIZE: POOL_THREADS };
  const argv = [...FLAGS, NO_DEBUGGER, fileURLToPath(script), JSON.stringify(args)];
  return spawn(process.execPath, argv, {
    cwd: '/',
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
}

function describeEnd(status: number | null, signal: NodeJS.Signals | null, stderr: string): string {
  const how = signal === null ? `ended with status ${status}` : `killed by ${signal}`;
  const said = /^.*(?:error|fatal).*$/im.exec(stderr)?.[0].trim() ?? '';
  return said === '' ? how : `${how}: ${said.slice(0, 200)}`;
}
