/** With a witness and without one, in turns: the VIP moves on purpose. */
import { ControlClient } from '../../src/control/client.ts';
import { EtcdMember } from '../../src/lab/peers/etcd.ts';
import { agentSocket, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import { Prober, probesIn } from '../../src/lab/probes/probe.ts';
import { labPrefix } from '../../src/lab/run/labs.ts';
import { peerLinkOf } from '../../src/lab/scenario/peer-link.ts';
import { witnessOf } from '../../src/lab/scenario/witness.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { virtualAddress } from '../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { handOver } from '../harness/hand-over.ts';
import { BACKUP_PRIORITY, MASTER_PRIORITY } from '../harness/pair.ts';
import { atMost, Samples } from '../harness/row.ts';
import { alternate, type Scenario, type ScenarioContext } from '../harness/scenario.ts';
import { scenarioLabs } from '../harness/scenario-run.ts';

const INSTANCE = 'web';
const VIP = virtualAddress(0);
const LINK = { heartbeat: '50ms' };
const WITNESS = { etcd: 1, ttl: '2s' } as const;

/** How much longer the move may take with a witness, in milliseconds. */
const LONGER_MAX = 100;

interface Move {
  /** Milliseconds until the agent reports that the other director has the VIP. */
  readonly done: number;
  readonly lost: number;
}

export const witnessPlanned: Scenario = {
  name: 'witness-planned',
  title: 'Witness: the VIP moves on purpose',
  method:
    'Two directors, adverts every second, a heartbeat of 50 ms on a second network, one echo request per ' +
    'millisecond; in turns with etcd as the witness (`ttl: 2s`) and without. `failover`: until the agent ' +
    'reports that the other director has the VIP. Requests without an answer, of those before the last answer.',
  async run(context) {
    const lost = new Samples();
    const done = { with: new Samples(), without: new Samples() };
    const longer = new Samples();
    await alternate({ ...context, contenders: ['vrrp-agent'] }, context.repetitions, async () => {
      const without = await moved(context, false);
      const withWitness = await moved(context, true);
      lost.add('vrrp-agent', withWitness.lost);
      done.without.add('vrrp-agent', without.done);
      done.with.add('vrrp-agent', withWitness.done);
      longer.add('vrrp-agent', withWitness.done - without.done);
    });
    const rows = [
      lost.row('requests lost with a witness', '', [atMost('max', 0)]),
      done.with.row('time until done with a witness', 'ms'),
      done.without.row('time until done without', 'ms'),
      longer.row('longer with a witness', 'ms', [atMost('max', LONGER_MAX)]),
    ];
    context.saveRows(rows);
    return rows;
  },
};

async function moved(context: ScenarioContext, hasWitness: boolean): Promise<Move> {
  const lab = await scenarioLabs.up({
    prefix: labPrefix(),
    directors: 2,
    peerNetwork: true,
    gateway: true,
    witnesses: hasWitness ? WITNESS.etcd : 0,
  });
  try {
    const [master] = await startedIn(lab, hasWitness);
    if (master === undefined) throw new Error('a lab needs a director');
    const prober = await Prober.start(lab, VIP);
    await sleep(1_500);
    const done = await handOver(master, INSTANCE);
    await sleep(1_500);
    const probes = probesIn(await prober.stop(), VIP);
    const last = probes.findLastIndex(({ answeredAt }) => answeredAt !== undefined);
    if (last < 0) throw new Error('the VIP never answered');
    const lost = probes.slice(0, last).filter((one) => one.answeredAt === undefined).length;
    const how = hasWitness ? 'with' : 'without';
    context.log(`${how} a witness: ${lost} requests lost, done in ${done.toFixed(1)} ms`);
    return { done, lost };
  } finally {
    await scenarioLabs.down(lab);
  }
}

/** Clients of the agents, the MASTER's first, once both see each other. */
async function startedIn(lab: Lab, hasWitness: boolean): Promise<readonly ControlClient[]> {
  const { directors, witnesses } = lab.layout;
  const members = witnesses.map((host) => new EtcdMember(lab, host, witnesses));
  await Promise.all(members.map((one) => one.start()));
  await Promise.all(members.map((one) => one.ready()));
  const agents = directors.map((host, place) => {
    const priority = place === 0 ? MASTER_PRIORITY : BACKUP_PRIORITY;
    const addresses = [`${VIP}/32`];
    return startAgent(lab, host, {
      instances: [{ name: INSTANCE, priority, addresses, witness: hasWitness }],
      more: {
        peer_link: peerLinkOf(LINK, host, directors),
        ...(hasWitness ? { witness: witnessOf(WITNESS, witnesses) } : {}),
      },
    });
  });
  await Promise.all(agents);
  const clients = directors.map(
    (host) => new ControlClient({ socket: agentSocket(lab, host), timeoutMs: 20_000 }),
  );
  await waitFor('a MASTER, and the peer link', async () => {
    const [first] = clients;
    const isMaster = (await first?.status())?.instances[0]?.state === 'MASTER';
    const seen = await Promise.all(clients.map((one) => one.peers()));
    return isMaster && seen.every(({ directors: all }) => all.every(({ state }) => state === 'up'));
  });
  return clients;
}
