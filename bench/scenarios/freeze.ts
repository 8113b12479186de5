/** The MASTER is stopped as by a paused virtual machine, and goes on when another is MASTER. */
import { announcementsIn } from '../../src/lab/capture.ts';
import { HOST_INTERFACE } from '../../src/lab/layout.ts';
import { sleep } from '../../src/lab/wait.ts';
import { wallClock } from '../../src/lab/wall-clock.ts';
import { advertsOf } from '../harness/adverts.ts';
import { BurstCapture } from '../harness/capture.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { ONE_ROUTER } from '../harness/routers.ts';
import { atMost, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';

const REPETITIONS = 3;
const SPEC = { routers: ONE_ROUTER, intervalMilliseconds: 1_000 };
const FROZEN_MILLISECONDS = 6_000;
/** Less than the Master_Down_Interval of priority 150 at 1 s: 3.41 s. */
const LISTENS_MILLISECONDS = 3_300;

export const freeze: Scenario = {
  name: 'freeze',
  title: 'SIGSTOP for 6 s',
  method:
    'Adverts every second; the MASTER gets SIGSTOP, 6 s later SIGCONT. What it sends as MASTER ' +
    'in the first 3.3 s afterwards, in which it could not yet have heard a silent segment: ' +
    `advertisements and gratuitous ARP. ${REPETITIONS} repetitions.`,
  async run(context) {
    const adverts = new Samples();
    const announcements = new Samples();
    await alternate(context, Math.min(REPETITIONS, context.repetitions), (contender) =>
      withPair(contender, SPEC, async (pair) => {
        const seen = await thawed(pair);
        adverts.add(contender, seen.adverts);
        announcements.add(contender, seen.announcements);
        context.say(
          `${contender}: thawed: ${seen.adverts} adverts, ${seen.announcements} gratuitous ARP`,
        );
      }),
    );
    return [
      adverts.row('adverts of the thawed node before it has listened', '', [atMost('max', 0)]),
      announcements.row('gratuitous ARP of the thawed node before it has listened', '', [
        atMost('max', 0),
      ]),
    ];
  },
};

async function thawed(pair: Pair) {
  const { lab, master } = pair;
  const text = await lab.run(master, 'cat', [`/sys/class/net/${HOST_INTERFACE}/address`]);
  const capture = await BurstCapture.start(lab, lab.client, 'proto 112 or arp');
  pair.peer(master).freeze();
  await sleep(FROZEN_MILLISECONDS);
  const from = wallClock();
  pair.peer(master).thaw();
  await sleep(LISTENS_MILLISECONDS);
  const frames = await capture.stop();
  if (advertsOf(frames, pair.backup.address).length === 0) throw new Error('nobody took over');
  const until = from + LISTENS_MILLISECONDS * 1_000;
  const during = ({ at }: { readonly at: number }) => at >= from && at < until;
  return {
    adverts: advertsOf(frames, master.address).filter(during).length,
    announcements: announcementsIn(frames).filter(
      (one) => during(one) && one.mac === text.trim() && one.address === pair.address,
    ).length,
  };
}
