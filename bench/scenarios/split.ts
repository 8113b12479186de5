/** VRRP is lost between the directors while everything else passes, and comes back. */
import { announcementsIn } from '../../src/lab/capture.ts';
import { HOST_INTERFACE, type LabHost } from '../../src/lab/layout.ts';
import { Prober, probesIn } from '../../src/lab/probe.ts';
import { sleep } from '../../src/lab/wait.ts';
import { wallClock } from '../../src/lab/wall-clock.ts';
import type { CapturedFrame } from '../../src/wire/pcap.ts';
import { advertsOf } from '../harness/adverts.ts';
import { outageIn } from '../harness/outage.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { ONE_ROUTER } from '../harness/routers.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';

const SPEC = { routers: ONE_ROUTER, intervalMilliseconds: 1_000 };
const BLOCKED_MILLISECONDS = 5_000;
const WATCHED_MILLISECONDS = 8_000;
/** Steps by which healing falls on another part of the interval in each repetition. */
const PHASE_MILLISECONDS = 230;
/** nft needs some time for the last rule to go: what is on the wire then is still of the split. */
const HEALED_WITHIN = 2_000;

export const split: Scenario = {
  name: 'split',
  title: 'Split and healed',
  method:
    'The switch drops protocol 112 between the directors for 5 s, adverts every second; then the ' +
    '8 s after healing: the last advertisement of the loser, whether the winner announced the ' +
    'VIP, the longest time in which the client had no answer.',
  async run(context) {
    const found = { united: new Samples(), silent: new Samples(), blind: new Samples() };
    await alternate(context, 1, (contender) =>
      withPair(contender, SPEC, async (pair) => {
        for (let turn = 0; turn < context.repetitions; turn++) {
          const seen = await splitAndHeal(pair, turn * PHASE_MILLISECONDS);
          found.united.add(contender, seen.united);
          found.silent.add(contender, seen.announced ? 0 : 1);
          found.blind.add(contender, seen.blind);
          context.say(
            `${contender}: healed: one MASTER after ${seen.united.toFixed(0)} ms, ` +
              `winner ${seen.announced ? 'announced' : 'silent'}, blind ${seen.blind.toFixed(1)} ms`,
          );
          await pair.settled(pair.master);
        }
      }),
    );
    return [
      found.united.row('healed: until there is one MASTER', 'ms', [atMost('max', 1_000)]),
      found.silent.row('healed: the winner did not announce', '', [atMost('max', 0)]),
      found.blind.row('healed: client outage', 'ms', [keepalivedPlus('median')]),
    ];
  },
};

async function splitAndHeal(pair: Pair, phase: number) {
  const { lab, master, backup } = pair;
  const text = await lab.run(master, 'cat', [`/sys/class/net/${HOST_INTERFACE}/address`]);
  await lab.blockVrrp(master, backup);
  await sleep(BLOCKED_MILLISECONDS - 1_000 + phase);
  const prober = await Prober.start(lab, pair.address);
  await sleep(1_000);
  await lab.unblockVrrp();
  const healed = wallClock();
  await sleep(WATCHED_MILLISECONDS);
  const frames = await prober.stop();
  return judged(frames, pair, healed, text.trim(), backup);
}

function judged(
  frames: readonly CapturedFrame[],
  pair: Pair,
  healed: number,
  winnerMac: string,
  loser: LabHost,
) {
  const ofLoser = advertsOf(frames, loser.address);
  if (!ofLoser.some(({ at }) => at < healed)) throw new Error('there was no split');
  const last = Math.max(healed, ...ofLoser.map(({ at }) => at));
  const announced = announcementsIn(frames).some(
    ({ at, mac, address }) =>
      at > healed - HEALED_WITHIN && mac === winnerMac && address === pair.address,
  );
  const after = probesIn(frames, pair.address).filter(({ sentAt }) => sentAt > healed - 100_000);
  const blind = outageIn(after) ?? WATCHED_MILLISECONDS;
  return { united: (last - healed) / 1_000, announced, blind };
}
