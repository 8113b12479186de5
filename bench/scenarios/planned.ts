/** The MASTER is stopped by SIGTERM, and comes back with its higher priority. */
import { Prober, probesIn } from '../../src/lab/probe.ts';
import { sleep } from '../../src/lab/wait.ts';
import type { RouterSpec } from '../harness/contender.ts';
import { outageIn } from '../harness/outage.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { ONE_IPV6_ROUTER, ONE_ROUTER } from '../harness/routers.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario, type ScenarioContext } from '../harness/scenario.ts';

export interface PlannedCase {
  readonly routers: readonly RouterSpec[];
  readonly virtualMac?: boolean;
  readonly what: string;
  /** Milliseconds without an answer. */
  readonly max: number;
}

const CASES: readonly PlannedCase[] = [
  { routers: ONE_ROUTER, what: '', max: 5 },
  { routers: ONE_IPV6_ROUTER, what: ' over IPv6', max: 10 },
];

export const planned: Scenario = {
  name: 'planned',
  title: 'Planned stop and return',
  method:
    'One echo request a millisecond from the client; adverts every second. The longest time ' +
    'between two answers with a lost request in it, while the MASTER is stopped by SIGTERM, and while it is started again ' +
    'and preempts.',
  async run(context) {
    const rows = [];
    for (const one of CASES) rows.push(...(await stopAndReturn(context, one)));
    return rows;
  },
};

export async function stopAndReturn(
  context: ScenarioContext,
  { routers, what, max, virtualMac = false }: PlannedCase,
) {
  const stop = new Samples();
  const back = new Samples();
  await alternate(context, context.repetitions, (contender) =>
    withPair(contender, { routers, intervalMilliseconds: 1_000, virtualMac }, async (pair) => {
      const stopped = await outage(pair, async () => {
        await pair.peer(pair.master).stop();
        await pair.settled(pair.backup);
      });
      stop.add(contender, stopped);
      const returned = await outage(pair, async () => {
        await pair.start(pair.master);
        await pair.settled(pair.master);
      });
      back.add(contender, returned);
      context.say(
        `${contender}${what}: stop ${stopped.toFixed(2)} ms, return ${returned.toFixed(2)} ms without answer`,
      );
    }),
  );
  const bars = [atMost('max', max), keepalivedPlus('median')];
  return [
    stop.row(`client outage${what}, SIGTERM of the MASTER`, 'ms', bars),
    back.row(`client outage${what}, return of a higher priority`, 'ms', [atMost('max', max)]),
  ];
}

/** In milliseconds. */
async function outage(pair: Pair, act: () => Promise<void>): Promise<number> {
  const prober = await Prober.start(pair.lab, pair.address);
  await sleep(300);
  await act();
  await sleep(500);
  const longest = outageIn(probesIn(await prober.stop(), pair.address));
  if (longest === undefined) throw new Error('the VIP never answered');
  return longest;
}
