/** The MASTER is stopped as by a paused virtual machine, and goes on when another is MASTER. */
import { played, scenarioNamed, stepOf } from '../harness/played.ts';
import { atMost, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';

const REPETITIONS = 3;
/** Less than the Master_Down_Interval of priority 150 at 1 s: 3.41 s. In microseconds. */
const LISTENS = 3_300_000;

export const freeze: Scenario = {
  name: 'freeze',
  title: 'SIGSTOP for 6 s',
  method:
    'Adverts every second; the MASTER gets SIGSTOP, 6 s later SIGCONT. What it sends as MASTER ' +
    'in the first 3.3 s afterwards, in which it could not yet have heard a silent segment: ' +
    `advertisements and gratuitous ARP. ${REPETITIONS} repetitions. Scenario freeze.`,
  async run(context) {
    const adverts = new Samples();
    const announcements = new Samples();
    const scenario = scenarioNamed('freeze');
    await alternate(context, Math.min(REPETITIONS, context.repetitions), async (contender) => {
      const record = await played(scenario, contender);
      const { from } = stepOf(record, 'thaw');
      const thawed = record.nodes[0];
      const during = (times: readonly number[] = []) =>
        times.filter((at) => at >= from && at < from + LISTENS).length;
      const [said, announced] = [during(thawed?.adverts), during(thawed?.announcements)];
      adverts.add(contender, said);
      announcements.add(contender, announced);
      context.say(`${contender}: thawed: ${said} adverts, ${announced} gratuitous ARP`);
    });
    return [
      adverts.row('adverts of the thawed node before it has listened', '', [atMost('max', 0)]),
      announcements.row('gratuitous ARP of the thawed node before it has listened', '', [
        atMost('max', 0),
      ]),
    ];
  },
};
