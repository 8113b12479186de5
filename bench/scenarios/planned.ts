/** The MASTER is stopped by SIGTERM, and returns with its higher priority. */
import type { RouterSpec } from '../harness/contender.ts';
import { ONE_IPV6_ROUTER, ONE_ROUTER } from '../harness/routers.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario, type ScenarioContext } from '../harness/scenario.ts';
import {
  outageWithin,
  runOnce,
  scenarioNamed,
  stepOf,
  withRouters,
} from '../harness/scenario-run.ts';

export interface PlannedCase {
  readonly routers: readonly RouterSpec[];
  readonly virtualMac?: boolean;
  readonly what: string;
  /** Longest outage allowed, in milliseconds. */
  readonly max: number;
}

const IPV4: PlannedCase = { routers: ONE_ROUTER, what: '', max: 5 };
const IPV6: PlannedCase = { routers: ONE_IPV6_ROUTER, what: ' over IPv6', max: 10 };

export const planned: Scenario = {
  name: 'planned',
  title: 'Planned stop and return',
  method:
    'One echo request per millisecond from the client; adverts every second. The longest outage ' +
    'while the MASTER is stopped by SIGTERM, and while it starts again and preempts. Scenario planned.',
  run: (context) => stopAndReturn(context, IPV4),
};

export const plannedIpv6: Scenario = {
  name: 'planned-ipv6',
  title: 'Planned stop and return over IPv6',
  method: 'As in “Planned stop and return”, with an IPv6 router.',
  run: (context) => stopAndReturn(context, IPV6),
};

export async function stopAndReturn(context: ScenarioContext, variant: PlannedCase) {
  const { what, max } = variant;
  const stop = new Samples();
  const back = new Samples();
  const scenario = withRouters(scenarioNamed('planned'), variant);
  await alternate(context, context.repetitions, async (contender) => {
    const record = await runOnce(scenario, contender);
    const [stopping, starting] = [stepOf(record, 'stop'), stepOf(record, 'start')];
    const stopped = outageWithin(record, stopping.from, starting.from);
    const returned = outageWithin(record, starting.from);
    stop.add(contender, stopped);
    back.add(contender, returned);
    context.log(
      `${contender}${what}: stop ${stopped.toFixed(2)} ms, return ${returned.toFixed(2)} ms without answer`,
    );
  });
  const bars = [atMost('max', max), keepalivedPlus('median')];
  const rows = [
    stop.row(`client outage${what}, SIGTERM of the MASTER`, 'ms', bars),
    back.row(`client outage${what}, return of a higher priority`, 'ms', [atMost('max', max)]),
  ];
  context.saveRows(rows);
  return rows;
}
