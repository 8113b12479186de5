/** All processes of the agent on the MASTER are killed, its machine keeps running: how long VIPs stay. */
import type { LabHost } from '../../src/lab/topology/layout.ts';
import { sleep } from '../../src/lab/wait.ts';
import type { IpAddress } from '../../src/net/address.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { ONE_IPV6_ROUTER, ONE_ROUTER } from '../harness/routers.ts';
import { atMost, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';
import { programPids } from '../harness/usage.ts';

const WATCHED = 10_000;
const LONGEST = 5_000;
const REPETITIONS = 3;

const FAMILIES = [
  ['IPv4', ONE_ROUTER],
  ['IPv6', ONE_IPV6_ROUTER],
] as const;

export const lease: Scenario = {
  name: 'lease',
  title: 'The agent is killed, its machine keeps running',
  method:
    'SIGKILL to every process of the program on the MASTER, adverts every second. The addresses of ' +
    `both directors are read every 20 ms for ${WATCHED / 1_000} s: how long both have the VIP, and ` +
    'whether the dead one still has it at the end.',
  async run(context) {
    const rows = [];
    const repetitions = context.quick ? 1 : REPETITIONS;
    for (const [family, routers] of FAMILIES) {
      const both = new Samples();
      const gone = new Samples();
      const left = new Samples();
      const spec = { routers, intervalMilliseconds: 1_000 };
      await alternate(context, repetitions, (contender, repetition) =>
        withPair(contender, spec, async (pair) => {
          // At different times between two renewals.
          await sleep(1_000 + repetition * 333);
          const found = await killed(pair);
          both.add(contender, found.both);
          left.add(contender, found.left);
          if (found.left === 0) gone.add(contender, found.gone);
          context.log(
            `${contender} ${family}: on two nodes ${found.both.toFixed(0)} ms, gone after ${found.gone.toFixed(0)} ms`,
          );
        }),
      );
      rows.push(
        both.row(`${family}: VIP on two nodes`, 'ms', [atMost('max', LONGEST)]),
        gone.row(`${family}: VIP gone from the dead one, after`, 'ms', [atMost('max', LONGEST)]),
        left.row(`${family}: VIP still there after ${WATCHED / 1_000} s`, '', [atMost('max', 0)]),
      );
    }
    return rows;
  },
};

/** Times in milliseconds. */
async function killed(pair: Pair) {
  for (const pid of await programPids(pair.master)) process.kill(pid, 'SIGKILL');
  const killedAt = performance.now();
  let [both, gone, before] = [0, WATCHED, killedAt];
  while (before - killedAt < WATCHED) {
    const [dead, successor] = await Promise.all([
      holds(pair, pair.master, pair.address),
      holds(pair, pair.backup, pair.address),
    ]);
    const now = performance.now();
    if (!dead) gone = Math.min(gone, now - killedAt);
    if (dead && successor) both += now - before;
    if (!dead && successor) return { both, gone, left: 0 };
    before = now;
    await sleep(20);
  }
  return { both, gone, left: gone === WATCHED ? 1 : 0 };
}

async function holds({ lab }: Pair, host: LabHost, vip: IpAddress): Promise<boolean> {
  return (await lab.addresses(host)).some(({ address }) => address === vip);
}
