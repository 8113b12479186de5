/** Health checks of 1,000 real servers every 2 s: CPU time, and the effect on advertisements. */

import { ControlClient } from '../../src/control/client.ts';
import { run } from '../../src/lab/command.ts';
import { agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { sleep } from '../../src/lab/wait.ts';
import { advertsOf } from '../harness/adverts.ts';
import { BurstCapture } from '../harness/capture.ts';
import { regularityOf } from '../harness/grid.ts';
import { withPair } from '../harness/pair.ts';
import { manyRouters } from '../harness/routers.ts';
import { atMost, type Row, Samples } from '../harness/row.ts';
import type { Scenario, ScenarioContext } from '../harness/scenario.ts';
import { quantile } from '../harness/statistics.ts';
import { programPids, usageOf } from '../harness/usage.ts';

const SERVERS = 1_000;
/** The benchmark network of RFC 2544; the client answers for all of it. */
const NETWORK = '198.18.0.0/16';
/** Every check has a result by then, and servers that failed at first are up. */
const SETTLE_MILLISECONDS = 8_000;
/** Default of `interval`. */
const CHECK_MILLISECONDS = 2_000;
const INTERVAL_MILLISECONDS = 10;

type Kind = 'none' | 'tcp' | 'http';

const HTTP_SERVER = `require('node:http').createServer((_, answer) => answer.end('ok')).listen(80)`;

function addressOf(index: number): string {
  return `198.18.${Math.floor(index / 250)}.${(index % 250) + 1}`;
}

function ipvsKeys(kind: Kind): Record<string, unknown> {
  const service = (number: number) => ({
    name: `service-${number}`,
    address: `203.0.113.200:${8_000 + number}`,
    check: kind,
    servers: Array.from({ length: 10 }, (_, at) => `${addressOf(number * 10 + at)}:80`),
  });
  const services = Array.from({ length: SERVERS / 10 }, (_, number) => service(number));
  return { ipvs: { required: false, services } };
}

async function answerForAll(lab: Lab): Promise<void> {
  const { client } = lab;
  await run('ip', ['-n', client.namespace, 'route', 'add', 'local', NETWORK, 'dev', 'lo']);
  await lab.spawn(client, process.execPath, ['-e', HTTP_SERVER], { label: 'servers' });
  for (const director of [lab.director(1), lab.director(2)]) {
    const route = ['route', 'add', NETWORK, 'via', client.address];
    await run('ip', ['-n', director.namespace, ...route]);
  }
}

/** Total so far. Throws unless all servers are up, as a failed check costs less than an answered one. */
async function checksMade(client: ControlClient, kind: Kind): Promise<number> {
  if (kind === 'none') return 0;
  const servers = (await client.ipvs()).health.flatMap((service) => service.servers);
  const up = servers.filter(({ state }) => state === 'up').length;
  if (up !== SERVERS) throw new Error(`${up} of ${SERVERS} servers are up`);
  return servers.reduce((sum, { check }) => sum + (check?.runs ?? 0), 0);
}

interface Found {
  /** CPU time in percent of one core. */
  readonly percent: number;
  /** Checks that were due but not made, in percent. */
  readonly leftOut: number;
  readonly missed: number;
  readonly errorP99: number;
}

async function measure(context: ScenarioContext, kind: Kind): Promise<Found> {
  const milliseconds = context.quick ? 3 * CHECK_MILLISECONDS : 10 * CHECK_MILLISECONDS;
  const found: Found[] = [];
  const spec = {
    routers: manyRouters(1),
    intervalMilliseconds: INTERVAL_MILLISECONDS,
    agentKeys: ipvsKeys(kind),
  };
  await withPair('vrrp-agent', spec, async (pair) => {
    await answerForAll(pair.lab);
    await sleep(SETTLE_MILLISECONDS);
    const pids = await programPids(pair.master);
    const filter = `ip proto 112 and src ${pair.master.address}`;
    const capture = await BurstCapture.start(pair.lab, pair.backup, filter);
    const client = new ControlClient({ socket: agentSocket(pair.lab, pair.master) });
    const runsBefore = await checksMade(client, kind);
    const before = usageOf(pids).cpuNanoseconds;
    const began = performance.now();
    await sleep(milliseconds);
    const used = usageOf(pids).cpuNanoseconds - before;
    const elapsed = performance.now() - began;
    const percent = used / 1e4 / elapsed;
    const due = (SERVERS * elapsed) / CHECK_MILLISECONDS;
    const made = (await checksMade(client, kind)) - runsBefore;
    const leftOut = kind === 'none' ? 0 : Math.max(0, 1 - made / due) * 100;
    const times = advertsOf(await capture.stop(), pair.master.address).map(({ at }) => at);
    const { missed, errors, adverts } = regularityOf(times, INTERVAL_MILLISECONDS * 1_000);
    found.push({ percent, leftOut, missed, errorP99: quantile(errors, 0.99) ?? Number.NaN });
    context.log(`${kind}: ${percent.toFixed(1)} % of a core, ${adverts} adverts`);
  });
  const [only] = found;
  if (only === undefined) throw new Error('nothing was measured');
  return only;
}

/** Measures the cost of the adverts alone first, and subtracts it. */
async function measureAll(context: ScenarioContext): Promise<Row[]> {
  const without = await measure(context, 'none');
  const rows: Row[] = [];
  for (const kind of ['tcp', 'http'] as const) {
    const cpu = new Samples();
    const leftOut = new Samples();
    const missed = new Samples();
    const errorP99 = new Samples();
    const found = await measure(context, kind);
    cpu.add('vrrp-agent', found.percent - without.percent);
    leftOut.add('vrrp-agent', found.leftOut);
    missed.add('vrrp-agent', found.missed);
    errorP99.add('vrrp-agent', found.errorP99);
    const label = `1,000 servers checked by ${kind.toUpperCase()}`;
    rows.push(
      cpu.row(`${label}: CPU of one core`, '%', [atMost('median', 10)]),
      leftOut.row(`${label}: checks left out`, '%', [atMost('median', 2)]),
      missed.row(`${label}: missed adverts`, '', [atMost('max', 0)]),
      errorP99.row(`${label}: interval error, p99`, 'ms', [atMost('max', 1)]),
    );
  }
  return rows;
}

export const health: Scenario = {
  name: 'health',
  title: 'Health checks of 1,000 servers',
  method:
    'One router, adverts every 10 ms; both directors check 1,000 servers every 2 s, all of them ' +
    'addresses of one HTTP server in the namespace of the client. CPU time of all threads of the ' +
    'MASTER over 20 s (schedstat), minus that of a run without checks; it includes what the kernel ' +
    'does for the other end of a connection within a system call of the agent. All servers are up, ' +
    'and the checks made are counted. Also the regularity of its adverts. keepalived is not measured: ' +
    'it does not start its checks on a kernel without IPVS.',
  run: measureAll,
};
