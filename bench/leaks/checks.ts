/**
 * One real agent with hundreds of tracked objects, checked ten times a second: servers that accept, refuse,
 * and come and go, requests over HTTP, files, processes, and commands.
 */
import { writeFileSync } from 'node:fs';
import { ControlClient } from '../../src/control/client.ts';
import type { StatusDocument } from '../../src/control/protocol.ts';
import { type AgentPeer, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { sleep } from '../../src/lab/wait.ts';
import { withLab } from '../harness/live-labs.ts';
import { type Census, censusOf } from './census.ts';
import type { LeakRun } from './transitions.ts';

interface CheckOptions {
  readonly checks: number;
  /** How many objects are tracked, about. */
  readonly objects: number;
  readonly log: (line: string) => void;
}

const SAMPLES = 40;
const LINES = 10;
const SAMPLE_MILLISECONDS_MIN = 250;

const [OPEN, FLAPPING, CLOSED] = [8_001, 8_002, 8_003];

/** The port of the second one is closed every other second. */
const SERVERS = `
const { createServer } = require('node:http');
createServer((_, answer) => answer.end('ok')).listen(${OPEN});
const flapping = createServer((_, answer) => answer.end('ok'));
const flap = () => {
  if (!flapping.listening) return flapping.listen(${FLAPPING});
  flapping.closeAllConnections();
  flapping.close();
};
flap();
setInterval(flap, 1000);
`;

export function runChecks(options: CheckOptions): Promise<LeakRun> {
  return withLab(async (lab) => {
    const host = lab.director(1);
    await lab.spawn(host, process.execPath, ['-e', SERVERS], { label: 'servers' });
    const file = lab.path('present');
    writeFileSync(file, '');
    const track = trackedObjects(options.objects, file);
    const agent = await startAgent(lab, host, {
      instances: [{ addresses: ['192.0.2.100/32'], priority: 254, track }],
    });
    return await watch(lab, agent, options);
  });
}

/** Most of them are cheap: a command costs as much as a hundred connections. */
function trackedObjects(count: number, file: string): object[] {
  const every = { interval: '100ms', init: 'up', weight: -1 };
  const some = (share: number, make: (at: number) => object) =>
    Array.from({ length: Math.max(1, Math.round(count * share)) }, (_, at) => make(at));
  return [
    ...some(0.5, (at) => ({ ...every, name: `open-${at}`, tcp: `127.0.0.1:${OPEN}` })),
    ...some(0.25, (at) => ({ ...every, name: `closed-${at}`, tcp: `127.0.0.1:${CLOSED}` })),
    ...some(0.1, (at) => ({ ...every, name: `flapping-${at}`, tcp: `127.0.0.1:${FLAPPING}` })),
    ...some(0.1, (at) => ({ ...every, name: `http-${at}`, http: `http://127.0.0.1:${OPEN}/` })),
    ...some(0.02, (at) => ({ file, name: `file-${at}`, weight: -1 })),
    ...some(0.01, (at) => ({
      ...{ ...every, interval: '1s', name: `command-${at}`, script: ['/bin/true'] },
    })),
    { ...every, interval: '1s', name: 'process', process: 'node' },
  ];
}

async function watch(lab: Lab, agent: AgentPeer, options: CheckOptions): Promise<LeakRun> {
  const { checks, log } = options;
  const client = new ControlClient({ socket: agent.socket, timeoutMs: 20_000 });
  const series = { agent: [] as Census[], checker: [] as Census[] };
  const began = performance.now();
  let done = 0;
  let sampled = 0;
  let logged = 0;
  const checker = (await client.status()).checker?.pid ?? undefined;
  while (done < checks) {
    await sleep(SAMPLE_MILLISECONDS_MIN);
    const status = await client.status();
    done = runsIn(status);
    if ((done * SAMPLES) / checks < sampled) continue;
    sampled += 1;
    const now = status.checker?.pid ?? undefined;
    if (checker === undefined || now !== checker) {
      throw new Error(`the checker process has ended: see ${lab.path('lb1-agent.log')}`);
    }
    series.agent.push(censusOf(agent.pid ?? 0));
    series.checker.push(censusOf(checker));
    if ((done * LINES) / checks < logged + 1) continue;
    logged = Math.floor((done * LINES) / checks);
    log(`${done} checks in ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  }
  return { done, seconds: (performance.now() - began) / 1_000, series };
}

function runsIn({ instances }: StatusDocument): number {
  return instances.flatMap(({ tracks }) => tracks).reduce((sum, { runs }) => sum + runs, 0);
}
