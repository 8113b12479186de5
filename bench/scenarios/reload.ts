/** A file with 255 routers of which one has changed is reloaded: the effect on the others. */
import { readFileSync, writeFileSync } from 'node:fs';
import { ControlClient } from '../../src/control/client.ts';
import { agentFile, agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { ip } from '../../src/net/address.ts';
import { advertsOf, byVrid, takeovers } from '../harness/adverts.ts';
import { BurstCapture } from '../harness/capture.ts';
import { configOf } from '../harness/contender.ts';
import { regularityOf } from '../harness/grid.ts';
import { MASTER_PRIORITY, type Pair, withPair } from '../harness/pair.ts';
import { manyRouters, VRIDS_MAX } from '../harness/routers.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';

const INTERVAL = 100;
const ROUTERS = manyRouters();
const SPEC = { routers: ROUTERS, intervalMilliseconds: INTERVAL, direct: true };
const ADDED = ip('203.0.113.254');
const REPETITIONS = 3;

export const reload: Scenario = {
  name: 'reload',
  title: 'Reload of 255 routers',
  method:
    `${VRIDS_MAX} routers, adverts every ${INTERVAL} ms. The last one gets a second address in the file ` +
    'of the MASTER, which then reloads (`reload`; SIGHUP for keepalived). Missing adverts of the ' +
    'other 254 in the 5 s around it, captured at the BACKUP.',
  async run(context) {
    const missed = new Samples();
    const taken = new Samples();
    const there = new Samples();
    const repetitions = context.quick ? 1 : REPETITIONS;
    await alternate(context, repetitions, (contender) =>
      withPair(contender, SPEC, async (pair) => {
        const filter = 'ip proto 112';
        const capture = await BurstCapture.start(pair.lab, pair.backup, filter);
        await sleep(2_000);
        const added = await changed(pair);
        await sleep(3_000);
        const frames = await capture.stop();
        const ours = byVrid(advertsOf(frames, pair.master.address));
        let sum = 0;
        for (const [vrid, adverts] of ours) {
          if (vrid === VRIDS_MAX) continue;
          sum += regularityOf(
            adverts.map(({ at }) => at),
            INTERVAL * 1_000,
          ).missed;
        }
        missed.add(contender, sum);
        const others = advertsOf(frames, pair.backup.address);
        taken.add(contender, takeovers(others, 1_000_000));
        there.add(contender, added);
        context.log(`${contender}: ${sum} missed, there after ${added.toFixed(0)} ms`);
      }),
    );
    return [
      missed.row('missed adverts of the unchanged routers', '', [
        atMost('max', 0),
        keepalivedPlus('max'),
      ]),
      taken.row('takeovers by the BACKUP', '', [atMost('max', 0)]),
      there.row('time until the new address is present', 'ms'),
    ];
  },
};

/** Milliseconds until the address is present. */
async function changed(pair: Pair): Promise<number> {
  const { lab, master, contender } = pair;
  const routers = ROUTERS.map((router) =>
    router.vrid === VRIDS_MAX ? { ...router, addresses: [...router.addresses, ADDED] } : router,
  );
  const text = configOf(contender, lab, master, { ...SPEC, routers, priority: MASTER_PRIORITY });
  const isOurs = contender === 'vrrp-agent';
  writeFileSync(isOurs ? agentFile(lab, master) : lab.path(`${master.name}-keepalived.conf`), text);
  const startedAt = performance.now();
  if (isOurs) {
    const client = new ControlClient({ socket: agentSocket(lab, master), timeoutMs: 20_000 });
    await client.reload({ dryRun: false });
  } else {
    process.kill(Number(readFileSync(lab.path(`${master.name}-keepalived.pid`), 'utf8')), 'SIGHUP');
  }
  const isThere = async () =>
    (await lab.addresses(master)).some(({ address }) => address === ADDED);
  await waitFor('the new address', isThere, { milliseconds: 20_000, everyMilliseconds: 20 });
  return performance.now() - startedAt;
}
