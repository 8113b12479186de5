/** One router at 10 ms under load for a minute, compared with the noise floor of the host. */
import { sleep } from '../../src/lab/wait.ts';
import { advertsOf, takeovers } from '../harness/adverts.ts';
import { underLoad } from '../harness/busy-load.ts';
import { BurstCapture } from '../harness/capture.ts';
import { regularityOf } from '../harness/grid.ts';
import { besideBareLoop, floorText } from '../harness/noise-floor.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { ONE_ROUTER } from '../harness/routers.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';
import { quantile } from '../harness/statistics.ts';

const INTERVAL_MILLISECONDS = 10;
const SPEC = { routers: ONE_ROUTER, intervalMilliseconds: INTERVAL_MILLISECONDS, direct: true };

export const punctuality: Scenario = {
  name: 'punctuality',
  title: 'One router at 10 ms under load, one minute per run',
  method:
    'Two directors on one cable, one busy loop per core at the same niceness, captured at the BACKUP ' +
    'for 60 s. A bare loop at real-time priority runs on each core at the same time: its delay is the host’s.',
  async run(context) {
    const found = {
      takeovers: new Samples(),
      missed: new Samples(),
      worst: new Samples(),
      floor: new Samples(),
    };
    const milliseconds = context.quick ? 5_000 : 60_000;
    await alternate(context, context.repetitions, (contender) =>
      withPair(contender, SPEC, async (pair) => {
        await sleep(1_000);
        const { value: seen, floor } = await underLoad(() =>
          besideBareLoop(() => watched(pair, milliseconds)),
        );
        found.takeovers.add(contender, seen.takeovers);
        found.missed.add(contender, seen.missed);
        found.worst.add(contender, seen.worst);
        if (floor !== undefined) found.floor.add(contender, floor.maxMilliseconds);
        context.log(
          `${contender}: ${seen.takeovers} takeovers, ${seen.missed} missed, late by at most ` +
            `${seen.worst.toFixed(2)} ms. ${floor === undefined ? '' : floorText(floor)}`,
        );
      }),
    );
    return [
      found.takeovers.row('takeovers by the BACKUP', '', [atMost('max', 0)]),
      found.missed.row('missed adverts', '', [keepalivedPlus('max')]),
      found.worst.row('interval error, max', 'ms'),
      found.floor.row('noise floor: delay of a bare loop, max', 'ms'),
    ];
  },
};

async function watched(pair: Pair, milliseconds: number) {
  const [master, backup] = [pair.master.address, pair.backup.address];
  const filter = `ip proto 112 and (src ${master} or src ${backup})`;
  const capture = await BurstCapture.start(pair.lab, pair.backup, filter);
  await sleep(milliseconds);
  const frames = await capture.stop();
  const times = advertsOf(frames, master).map(({ at }) => at);
  const { missed, errors } = regularityOf(times, INTERVAL_MILLISECONDS * 1_000);
  const silence = pair.masterDownMilliseconds * 1_000;
  return {
    takeovers: takeovers(advertsOf(frames, backup), silence),
    missed,
    worst: quantile(errors, 1) ?? Number.NaN,
  };
}
