/** The MASTER is stopped by SIGTERM, and comes back with its higher priority. */
import { Prober, probesIn } from '../../src/lab/probe.ts';
import { sleep } from '../../src/lab/wait.ts';
import { outageIn } from '../harness/outage.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { ONE_ROUTER } from '../harness/routers.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';

const SPEC = { routers: ONE_ROUTER, intervalMilliseconds: 1_000 };

export const planned: Scenario = {
  name: 'planned',
  title: 'Planned stop and return',
  method:
    'One echo request a millisecond from the client; adverts every second. The longest time ' +
    'between two answers with a lost request in it, while the MASTER is stopped by SIGTERM, and while it is started again ' +
    'and preempts.',
  async run(context) {
    const stop = new Samples();
    const back = new Samples();
    await alternate(context, context.repetitions, (contender) =>
      withPair(contender, SPEC, async (pair) => {
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
          `${contender}: stop ${stopped.toFixed(2)} ms, return ${returned.toFixed(2)} ms without answer`,
        );
      }),
    );
    const bars = [atMost('max', 5), keepalivedPlus('median')];
    return [
      stop.row('client outage, SIGTERM of the MASTER', 'ms', bars),
      back.row('client outage, return of a higher priority', 'ms', [atMost('max', 5)]),
    ];
  },
};

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
