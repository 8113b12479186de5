/** Many connections of one client: `load-client.mjs`, told what to do. */
import type { ChildProcess } from 'node:child_process';
import { end, Lines, script, start, until } from './processes.ts';
import { PORT } from './topology.ts';

export interface Outcome {
  readonly kind: string;
  readonly vip: string;
  /** Why it did not survive. */
  readonly lost: string | null;
  /** The longest time between two answers. */
  readonly gap_ms: number;
}

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

  /** 201 connections to each VIP, busy, slow and silent; all of them have been answered. */
  async open(vips: readonly string[]): Promise<void> {
    for (const vip of vips) await this.#tell(`open ${vip} ${PORT}`);
    await this.#answered(vips.length * 201);
  }

  /** 20 more to each VIP, with one answer each. */
  async openYoung(vips: readonly string[]): Promise<void> {
    for (const vip of vips) await this.#tell(`young ${vip} ${PORT}`);
    await this.#answered(vips.length * 221);
  }

  /** Local port and VIP of each, as `Director.connections` names them. */
  async names(): Promise<ReadonlySet<string>> {
    const { names } = await this.#tell('names');
    return new Set(names as readonly string[]);
  }

  async finish(): Promise<readonly Outcome[]> {
    const { result } = await this.#tell('finish');
    return result as readonly Outcome[];
  }

  async stop(): Promise<void> {
    await end(this.#child, 'SIGKILL');
  }

  #answered(count: number): Promise<void> {
    return until(`${count} connections are answered`, async () => {
      const { answered } = await this.#tell('state');
      return Number(answered) >= count;
    });
  }

  async #tell(command: string): Promise<Record<string, unknown>> {
    this.#child.stdin?.write(`${command}\n`);
    return JSON.parse(await this.#lines.next()) as Record<string, unknown>;
  }
}

export function lost(outcomes: readonly Outcome[]): string[] {
  return outcomes
    .filter((one) => one.lost !== null)
    .map(({ kind, vip, lost: why }) => `${kind} ${vip}: ${why}`);
}

/** The longest silence of the busy connections, in seconds. */
export function outage(outcomes: readonly Outcome[]): number {
  const gaps = outcomes.filter(({ kind }) => kind === 'busy').map(({ gap_ms: gap }) => gap);
  return Math.max(...gaps) / 1_000;
}
