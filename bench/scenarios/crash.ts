/** The machine of the MASTER dies. */
import { masterDownInterval } from '../../fsm/vrrp/timing.ts';
import { milliseconds } from '../../src/net/time.ts';
import { underLoad } from '../harness/busy-load.ts';
import type { RouterSpec } from '../harness/contender.ts';
import { ONE_IPV6_ROUTER, ONE_ROUTER } from '../harness/routers.ts';
import { keepalivedPlus, type Row, Samples } from '../harness/row.ts';
import { alternate, type Scenario, type ScenarioContext } from '../harness/scenario.ts';
import { runOnce, scenarioNamed, takeoverOf, withRouters } from '../harness/scenario-run.ts';

/** Each has a scenario file, such as `crash-100ms.yaml`. */
const INTERVALS = [1_000, 100, 10] as const;
const SUCCESSOR_PRIORITY = 100;

export interface CrashCase {
  readonly routers: readonly RouterSpec[];
  readonly virtualMac?: boolean;
  /** With one busy loop per core. */
  readonly busy?: boolean;
  readonly what: string;
}

const CASES: readonly CrashCase[] = [
  { routers: ONE_ROUTER, what: '' },
  { routers: ONE_IPV6_ROUTER, what: ' over IPv6' },
  { routers: ONE_ROUTER, what: ' under load', busy: true },
  { routers: ONE_IPV6_ROUTER, what: ' over IPv6 under load', busy: true },
];

export const crash: Scenario = {
  name: 'crash',
  title: 'Crash of the MASTER',
  method:
    'The switch port of the MASTER goes down. Time from the last advertisement to the first answer ' +
    'from the VIP, captured at the switch, minus the Master_Down_Interval of the BACKUP (priority ' +
    '100). One echo request per millisecond. Scenarios crash-1000ms, crash-100ms, crash-10ms; IPv4 ' +
    'and IPv6, on an idle host and with one busy loop per core.',
  async run(context) {
    const rows: Row[] = [];
    for (const one of CASES) {
      for (const interval of INTERVALS) rows.push(await crashAt(context, interval, one));
    }
    return rows;
  },
};

export async function crashAt(
  context: ScenarioContext,
  intervalMilliseconds: number,
  variant: CrashCase,
) {
  const { what, busy = false } = variant;
  const samples = new Samples();
  const file = scenarioNamed(`crash-${intervalMilliseconds}ms`);
  const scenario = withRouters(file, variant);
  await alternate(context, context.repetitions, async (contender) => {
    const play = () => runOnce(scenario, contender);
    const { first_answer, last_advert } = takeoverOf(await (busy ? underLoad(play) : play()));
    if (first_answer === null) throw new Error('no answer after the crash');
    const over = (first_answer - last_advert) / 1_000 - masterDown(intervalMilliseconds);
    samples.add(contender, over);
    context.log(
      `${contender}: crash${what} at ${intervalMilliseconds} ms: formula + ${over.toFixed(2)} ms`,
    );
  });
  const row = samples.row(
    `first answer after a crash${what}, over the formula, adverts every ${intervalMilliseconds} ms`,
    'ms',
    [keepalivedPlus('median', 1), keepalivedPlus('max', 4)],
  );
  context.saveRows([row]);
  return row;
}

/** Master_Down_Interval of the BACKUP in milliseconds (RFC 9568 section 6.1). */
export function masterDown(intervalMilliseconds: number): number {
  return masterDownInterval(3, SUCCESSOR_PRIORITY, milliseconds(intervalMilliseconds)) / 1_000;
}
