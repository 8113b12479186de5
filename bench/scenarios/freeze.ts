/** The MASTER is stopped by SIGSTOP, and continues when the other director is MASTER. */

import { atMost, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';
import { runOnce, scenarioNamed, stepOf } from '../harness/scenario-run.ts';

const REPETITIONS = 3;
/** Microseconds; shorter than the Master_Down_Interval of priority 150 at 1 s, 3.41 s. */
const LISTENS = 3_300_000;

export const freeze: Scenario = {
  name: 'freeze',
  title: 'SIGSTOP for 6 s',
  method:
    'Adverts every second; the MASTER gets SIGSTOP, and SIGCONT 6 s later. Advertisements and ' +
    'gratuitous ARP that it sends in the next 3.3 s, before it can know that the segment is silent. ' +
    `${REPETITIONS} repetitions. Scenario freeze.`,
  async run(context) {
    const adverts = new Samples();
    const announcements = new Samples();
    const scenario = scenarioNamed('freeze');
    await alternate(context, Math.min(REPETITIONS, context.repetitions), async (contender) => {
      const record = await runOnce(scenario, contender);
      const { from } = stepOf(record, 'thaw');
      const thawed = record.nodes[0];
      const during = (times: readonly number[] = []) =>
        times.filter((at) => at >= from && at < from + LISTENS).length;
      const [said, announced] = [during(thawed?.adverts), during(thawed?.announcements)];
      adverts.add(contender, said);
      announcements.add(contender, announced);
      context.log(`${contender}: thawed: ${said} adverts, ${announced} gratuitous ARP`);
    });
    return [
      adverts.row('adverts of the continued node before it can have listened', '', [
        atMost('max', 0),
      ]),
      announcements.row('gratuitous ARP of the continued node before it can have listened', '', [
        atMost('max', 0),
      ]),
    ];
  },
};
