/** Thousands of addresses on one link: whether the pair is stable, and what a takeover of them takes. */
import { measureTakeover } from '../../src/kernel/rtnetlink/takeover-cost.ts';
import { sleep } from '../../src/lab/wait.ts';
import type { RouterSpec } from '../harness/contender.ts';
import { mastershipsOf } from '../harness/masterships.ts';
import { withPair } from '../harness/pair.ts';
import { fullRouters, fullRouters6 } from '../harness/routers.ts';
import { atMost, type Row, Samples } from '../harness/row.ts';
import type { Scenario, ScenarioContext } from '../harness/scenario.ts';
import { runOnce, scenarioNamed, takeoverOf, withRouters } from '../harness/scenario-run.ts';
import { masterDown } from './crash.ts';

interface LargeSet {
  readonly what: string;
  readonly routers: readonly RouterSpec[];
  readonly intervalMilliseconds: number;
}

const SETS: readonly LargeSet[] = [
  {
    what: '5,000 IPv4 VIPs (20 × 250), adverts every 100 ms',
    routers: fullRouters(20),
    intervalMilliseconds: 100,
  },
  {
    what: '2,000 IPv6 VIPs (8 × 250), adverts every 1 s',
    routers: fullRouters6(8),
    intervalMilliseconds: 1_000,
  },
];

/** The interval of the scenario `many`. */
const CRASH_INTERVAL_MILLISECONDS = 100;
const CRASH_RUN = 15_000_000;
const TAKEOVERS = 3;

export const large: Scenario = {
  name: 'large',
  title: 'Thousands of addresses',
  method:
    'Two directors beside a switch, for one minute (ten with --soak): how often a router became MASTER, by the ' +
    "counters of both agents. Then scenario many with the IPv4 set: time from a router's last advertisement to the " +
    "slowest first announcement, minus the Master_Down_Interval, and the kernel's own time for adding these " +
    'addresses, measured in an empty namespace. keepalived is not measured.',
  async run(context) {
    const rows: Row[] = [];
    for (const set of SETS) {
      const row = await watch(context, set);
      context.saveRows([row]);
      rows.push(row);
    }
    return [...rows, ...(await takeovers(context))];
  },
};

async function watch(
  context: ScenarioContext,
  { what, routers, intervalMilliseconds }: LargeSet,
): Promise<Row> {
  const changes = new Samples();
  const seconds = context.soak ? 600 : context.quick ? 10 : 60;
  await withPair('vrrp-agent', { routers, intervalMilliseconds }, async (pair) => {
    const before = await mastershipsOf(pair);
    await sleep(seconds * 1_000);
    const count = (await mastershipsOf(pair)) - before;
    changes.add('vrrp-agent', count);
    context.log(`${what}: ${count} changes of mastership in ${seconds} s`);
  });
  return changes.row(`${what}: changes of mastership in ${seconds} s`, '', [atMost('max', 0)]);
}

async function takeovers(context: ScenarioContext): Promise<Row[]> {
  const [over, kernel] = [new Samples(), new Samples()];
  const routers = fullRouters(20);
  const file = withRouters(scenarioNamed('many'), { routers });
  const scenario = { ...file, duration: CRASH_RUN, expectations: [] };
  const addresses = routers.flatMap((router) => router.addresses);
  for (let run = 0; run < Math.min(TAKEOVERS, context.repetitions); run++) {
    const { slowest_announcement } = takeoverOf(await runOnce(scenario, 'vrrp-agent'));
    if (slowest_announcement === null) throw new Error('a VIP was not announced');
    const slowest = slowest_announcement / 1_000 - masterDown(CRASH_INTERVAL_MILLISECONDS);
    const cost = measureTakeover([addresses])?.milliseconds ?? Number.NaN;
    over.add('vrrp-agent', slowest);
    kernel.add('vrrp-agent', cost);
    context.log(`takeover: formula + ${slowest.toFixed(0)} ms, kernel ${cost.toFixed(0)} ms`);
  }
  return [
    over.row('5,000 IPv4 VIPs: slowest first announcement, over the formula', 'ms'),
    kernel.row("5,000 IPv4 VIPs: the kernel's own time for adding them", 'ms'),
  ];
}
