/** Somebody deletes the VIP on the MASTER. */
import { outageWithin, played, scenarioNamed, stepOf } from '../harness/played.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';

export const deletedAddress: Scenario = {
  name: 'deleted-address',
  title: 'VIP deleted by hand',
  method:
    'ip address del on the MASTER, adverts every second, one echo request a millisecond: the ' +
    'longest time without an answer in the 2 s afterwards. When the BACKUP advertises the office ' +
    'counts as lost. Scenario deleted-address.',
  async run(context) {
    const outage = new Samples();
    const lost = new Samples();
    const scenario = scenarioNamed('deleted-address');
    await alternate(context, context.repetitions, async (contender) => {
      const record = await played(scenario, contender);
      const { from } = stepOf(record, 'delete_address');
      const longest = outageWithin(record, from);
      const taken = record.nodes[1]?.adverts.some((at) => at > from) ?? false;
      outage.add(contender, longest);
      lost.add(contender, taken ? 1 : 0);
      context.say(`${contender}: VIP deleted: ${longest.toFixed(1)} ms`);
    });
    return [
      outage.row('VIP deleted by hand: client outage', 'ms', [
        atMost('max', 20),
        keepalivedPlus('median'),
      ]),
      lost.row('VIP deleted by hand: the office lost', '', [atMost('max', 0)]),
    ];
  },
};
