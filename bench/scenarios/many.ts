/** A crash when there are many addresses to announce: the slowest of them counts. */
import { played, scenarioNamed, takeoverOf, withRouters } from '../harness/played.ts';
import { manyRouters, oneRouterWithMany } from '../harness/routers.ts';
import { keepalivedTimes, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';
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
    'Adverts every 100 ms, the switch port of the MASTER goes down. For each VIP from the last ' +
    'advertisement of its router to its first gratuitous ARP, at the ports of the switch; the ' +
    'slowest VIP, less the Master_Down_Interval. Scenario many.',
  async run(context) {
    const rows = [];
    const file = scenarioNamed('many');
    for (const { what, routers } of CASES) {
      const samples = new Samples();
      const scenario = withRouters(file, { routers });
      await alternate(context, context.repetitions, async (contender) => {
        const { slowest_announcement } = takeoverOf(await played(scenario, contender));
        if (slowest_announcement === null) throw new Error('a VIP was not announced');
        const over = slowest_announcement / 1_000 - masterDown(INTERVAL_MILLISECONDS);
        samples.add(contender, over);
        context.say(`${contender}: ${what}: formula + ${over.toFixed(2)} ms`);
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
