/** A crash with many addresses to announce: the slowest announcement counts. */

import { manyRouters, oneRouterWithMany } from '../harness/routers.ts';
import { keepalivedTimes, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';
import { runOnce, scenarioNamed, takeoverOf, withRouters } from '../harness/scenario-run.ts';
import { masterDown } from './crash.ts';

const INTERVAL_MILLISECONDS = 100;

const CASES = [
  { what: '1 router with 255 VIPs', routers: oneRouterWithMany() },
  { what: '255 routers with 1 VIP', routers: manyRouters() },
] as const;

export const many: Scenario = {
  name: 'many',
  title: 'Crash with 255 addresses',
  method:
    'Adverts every 100 ms, the switch port of the MASTER goes down. Time from the last advertisement ' +
    'of a router to the first gratuitous ARP of its VIP, captured at the switch, minus the ' +
    'Master_Down_Interval; the slowest VIP counts. Scenario many.',
  async run(context) {
    const rows = [];
    const file = scenarioNamed('many');
    for (const { what, routers } of CASES) {
      const samples = new Samples();
      const scenario = withRouters(file, { routers });
      await alternate(context, context.repetitions, async (contender) => {
        const { slowest_announcement } = takeoverOf(await runOnce(scenario, contender));
        if (slowest_announcement === null) throw new Error('a VIP was not announced');
        const over = slowest_announcement / 1_000 - masterDown(INTERVAL_MILLISECONDS);
        samples.add(contender, over);
        context.log(`${contender}: ${what}: formula + ${over.toFixed(2)} ms`);
      });
      rows.push(
        samples.row(`${what}: slowest first announcement, over the formula`, 'ms', [
          keepalivedTimes('median', 2),
        ]),
      );
    }
    return rows;
  },
};
