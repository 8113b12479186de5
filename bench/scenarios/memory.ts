/** Memory of a MASTER and a BACKUP with 255 routers, and its growth. */
import { sleep } from '../../src/lab/wait.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { manyRouters } from '../harness/routers.ts';
import { atMost, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';
import { median } from '../harness/statistics.ts';
import { programPids, usageOf } from '../harness/usage.ts';

const SPEC = { routers: manyRouters(), intervalMilliseconds: 10, direct: true };
const SAMPLES = 60;
/** Garbage of the young generation may or may not have been collected at a sample. */
const GROWTH_MEGABYTES = 4;

export const memory: Scenario = {
  name: 'memory',
  title: 'Memory',
  method:
    'Two directors on one cable, 255 routers, adverts every 10 ms: 60 samples of VmRSS in one minute ' +
    '(ten minutes with --soak), once. Growth is the median of the last quarter minus that of the second.',
  async run(context) {
    const found = { most: new Samples(), growth: new Samples() };
    const seconds = context.soak ? 600 : context.quick ? 12 : 60;
    await alternate(context, 1, (contender) =>
      withPair(contender, SPEC, async (pair) => {
        for (const series of await watched(pair, seconds)) {
          const quarter = Math.floor(series.length / 4);
          const early = median(series.slice(quarter, 2 * quarter)) ?? Number.NaN;
          const late = median(series.slice(-quarter)) ?? Number.NaN;
          found.most.add(contender, Math.max(...series));
          found.growth.add(contender, late - early);
          context.log(
            `${contender}: RSS ${early.toFixed(1)} MB, then ${late.toFixed(1)} MB in ${seconds} s`,
          );
        }
      }),
    );
    return [
      found.most.row('RSS with 255 routers (MASTER and BACKUP)', 'MB', [atMost('max', 120)]),
      found.growth.row(`growth of RSS in ${seconds} s`, 'MB', [atMost('max', GROWTH_MEGABYTES)]),
    ];
  },
};

/** Samples of the MASTER and of the BACKUP, in megabytes. */
async function watched(pair: Pair, seconds: number): Promise<[number[], number[]]> {
  const pids = await Promise.all([programPids(pair.master), programPids(pair.backup)]);
  const series: [number[], number[]] = [[], []];
  for (let sample = 0; sample < SAMPLES; sample++) {
    for (const at of [0, 1] as const) series[at].push(usageOf(pids[at]).residentBytes / 1_000_000);
    await sleep((seconds * 1_000) / SAMPLES);
  }
  return series;
}
