/** The MASTER dies without a word. */
import { failoverIn } from '../../src/lab/failover.ts';
import { Prober } from '../../src/lab/probe.ts';
import { sleep } from '../../src/lab/wait.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { ONE_ROUTER } from '../harness/routers.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario, type ScenarioContext } from '../harness/scenario.ts';

const INTERVALS = [1_000, 100, 10] as const;
const STEADY_MILLISECONDS = 300;

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
    return rows;
  },
};

async function crashAt(context: ScenarioContext, intervalMilliseconds: number) {
  const samples = new Samples();
  const spec = { routers: ONE_ROUTER, intervalMilliseconds };
  await alternate(context, context.repetitions, (contender) =>
    withPair(contender, spec, async (pair) => {
      const over = await overFormula(pair);
      samples.add(contender, over);
      context.say(
        `${contender}: crash at ${intervalMilliseconds} ms: formula + ${over.toFixed(2)} ms`,
      );
    }),
  );
  return samples.row(
    `first answer after a crash, over the formula, adverts every ${intervalMilliseconds} ms`,
    'ms',
    [atMost('median', 1), atMost('max', 3), keepalivedPlus('median', 0.5)],
  );
}

async function overFormula(pair: Pair): Promise<number> {
  const prober = await Prober.start(pair.lab, pair.address);
  await sleep(STEADY_MILLISECONDS + 2 * pair.spec.intervalMilliseconds);
  await pair.crash(pair.master);
  await sleep(pair.masterDownMilliseconds + STEADY_MILLISECONDS);
  const seen = failoverIn(await prober.stop(), {
    address: pair.address,
    formerMaster: pair.master.address,
    successor: pair.backup.address,
  });
  if (seen?.firstAnswer === undefined) throw new Error('no answer after the crash');
  return (seen.firstAnswer - seen.lastAdvertisement) / 1_000 - pair.masterDownMilliseconds;
}
