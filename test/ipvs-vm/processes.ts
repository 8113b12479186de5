/** Programs that run inside the namespaces during a test; all are ended by it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ControlClient } from '../../src/control/client.ts';
import type { IpvsDocument } from '../../src/control/ipvs-document.ts';
import type { InstanceDocument } from '../../src/control/protocol.ts';
import type { Host } from './topology.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

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

export interface Outcome {
  readonly kind: string;
  readonly vip: string;
  readonly lost: string | null;
  readonly gap_ms: number;
}

/** The client of `load-client.mjs`. */
export class LoadClient {
  readonly #child: ChildProcess;
  readonly #lines: Lines;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#lines = new Lines(child);
  }

  static async start(): Promise<LoadClient> {
    const client = new LoadClient(start('client', ['node', script('load-client.mjs')]));
    await client.#lines.next();
    return client;
  }

  async tell(command: string): Promise<Record<string, unknown>> {
    this.#child.stdin?.write(`${command}\n`);
    return JSON.parse(await this.#lines.next()) as Record<string, unknown>;
  }

  async finish(): Promise<readonly Outcome[]> {
    const { result } = await this.tell('finish');
    return result as readonly Outcome[];
  }
}

/** One director with its agent. */
export class Director {
  readonly host: 'a' | 'b';
  readonly socket: string;
  readonly #client: ControlClient;
  #child: ChildProcess | undefined;

  constructor(host: 'a' | 'b') {
    this.host = host;
    this.socket = `/run/vrrp-agent-${host}.sock`;
    this.#client = new ControlClient({ socket: this.socket, timeoutMs: 20_000 });
  }

  /** `config` without `control` and `state_dir`, which are the director's own. */
  start(config: object): void {
    const file = `/run/vrrp-agent-${this.host}.json`;
    const own = { control: { socket: this.socket }, state_dir: `/run/vrrp-agent-${this.host}` };
    writeFileSync(file, JSON.stringify({ router: this.host, ...own, ...config }));
    this.#child = start(this.host, ['node', PROGRAM, 'run', '--config', file]);
    const child = this.#child;
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      console.log(`${this.host}: ${line}`);
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    return this.#child === undefined ? null : end(this.#child, signal);
  }

  async instance(): Promise<InstanceDocument | undefined> {
    return (await this.#client.status()).instances[0];
  }

  ipvs(): Promise<IpvsDocument> {
    return this.#client.ipvs();
  }

  /** Until the first instance is in the state. */
  reached(state: string): Promise<void> {
    return until(`${this.host} is ${state}`, async () => (await this.instance())?.state === state);
  }
}

export async function until(
  what: string,
  check: () => boolean | Promise<boolean>,
  seconds = 90,
): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  let error: unknown;
  while (performance.now() < end) {
    try {
      if (await check()) return;
    } catch (failure) {
      error = failure;
    }
    await pause(0.1);
  }
  throw new Error(`not reached in ${seconds} s: ${what}`, { cause: error });
}

export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}
