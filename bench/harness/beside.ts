/** Measures the regularity of advertisements while something outside the protocol hangs. */
import { sleep } from '../../src/lab/wait.ts';
import { advertsOf } from './adverts.ts';
import { BurstCapture } from './capture.ts';
import { regularityOf } from './grid.ts';
import { type Pair, type PairSpec, withPair } from './pair.ts';
import { atMost, type Row, Samples } from './row.ts';
import type { ScenarioContext } from './scenario.ts';
import { quantile } from './statistics.ts';

/** Measures the first router, VRID 1; `meanwhile` runs during the measurement. */
export async function besideHanging(
  context: ScenarioContext,
  spec: PairSpec,
  meanwhile: (pair: Pair) => Promise<void> = async () => {},
): Promise<Row[]> {
  const found = { missed: new Samples(), errorP99: new Samples() };
  const milliseconds = context.quick ? 5_000 : 20_000;
  await withPair('vrrp-agent', spec, async (pair) => {
    const master = pair.master.address;
    const filter = `ip proto 112 and src ${master} and ip[21] == 1`;
    const capture = await BurstCapture.start(pair.lab, pair.backup, filter);
    await Promise.all([sleep(milliseconds), meanwhile(pair)]);
    const times = advertsOf(await capture.stop(), master).map(({ at }) => at);
    const seen = regularityOf(times, spec.intervalMilliseconds * 1_000);
    found.missed.add('vrrp-agent', seen.missed);
    found.errorP99.add('vrrp-agent', quantile(seen.errors, 0.99) ?? Number.NaN);
    context.log(`vrrp-agent: ${seen.adverts} adverts`);
  });
  return [
    found.missed.row('missed adverts', '', [atMost('max', 0)]),
    found.errorP99.row('interval error, p99', 'ms', [atMost('max', 1)]),
  ];
}
