/** Load and faulty clients on the control socket: the effect on advertisements and memory. */
import { connect, type Socket } from 'node:net';
import { agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import { sleep } from '../../src/lab/wait.ts';
import { advertsOf } from '../harness/adverts.ts';
import { BurstCapture } from '../harness/capture.ts';
import { regularityOf } from '../harness/grid.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { manyRouters } from '../harness/routers.ts';
import { atMost, Samples } from '../harness/row.ts';
import type { Scenario } from '../harness/scenario.ts';
import { quantile } from '../harness/statistics.ts';
import { programPids, usageOf } from '../harness/usage.ts';

const INTERVAL = 10_000;
const SPEC = { routers: manyRouters(1), intervalMilliseconds: INTERVAL / 1_000, direct: true };

const REQUESTS_PER_SECOND = 1_000;
const CLIENTS = 8;
const IDLE_CONNECTIONS = 100;
const MALFORMED = ['\0\0\0', 'GET\r\n\r\n', 'POST /v1/status HTTP/1.1\r\n\r\n', 'x'.repeat(20_000)];
const STATUS = 'GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n';

export const control: Scenario = {
  name: 'control',
  title: 'Load on the control API',
  method:
    `One router, adverts every 10 ms. ${REQUESTS_PER_SECOND} status requests a second over ${CLIENTS} ` +
    `connections, ${IDLE_CONNECTIONS} connections that say nothing, clients that send half a ` +
    'request, and ten unreadable requests a second, for 20 s; then RSS after 5 s of it and at the ' +
    'end. keepalived has no such interface.',
  async run(context) {
    const found = {
      missed: new Samples(),
      errorP99: new Samples(),
      answered: new Samples(),
      growth: new Samples(),
    };
    const milliseconds = context.quick ? 8_000 : 20_000;
    await withPair('vrrp-agent', SPEC, async (pair) => {
      const pids = await programPids(pair.master);
      const fire = new Load(agentSocket(pair.lab, pair.master));
      const capture = await BurstCapture.start(
        pair.lab,
        pair.backup,
        `ip proto 112 and src ${pair.master.address}`,
      );
      fire.begin();
      await sleep(5_000);
      const early = usageOf(pids).residentBytes;
      await sleep(milliseconds);
      found.growth.add('vrrp-agent', (usageOf(pids).residentBytes - early) / 1_000_000);
      const answered = fire.end();
      found.answered.add('vrrp-agent', answered / ((milliseconds + 5_000) / 1_000));
      judge(await capture.stop(), pair, found);
      context.log(`vrrp-agent: ${answered} requests answered`);
    });
    return [
      found.missed.row('missed adverts', '', [atMost('max', 0)]),
      found.errorP99.row('interval error, p99', 'ms', [atMost('max', 1)]),
      found.growth.row('growth of RSS', 'MB', [atMost('max', 8)]),
      found.answered.row('requests answered a second', ''),
    ];
  },
};

function judge(
  frames: Awaited<ReturnType<BurstCapture['stop']>>,
  pair: Pair,
  found: { readonly missed: Samples; readonly errorP99: Samples },
): void {
  const times = advertsOf(frames, pair.master.address).map(({ at }) => at);
  const seen = regularityOf(times, INTERVAL);
  found.missed.add('vrrp-agent', seen.missed);
  found.errorP99.add('vrrp-agent', quantile(seen.errors, 0.99) ?? Number.NaN);
}

/** Many requests, silent and slow connections, and malformed requests. */
class Load {
  readonly #path: string;
  readonly #sockets = new Set<Socket>();
  readonly #timers: NodeJS.Timeout[] = [];
  #answered = 0;

  constructor(path: string) {
    this.#path = path;
  }

  begin(): void {
    const clients = Array.from({ length: CLIENTS }, () => this.#open());
    const every = (milliseconds: number, act: () => void) =>
      this.#timers.push(setInterval(act, milliseconds));
    for (const [index, first] of clients.entries()) {
      let client = this.#counting(first);
      every((1_000 * CLIENTS) / REQUESTS_PER_SECOND, () => {
        if (client.destroyed) client = this.#counting(this.#open());
        client.write(STATUS);
      });
      if (index < 4) every(400, () => this.#open().write(MALFORMED[index] ?? ''));
    }
    every(1_000, () => {
      while (this.#sockets.size < IDLE_CONNECTIONS) this.#open();
      this.#open().write('GET /v1/status HTTP/1.1\r\nHo');
    });
  }

  /** Number of answered requests. */
  end(): number {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sockets) socket.destroy();
    return this.#answered;
  }

  #open(): Socket {
    const socket = connect(this.#path);
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    socket.resume();
    return socket;
  }

  #counting(socket: Socket): Socket {
    socket.on('data', (text: Buffer) => {
      this.#answered += text.toString('latin1').split('HTTP/1.1 200').length - 1;
    });
    return socket;
  }
}
