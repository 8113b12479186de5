/** Somebody deletes the VIP on the MASTER. */
import { Prober, probesIn } from '../../src/lab/probe.ts';
import { sleep } from '../../src/lab/wait.ts';
import { wallClock } from '../../src/lab/wall-clock.ts';
import { advertsOf } from '../harness/adverts.ts';
import { outageIn } from '../harness/outage.ts';
import { withPair } from '../harness/pair.ts';
import { ONE_ROUTER } from '../harness/routers.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';

const SPEC = { routers: ONE_ROUTER, intervalMilliseconds: 1_000 };

export const deletedAddress: Scenario = {
  name: 'deleted-address',
  title: 'VIP deleted by hand',
  method:
    'ip address del on the MASTER, adverts every second, one echo request a millisecond: the ' +
    'longest time without an answer in the 2 s afterwards. Good-byes and take-overs are counted ' +
    'as losses of the office.',
  async run(context) {
    const outage = new Samples();
    const lost = new Samples();
    await alternate(context, 1, (contender) =>
      withPair(contender, SPEC, async (pair) => {
        for (let turn = 0; turn < context.repetitions; turn++) {
          const prober = await Prober.start(pair.lab, pair.address);
          await sleep(300);
          const from = wallClock();
          await pair.lab.deleteAddress(pair.master, pair.address, 32);
          await sleep(2_000);
          const frames = await prober.stop();
          const longest = outageIn(probesIn(frames, pair.address)) ?? Number.NaN;
          outage.add(contender, longest);
          const taken = advertsOf(frames, pair.backup.address).some(({ at }) => at > from);
          lost.add(contender, taken ? 1 : 0);
          context.say(`${contender}: VIP deleted: ${(longest).toFixed(1)} ms`);
          await pair.settled(pair.master);
        }
      }),
    );
    return [
      outage.row('VIP deleted by hand: client outage', 'ms', [
        atMost('max', 20),
        keepalivedPlus('median'),
      ]),
      lost.row('VIP deleted by hand: the office lost', '', [atMost('max', 0)]),
    ];
  },
};
