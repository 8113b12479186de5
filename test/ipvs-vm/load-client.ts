/** Controls `load-client.mjs`, a client with many connections. */
import type { ChildProcess } from 'node:child_process';
import { end, Lines, script, start, until } from './processes.ts';
import { DR_VIP, DR_VIP6, MARK, NAT_VIP, NAT_VIP6, PORT, PORTS, TUN_VIP } from './topology.ts';

export interface Phase {
  /** Longest time between two answers, in milliseconds. */
  readonly gap: number;
  /** Longest time from a line to its answer, in milliseconds. */
  readonly wait: number;
}

export interface Outcome {
  readonly kind: string;
  readonly vip: string;
  /** Why the connection did not survive; null: it did. */
  readonly lost: string | null;
  /** Datagrams without an answer. */
  readonly missed: number;
  /** One for each call of `mark`. */
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

  /** Opens 201 connections to each VIP, busy, slow and silent, and waits for an answer on each. */
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

  /** Opens connections over IPv6, tunnels and UDP, and persistent clients. */
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

  /** Opens 20 more to each VIP, with one answer each. */
  async openYoung(vips: readonly string[]): Promise<void> {
    for (const vip of vips) await this.#add(`tcp young ${vip} ${PORT} 20 1 0`, 20);
    await this.#answered();
  }

  /** Names as in `Director.connections`, with the templates of visitors, whose connections have ended. */
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

  /** Waits until no busy connection lacks an answer: TCP doubles the time between retransmissions. */
  answeredAgain(): Promise<void> {
    return until('busy connections are answered', async () => {
      const { waiting } = await this.#send('state');
      return waiting === 0;
    });
  }

  /** Ends a phase: times are measured again from zero. */
  async mark(): Promise<void> {
    await this.#send('mark');
  }

  async finish(): Promise<readonly Outcome[]> {
    const { result } = await this.#send('finish');
    return result as readonly Outcome[];
  }

  async stop(): Promise<void> {
    await end(this.#child, 'SIGKILL');
  }

  async #add(command: string, count: number): Promise<void> {
    await this.#send(command);
    this.#opened += count;
  }

  #answered(): Promise<void> {
    return until(`${this.#opened} connections are answered`, async () => {
      const { answered } = await this.#send('state');
      return Number(answered) >= this.#opened;
    });
  }

  async #names(): Promise<ConnectionName[]> {
    const { names } = await this.#send('names');
    return names as ConnectionName[];
  }

  async #send(command: string): Promise<Record<string, unknown>> {
    this.#child.stdin?.write(`${command}\n`);
    return JSON.parse(await this.#lines.next()) as Record<string, unknown>;
  }
}

export function lost(outcomes: readonly Outcome[]): string[] {
  return outcomes
    .filter((one) => one.lost !== null)
    .map(({ kind, vip, lost: why }) => `${kind} ${vip}: ${why}`);
}

/** The longest times of the busy connections in a phase, in seconds. */
export function longest(outcomes: readonly Outcome[], phase: number): Phase {
  const busy = outcomes.filter(({ kind }) => kind === 'busy');
  const of = (what: keyof Phase) =>
    Math.max(...busy.map(({ phases }) => phases.at(phase)?.[what] ?? Number.NaN)) / 1_000;
  return { gap: of('gap'), wait: of('wait') };
}
