/** With a peer link: the VIP moves on purpose. */
import { ControlClient } from '../../src/control/client.ts';
import { agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import { Prober, probesIn } from '../../src/lab/probes/probe.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { handOver } from '../harness/hand-over.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { ONE_ROUTER } from '../harness/routers.ts';
import { atMost, Samples } from '../harness/row.ts';
import { alternate, type Scenario, type ScenarioContext } from '../harness/scenario.ts';

const INSTANCE = 'router-55';
/** The time of the first requests is no part of the measurement. */
const ANSWERS_BEFORE = 200;
const SPEC = {
  routers: ONE_ROUTER,
  intervalMilliseconds: 1_000,
  peerLink: { heartbeat: '50ms' },
};

export const peerLinkPlanned: Scenario = {
  name: 'peer-link-planned',
  title: 'Peer link: the VIP moves on purpose',
  method:
    'Adverts every second, a heartbeat of 50 ms on a second network, one echo request per ' +
    'millisecond. `failover`: until the agent reports that the other director has the VIP. SIGTERM ' +
    'of the MASTER: until its process has ended, looked at every millisecond. Requests without an ' +
    'answer, of those before the last answer.',
  async run(context) {
    const failover = await moved(
      { ...context, contenders: ['vrrp-agent'] },
      failedOver,
      'failover',
    );
    const stop = await moved(context, terminate, 'SIGTERM');
    const rows = [
      failover.lost.row('requests lost, failover', '', [atMost('max', 0)]),
      failover.done.row('time until done, failover', 'ms', [atMost('max', 60)]),
      stop.lost.row('requests lost, SIGTERM', '', [atMost('max', 0)]),
      stop.done.row('time until the process has ended, SIGTERM', 'ms', [atMost('max', 150)]),
    ];
    context.saveRows(rows);
    return rows;
  },
};

/** `act` resolves with milliseconds. */
async function moved(
  context: ScenarioContext,
  act: (pair: Pair) => Promise<number>,
  what: string,
): Promise<{ readonly lost: Samples; readonly done: Samples }> {
  const found = { lost: new Samples(), done: new Samples() };
  await alternate(context, context.repetitions, (contender) =>
    withPair(contender, SPEC, async (pair) => {
      if (contender === 'vrrp-agent') await linked(pair);
      const prober = await Prober.start(pair.lab, pair.address);
      await answered(pair);
      const done = await act(pair);
      await sleep(1_500);
      const probes = probesIn(await prober.stop(), pair.address);
      const last = probes.findLastIndex(({ answeredAt }) => answeredAt !== undefined);
      if (last < 0) throw new Error('the VIP never answered');
      const lost = probes.slice(0, last).filter((one) => one.answeredAt === undefined).length;
      found.lost.add(contender, lost);
      found.done.add(contender, done);
      context.log(`${contender}: ${what}: ${lost} requests lost, done in ${done.toFixed(1)} ms`);
    }),
  );
  return found;
}

async function linked(pair: Pair): Promise<void> {
  await Promise.all([pair.master, pair.backup].map((host) => pair.linkUp(host)));
}

/** The prober takes a while to start on a busy host. */
async function answered({ lab }: Pair): Promise<void> {
  await waitFor('answers to the client', async () => {
    const lines = (await lab.run(lab.client, 'cat', ['/proc/net/snmp'])).split('\n');
    const [names = '', numbers = ''] = lines.filter((line) => line.startsWith('Icmp: '));
    const column = names.split(' ').indexOf('InEchoReps');
    return Number(numbers.split(' ')[column]) >= ANSWERS_BEFORE;
  });
}

function failedOver({ lab }: Pair): Promise<number> {
  const socket = agentSocket(lab, lab.director(1));
  const client = new ControlClient({ socket, timeoutMs: 20_000 });
  return handOver(client, INSTANCE);
}

async function terminate(pair: Pair): Promise<number> {
  const peer = pair.peer(pair.master);
  const startedAt = performance.now();
  peer.signal('SIGTERM');
  while (peer.running) await sleep(1);
  return performance.now() - startedAt;
}
