/** Programs that run inside the namespaces during a test; all are ended by it. */
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

/** What is left ends at once. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map((child) => end(child, 'SIGKILL')));
}

export function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return ended;
}

/** The next line of the program. */
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

/** Nothing is worth waiting for any more. */
export class Ended extends Error {}

/** Until `check` says so. The machine is emulated: what takes a second elsewhere takes ten here. */
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
