/** What the peer link costs while nothing happens. */
import { sleep } from '../../src/lab/wait.ts';
import { withPair } from '../harness/pair.ts';
import { manyRouters, VRIDS_MAX } from '../harness/routers.ts';
import { atMost, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';
import { programPids, usageOf } from '../harness/usage.ts';

/** By then the machine code of what is done 20 times a second has been made, which costs as much again. */
const SETTLE_MILLISECONDS = 30_000;
const WINDOW_MILLISECONDS = 15_000;
const QUICK_MILLISECONDS = 3_000;
const SPEC = { routers: manyRouters(), intervalMilliseconds: 1_000 };
const LINK = { heartbeat: '50ms' };

export const peerLinkCost: Scenario = {
  name: 'peer-link-cost',
  title: 'Peer link: what it costs',
  method:
    `${VRIDS_MAX} routers, adverts every second, a heartbeat of 50 ms: CPU time of the agent over ` +
    '15 s (schedstat of all threads), half a minute after the start, on MASTER and BACKUP, minus that ' +
    'of the same pair without a link in the same repetition.',
  async run(context) {
    const found = { cost: new Samples(), alone: new Samples() };
    const only = { ...context, contenders: ['vrrp-agent'] as const };
    await alternate(only, context.repetitions, async () => {
      const without = await sharesOf(undefined, context.quick);
      const linked = await sharesOf(LINK, context.quick);
      for (const [at, share] of linked.entries()) {
        const before = without[at] ?? 0;
        found.alone.add('vrrp-agent', before);
        found.cost.add('vrrp-agent', share - before);
        const role = at === 0 ? 'MASTER' : 'BACKUP';
        context.log(`${role}: ${before.toFixed(2)} % without, ${share.toFixed(2)} % with the link`);
      }
    });
    const rows = [
      found.cost.row('CPU of the link, 255 instances idle', '%', [atMost('median', 2)]),
      found.alone.row('CPU without the link', '%'),
    ];
    context.saveRows(rows);
    return rows;
  },
};

/** Of MASTER and BACKUP, in percent of one core. */
async function sharesOf(
  peerLink: typeof LINK | undefined,
  isQuick: boolean,
): Promise<readonly number[]> {
  const shares: number[] = [];
  await withPair(
    'vrrp-agent',
    peerLink === undefined ? SPEC : { ...SPEC, peerLink },
    async ({ master, backup }) => {
      await sleep(isQuick ? QUICK_MILLISECONDS : SETTLE_MILLISECONDS);
      const pids = await Promise.all([master, backup].map((host) => programPids(host)));
      const before = pids.map((some) => usageOf(some).cpuNanoseconds);
      const startedAt = performance.now();
      await sleep(isQuick ? QUICK_MILLISECONDS : WINDOW_MILLISECONDS);
      const elapsed = (performance.now() - startedAt) * 1e6;
      for (const [at, some] of pids.entries()) {
        shares.push((100 * (usageOf(some).cpuNanoseconds - (before[at] ?? 0))) / elapsed);
      }
    },
  );
  return shares;
}
