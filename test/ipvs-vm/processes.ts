/** Programs that run in the namespaces during a test, which ends all of them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Host } from './topology.ts';

const running = new Set<ChildProcess>();

export function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

export function start(host: Host, argv: readonly string[]): ChildProcess {
  const child = spawn('ip', ['netns', 'exec', host, ...argv], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Kills all programs that still run. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map((child) => end(child, 'SIGKILL')));
}

export function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return ended;
}

/** The output of a program, line by line. */
export class Lines {
  readonly #waiting: ((line: string) => void)[] = [];
  readonly #lines: string[] = [];

  constructor(child: ChildProcess) {
    if (child.stdout === null) throw new Error('the program has no output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#lines.push(line);
      else next(line);
    });
  }

  next(): Promise<string> {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** The awaited program has ended: `until` fails immediately. */
export class Ended extends Error {}

/** Waits until `check` is true. The machine is emulated: a second elsewhere is ten seconds here. */
export async function until(
  what: string,
  check: () => boolean | Promise<boolean>,
  seconds = 240,
): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  let error: unknown;
  while (performance.now() < end) {
    try {
      if (await check()) return;
      error = undefined;
    } catch (failure) {
      if (failure instanceof Ended) throw failure;
      error = failure;
    }
    await pause(0.2);
  }
  throw new Error(`not reached in ${seconds} s: ${what}`, { cause: error });
}

export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}
