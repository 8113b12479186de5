/**
 * The VIP is moved while both directors work: by the command `failover` of vrrp-agent, and by a lower
 * priority in the file and SIGHUP of keepalived, as its users do.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { ControlClient } from '../../src/control/client.ts';
import { RefusedRequest } from '../../src/control/control-error.ts';
import { agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import { Prober, probesIn } from '../../src/lab/probes/probe.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { configOf, startContender } from '../harness/contender.ts';
import { handOver } from '../harness/hand-over.ts';
import { withLab } from '../harness/live-labs.ts';
import { outageIn } from '../harness/outage.ts';
import { BACKUP_PRIORITY, MASTER_PRIORITY, type Pair, withPair } from '../harness/pair.ts';
import { ONE_ROUTER } from '../harness/routers.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario, type ScenarioContext } from '../harness/scenario.ts';

const SPEC = { routers: ONE_ROUTER, intervalMilliseconds: 1_000 };

/** Skew_Time of priority 100 at 1 s, and 50 ms. */
const DONE_MAX = 609.375 + 50;
const OUTAGE_MAX = 3;

/** Lower than the priority of the BACKUP. */
const LOWERED = 50;

const INSTANCE = 'router-55';

export const failover: Scenario = {
  name: 'failover',
  title: 'Planned failover',
  method:
    'One echo request a millisecond from the client; adverts every second; both directors stay up. ' +
    'The longest outage, and the time until only the other director has the VIP: by `failover` of ' +
    'vrrp-agent, and by a lower priority and SIGHUP of keepalived. Also vrrp-agent with keepalived ' +
    'as its peer, and without a peer.',
  async run(context) {
    const outage = new Samples();
    const done = new Samples();
    await alternate(context, context.repetitions, (contender) =>
      withPair(contender, SPEC, async (pair) => {
        const found = await measured(pair.lab, pair, () =>
          contender === 'vrrp-agent' ? failedOver(pair.lab) : lowerPriority(pair),
        );
        outage.add(contender, found.outage);
        done.add(contender, found.done);
        context.log(
          `${contender}: moved in ${found.done.toFixed(1)} ms, ${found.outage.toFixed(2)} ms without answer`,
        );
      }),
    );
    const mixed = await toKeepalived(context);
    const alone = await withoutPeer(context);
    return [
      outage.row('client outage, same program on both', 'ms', [
        atMost('max', OUTAGE_MAX),
        keepalivedPlus('median'),
      ]),
      done.row('time until done, same program on both', 'ms', [
        atMost('max', DONE_MAX),
        keepalivedPlus('median'),
      ]),
      mixed.outage.row('client outage, peer keepalived', 'ms', [atMost('max', OUTAGE_MAX)]),
      mixed.done.row('time until done, peer keepalived', 'ms', [atMost('max', DONE_MAX)]),
      alone.row('client outage, no peer', 'ms', [atMost('max', OUTAGE_MAX)]),
    ];
  },
};

/** The outage is captured at the client; `act` measures the time until done. */
async function measured(lab: Lab, { address }: Pick<Pair, 'address'>, act: () => Promise<number>) {
  const prober = await Prober.start(lab, address);
  await sleep(300);
  const done = await act();
  await sleep(500);
  const outage = outageIn(probesIn(await prober.stop(), address));
  if (outage === undefined) throw new Error('the VIP never answered');
  return { done, outage };
}

/** Milliseconds until the agent reports that it has handed over the VIP. */
function failedOver(lab: Lab): Promise<number> {
  const client = new ControlClient({
    socket: agentSocket(lab, lab.director(1)),
    timeoutMs: 20_000,
  });
  return handOver(client, INSTANCE);
}

/** Milliseconds until only the other director has the VIP, checked every 20 ms. */
async function lowerPriority(pair: Pair): Promise<number> {
  const { lab, master } = pair;
  const spec = { ...SPEC, priority: LOWERED };
  writeFileSync(
    lab.path(`${master.name}-keepalived.conf`),
    configOf('keepalived', lab, master, spec),
  );
  const pid = Number(readFileSync(lab.path(`${master.name}-keepalived.pid`), 'utf8'));
  const startedAt = performance.now();
  process.kill(pid, 'SIGHUP');
  await pair.settled(pair.backup);
  return performance.now() - startedAt;
}

async function toKeepalived(context: ScenarioContext) {
  const outage = new Samples();
  const done = new Samples();
  if (!context.contenders.includes('keepalived')) return { outage, done };
  await alternate({ ...context, contenders: ['vrrp-agent'] }, context.repetitions, () =>
    withLab(async (lab) => {
      const [master, backup] = [lab.director(1), lab.director(2)];
      await startContender('keepalived', lab, backup, { ...SPEC, priority: BACKUP_PRIORITY });
      await startContender('vrrp-agent', lab, master, { ...SPEC, priority: MASTER_PRIORITY });
      const [router] = ONE_ROUTER;
      const address = router?.addresses[0];
      if (address === undefined) throw new Error('a router needs an address');
      const alone = async () => {
        const holders = await lab.holders(address);
        return holders.length === 1 && holders[0] === master;
      };
      await waitFor('the agent alone as MASTER', alone, { milliseconds: 30_000 });
      const found = await measured(lab, { address }, () => failedOver(lab));
      outage.add('vrrp-agent', found.outage);
      done.add('vrrp-agent', found.done);
      context.log(
        `to keepalived: moved in ${found.done.toFixed(1)} ms, ${found.outage.toFixed(2)} ms without answer`,
      );
    }),
  );
  return { outage, done };
}

async function withoutPeer(context: ScenarioContext): Promise<Samples> {
  const outage = new Samples();
  await alternate({ ...context, contenders: ['vrrp-agent'] }, 1, () =>
    withPair('vrrp-agent', SPEC, async (pair) => {
      await pair.crash(pair.backup);
      const found = await measured(pair.lab, pair, () => refused(pair.lab));
      outage.add('vrrp-agent', found.outage);
      context.log(`without a peer: ${found.outage.toFixed(2)} ms without answer`);
    }),
  );
  return outage;
}

async function refused(lab: Lab): Promise<number> {
  const client = new ControlClient({
    socket: agentSocket(lab, lab.director(1)),
    timeoutMs: 20_000,
  });
  const startedAt = performance.now();
  try {
    await client.operate(INSTANCE, 'failover', { wait: '3s' });
  } catch (error) {
    if (!(error instanceof RefusedRequest) || error.code !== 'no-successor') throw error;
    return performance.now() - startedAt;
  }
  throw new Error('the failover succeeded without a peer');
}
