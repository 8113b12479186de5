/** The MASTER dies without a word. */
import { failoverIn } from '../../src/lab/failover.ts';
import { Prober } from '../../src/lab/probe.ts';
import { sleep } from '../../src/lab/wait.ts';
import type { RouterSpec } from '../harness/contender.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { ONE_IPV6_ROUTER, ONE_ROUTER } from '../harness/routers.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario, type ScenarioContext } from '../harness/scenario.ts';

const INTERVALS = [1_000, 100, 10] as const;
const STEADY_MILLISECONDS = 300;

export interface CrashCase {
  readonly routers: readonly RouterSpec[];
  readonly virtualMac?: boolean;
  readonly what: string;
  /** Milliseconds over the formula. */
  readonly median: number;
  readonly max: number;
}

const IPV4: CrashCase = { routers: ONE_ROUTER, what: '', median: 1, max: 3 };
export const IPV6: CrashCase = {
  routers: ONE_IPV6_ROUTER,
  what: ' over IPv6',
  median: 1.5,
  max: 5,
};

export const crash: Scenario = {
  name: 'crash',
  title: 'Crash of the MASTER',
  method:
    'The switch port of the MASTER goes down. On the client’s interface, one clock: from the last ' +
    'advertisement to the first answer from the VIP, less the Master_Down_Interval of the BACKUP ' +
    '(priority 100). One echo request a millisecond.',
  async run(context) {
    const rows = [];
    for (const interval of INTERVALS) rows.push(await crashAt(context, interval));
    rows.push(await crashAt(context, 100, IPV6));
    return rows;
  },
};

export async function crashAt(
  context: ScenarioContext,
  intervalMilliseconds: number,
  { routers, what, median, max, virtualMac = false }: CrashCase = IPV4,
) {
  const samples = new Samples();
  const spec = { routers, intervalMilliseconds, virtualMac };
  await alternate(context, context.repetitions, (contender) =>
    withPair(contender, spec, async (pair) => {
      const over = await overFormula(pair);
      samples.add(contender, over);
      context.say(
        `${contender}: crash${what} at ${intervalMilliseconds} ms: formula + ${over.toFixed(2)} ms`,
      );
    }),
  );
  return samples.row(
    `first answer after a crash${what}, over the formula, adverts every ${intervalMilliseconds} ms`,
    'ms',
    [atMost('median', median), atMost('max', max), keepalivedPlus('median', 0.5)],
  );
}

async function overFormula(pair: Pair): Promise<number> {
  const prober = await Prober.start(pair.lab, pair.address);
  await sleep(STEADY_MILLISECONDS + 2 * pair.spec.intervalMilliseconds);
  await pair.crash(pair.master);
  await sleep(pair.masterDownMilliseconds + STEADY_MILLISECONDS);
  const seen = failoverIn(await prober.stop(), {
    address: pair.address,
    formerMaster: pair.sourceOf(pair.master),
    successor: pair.sourceOf(pair.backup),
  });
  if (seen?.firstAnswer === undefined) throw new Error('no answer after the crash');
  return (seen.firstAnswer - seen.lastAdvertisement) / 1_000 - pair.masterDownMilliseconds;
}
