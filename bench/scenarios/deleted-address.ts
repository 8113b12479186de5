/** The VIP is deleted by hand on the MASTER. */

import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';
import { outageWithin, runOnce, scenarioNamed, stepOf } from '../harness/scenario-run.ts';

export const deletedAddress: Scenario = {
  name: 'deleted-address',
  title: 'VIP deleted by hand',
  method:
    'ip address del on the MASTER, adverts every second, one echo request a millisecond: the ' +
    'longest time without an answer in the next 2 s. It is a takeover if the BACKUP advertises. ' +
    'Scenario deleted-address.',
  async run(context) {
    const outage = new Samples();
    const lost = new Samples();
    const scenario = scenarioNamed('deleted-address');
    await alternate(context, context.repetitions, async (contender) => {
      const record = await runOnce(scenario, contender);
      const { from } = stepOf(record, 'delete_address');
      const longest = outageWithin(record, from);
      const taken = record.nodes[1]?.adverts.some((at) => at > from) ?? false;
      outage.add(contender, longest);
      lost.add(contender, taken ? 1 : 0);
      context.log(`${contender}: VIP deleted: ${longest.toFixed(1)} ms`);
    });
    return [
      outage.row('VIP deleted by hand: client outage', 'ms', [
        atMost('max', 20),
        keepalivedPlus('median'),
      ]),
      lost.row('VIP deleted by hand: takeovers', '', [atMost('max', 0)]),
    ];
  },
};
