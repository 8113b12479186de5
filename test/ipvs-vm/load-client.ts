/** Many connections of one client: `load-client.mjs`, told what to do. */
import type { ChildProcess } from 'node:child_process';
import { end, Lines, script, start, until } from './processes.ts';
import { DR_VIP, DR_VIP6, MARK, NAT_VIP, NAT_VIP6, PORT, PORTS, TUN_VIP } from './topology.ts';

export interface Phase {
  /** Between two answers. */
  readonly gap: number;
  /** From a line to its answer. */
  readonly wait: number;
}

export interface Outcome {
  readonly kind: string;
  readonly vip: string;
  /** Why it did not survive. */
  readonly lost: string | null;
  /** Datagrams without an answer. */
  readonly missed: number;
  /** Of each mark: what was longest since the one before it, in milliseconds. */
  readonly phases: readonly Phase[];
}

interface ConnectionName {
  readonly kind: string;
  readonly protocol: string;
  readonly client: string;
  readonly service: string;
}

export class LoadClient {
  readonly #child: ChildProcess;
  readonly #lines: Lines;
  #opened = 0;

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
    for (const vip of vips) {
      await this.#add(`tcp busy ${vip} ${PORT} 1 1 100`, 1);
      await this.#add(`tcp slow ${vip} ${PORT} 100 1 2000`, 100);
      await this.#add(`tcp silent-1 ${vip} ${PORT} 50 1 0`, 50);
      await this.#add(`tcp silent-5 ${vip} ${PORT} 50 5 0`, 50);
    }
    await this.#answered();
  }

  async openSome(vip: string, count: number): Promise<void> {
    await this.#add(`tcp slow ${vip} ${PORT} ${count} 1 2000`, count);
    await this.#answered();
  }

  /** Some over whatever else there is: IPv6, tunnels, UDP, and clients that come again. */
  async openOthers(): Promise<void> {
    for (const vip of [NAT_VIP6, DR_VIP6, TUN_VIP]) {
      await this.#add(`tcp busy ${vip} ${PORT} 1 1 100`, 1);
      await this.#add(`tcp slow ${vip} ${PORT} 5 1 2000`, 5);
      await this.#add(`tcp silent-1 ${vip} ${PORT} 6 1 0`, 6);
    }
    await this.#add(`udp datagrams ${NAT_VIP} ${PORT} 5 1 1000`, 5);
    await this.#add(`udp datagrams-silent ${NAT_VIP} ${PORT} 5 3 0`, 5);
    await this.#add(`udp one-packet ${DR_VIP} ${PORTS.marked} 1 1 500`, 1);
    await this.#add(`visit visitor tcp ${DR_VIP} ${PORTS.visited} ${PORTS.visited} 8`, 8);
    await this.#add(`visit visitor-udp udp ${DR_VIP} ${PORTS.visited} ${PORTS.visited} 8`, 8);
    await this.#add(`visit marked tcp ${NAT_VIP} ${PORTS.marked} ${PORTS.markedToo} 8`, 8);
    await this.#answered();
  }

  /** 20 more to each VIP, with one answer each. */
  async openYoung(vips: readonly string[]): Promise<void> {
    for (const vip of vips) await this.#add(`tcp young ${vip} ${PORT} 20 1 0`, 20);
    await this.#answered();
  }

  /** What `Director.connections` calls each; also where visitors go, whose connections have ended. */
  async names(): Promise<ReadonlySet<string>> {
    const synced = (await this.#names()).filter(({ kind }) => kind !== 'one-packet');
    return new Set(
      synced.map(({ kind, protocol, client, service }) =>
        kind === 'marked'
          ? `IP ${client} 0.0.0.${MARK} 0`
          : `${protocol.toUpperCase()} ${client} ${service}`,
      ),
    );
  }

  async busyPorts(): Promise<number[]> {
    const busy = (await this.#names()).filter(({ kind }) => kind === 'busy');
    return busy.map(({ client }) => Number(client.split(' ')[1]));
  }

  /** Until no busy connection waits: TCP takes as long again as it has waited already. */
  answeredAgain(): Promise<void> {
    return until('busy connections are answered', async () => {
      const { waiting } = await this.#tell('state');
      return waiting === 0;
    });
  }

  /** A phase ends: times are measured anew. */
  async mark(): Promise<void> {
    await this.#tell('mark');
  }

  async finish(): Promise<readonly Outcome[]> {
    const { result } = await this.#tell('finish');
    return result as readonly Outcome[];
  }

  async stop(): Promise<void> {
    await end(this.#child, 'SIGKILL');
  }

  async #add(command: string, count: number): Promise<void> {
    await this.#tell(command);
    this.#opened += count;
  }

  #answered(): Promise<void> {
    return until(`${this.#opened} connections are answered`, async () => {
      const { answered } = await this.#tell('state');
      return Number(answered) >= this.#opened;
    });
  }

  async #names(): Promise<ConnectionName[]> {
    const { names } = await this.#tell('names');
    return names as ConnectionName[];
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

/** The longest of the busy connections in a phase, in seconds. */
export function longest(outcomes: readonly Outcome[], phase: number): Phase {
  const busy = outcomes.filter(({ kind }) => kind === 'busy');
  const of = (what: keyof Phase) =>
    Math.max(...busy.map(({ phases }) => phases.at(phase)?.[what] ?? Number.NaN)) / 1_000;
  return { gap: of('gap'), wait: of('wait') };
}
