/** Sessions of BFD: how soon a death is seen beside a busy host, false alarms, and what they cost. */
import { ControlClient } from '../../src/control/client.ts';
import type { BfdDocument } from '../../src/control/protocol.ts';
import { ipBatch } from '../../src/lab/command.ts';
import { Bfdd } from '../../src/lab/peers/bfdd.ts';
import { type AgentPeer, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { HOST_INTERFACE, virtualAddress } from '../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { underLoad } from '../harness/busy-load.ts';
import { withLab } from '../harness/live-labs.ts';
import { atMost, type Row, Samples } from '../harness/row.ts';
import type { Scenario, ScenarioContext } from '../harness/scenario.ts';
import { programPids, usageOf } from '../harness/usage.ts';

const SESSIONS = 16;
const NEIGHBOURS = Array.from({ length: SESSIONS }, (_, at) => `192.0.2.${200 + at}`);
const WATCH_SECONDS = 60;
const SOAK_SECONDS = 600;
const QUICK_SECONDS = 5;
const COST_SECONDS = 20;
/** By then the machine code of what is done 100 times a second has been made, which costs as much again. */
const SETTLE_SECONDS = 20;

export const bfd: Scenario = {
  name: 'bfd',
  title: 'BFD with sixteen neighbours',
  method:
    'One director with sixteen sessions of 50 ms and multiplier 3; the neighbours are one bfdd of FRRouting ' +
    'with sixteen addresses. CPU time of the agent over 20 s on an idle host, 20 s after the sessions came ' +
    'up. Then one busy loop for each core: sessions that go down within a minute (--soak: ten minutes), and ' +
    'the time from SIGKILL of bfdd to the event of each session. keepalived is not measured.',
  async run(context) {
    const samples = { cost: new Samples(), alarms: new Samples(), detection: new Samples() };
    await withLab((lab) => measure(lab, context, samples));
    return rowsOf(samples);
  },
};

type Measured = Readonly<Record<'cost' | 'alarms' | 'detection', Samples>>;

function rowsOf({ cost, alarms, detection }: Measured): Row[] {
  return [
    cost.row('processor time of 16 sessions at 50 ms', '%', [atMost('max', 3)]),
    alarms.row('sessions that went down beside busy loops', '', [atMost('max', 0)]),
    detection.row('death to event, 50 ms x 3, beside busy loops', 'ms', [atMost('max', 200)]),
  ];
}

async function measure(lab: Lab, context: ScenarioContext, samples: Measured): Promise<void> {
  const { quick, soak, log } = context;
  const director = lab.director(1);
  await ipBatch(
    NEIGHBOURS.map((one) => `addr add ${one}/24 dev ${HOST_INTERFACE}`),
    lab.client.namespace,
  );
  const peers = NEIGHBOURS.map((one) => ({
    // bfdd has one single-hop session for an address and a link, whatever its own address is.
    peer: `${director.address} multihop local-address ${one}`,
  }));
  const bfdd = await Bfdd.start(lab, lab.client, peers);
  const track = NEIGHBOURS.map((neighbour) => ({
    weight: -1,
    bfd: { neighbour, source: director.address, multihop: true, interval: '50ms', multiplier: 3 },
  }));
  const agent = await startAgent(lab, director, {
    instances: [{ addresses: [`${virtualAddress(0)}/32`], track }],
  });
  await waitFor('the sessions', async () => (await sessions(agent)).every(isUp));
  await sleep(1_000 * SETTLE_SECONDS);
  const share = await costOf(agent, quick ? QUICK_SECONDS : COST_SECONDS);
  samples.cost.add('vrrp-agent', share);
  log(`vrrp-agent: ${share.toFixed(2)} % of a core`);
  await underLoad(async () => {
    await sleep(1_000 * (soak ? SOAK_SECONDS : quick ? QUICK_SECONDS : WATCH_SECONDS));
    const downs = (await sessions(agent)).reduce((sum, one) => sum + one.downs, 0);
    samples.alarms.add('vrrp-agent', downs);
    log(`vrrp-agent: ${downs} false alarms`);
    const killedAt = Date.now();
    bfdd.kill();
    for (const time of await detections(agent, killedAt)) samples.detection.add('vrrp-agent', time);
  });
}

/** In percent of one core. */
async function costOf({ host }: AgentPeer, seconds: number): Promise<number> {
  const pids = await programPids(host);
  const before = usageOf(pids).cpuNanoseconds;
  const startedAt = performance.now();
  await sleep(1_000 * seconds);
  const used = (usageOf(pids).cpuNanoseconds - before) / 1e6;
  return (100 * used) / (performance.now() - startedAt);
}

/** Milliseconds from the death to the event of each session. */
function detections(agent: AgentPeer, killedAt: number): Promise<number[]> {
  return waitFor('the events', async () => {
    const { events } = await new ControlClient({ socket: agent.socket }).events();
    const times = events
      .filter((one) => one.kind === 'track' && one.state === 'down')
      .map(({ at }) => Date.parse(at) - killedAt)
      // A false alarm is counted by itself.
      .filter((time) => time > 0);
    return times.length >= SESSIONS && times;
  });
}

async function sessions({ socket }: AgentPeer): Promise<readonly BfdDocument[]> {
  return (await new ControlClient({ socket }).status()).bfd ?? [];
}

function isUp({ state }: BfdDocument): boolean {
  return state === 'Up';
}
