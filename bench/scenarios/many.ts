/** A crash when there are many addresses to announce: the slowest of them counts. */
import { announcementsIn } from '../../src/lab/capture.ts';
import { sleep } from '../../src/lab/wait.ts';
import type { IpAddress } from '../../src/net/address.ts';
import type { CapturedFrame } from '../../src/wire/pcap.ts';
import { advertsOf, advertTimes, byVrid } from '../harness/adverts.ts';
import { BurstCapture } from '../harness/capture.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { manyRouters, oneIpv6RouterWithMany, oneRouterWithMany } from '../harness/routers.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';

const INTERVAL_MILLISECONDS = 100;

const CASES = [
  { what: '1 router with 255 VIPs', routers: oneRouterWithMany(), overMilliseconds: 2.5 },
  { what: '1 router with 255 IPv6 VIPs', routers: oneIpv6RouterWithMany(), overMilliseconds: 25 },
  { what: '255 routers with 1 VIP', routers: manyRouters(), overMilliseconds: 5 },
] as const;

export const many: Scenario = {
  name: 'many',
  title: 'Crash with 255 addresses',
  method:
    'Adverts every 100 ms, the switch port of the MASTER goes down. For each VIP from the last ' +
    'advertisement of its router to its first gratuitous ARP, on the client’s interface; the ' +
    'slowest VIP, less the Master_Down_Interval.',
  async run(context) {
    const rows = [];
    for (const { what, routers, overMilliseconds } of CASES) {
      const samples = new Samples();
      const spec = { routers, intervalMilliseconds: INTERVAL_MILLISECONDS };
      await alternate(context, context.repetitions, (contender) =>
        withPair(contender, spec, async (pair) => {
          const over = await slowestOverFormula(pair);
          samples.add(contender, over);
          context.say(`${contender}: ${what}: formula + ${over.toFixed(2)} ms`);
        }),
      );
      rows.push(
        samples.row(`${what}: slowest first announcement, over the formula`, 'ms', [
          atMost('median', overMilliseconds),
          keepalivedPlus('median'),
        ]),
      );
    }
    return rows;
  },
};

async function slowestOverFormula(pair: Pair): Promise<number> {
  const { lab, spec } = pair;
  await sleep(1_000);
  const capture = await BurstCapture.start(lab, lab.client, 'ip proto 112 or arp or ip6');
  await sleep(500);
  await pair.crash(pair.master);
  await sleep(pair.masterDownMilliseconds + 500);
  const frames = await capture.stop();
  const announced = firstAnnouncements(frames, pair);
  const last = lastAdverts(frames, pair);
  const delays = spec.routers.flatMap(({ vrid, addresses }) =>
    addresses.map((one) => delay(announced.get(one), last(vrid))),
  );
  return Math.max(...delays) / 1_000 - pair.masterDownMilliseconds;
}

function delay(announced: number | undefined, lastAdvert: number | undefined): number {
  if (announced === undefined || lastAdvert === undefined) {
    throw new Error('a VIP was never announced after the crash');
  }
  return announced - lastAdvert;
}

/** The last word of each router on the MASTER; one with many IPv6 addresses speaks in fragments. */
function lastAdverts(
  frames: readonly CapturedFrame[],
  pair: Pair,
): (vrid: number) => number | undefined {
  const source = pair.sourceOf(pair.master);
  if (pair.spec.routers.length === 1) return () => advertTimes(frames, source).at(-1);
  const routers = byVrid(advertsOf(frames, source));
  return (vrid) => routers.get(vrid)?.at(-1)?.at;
}

/** After the successor's first advertisement: the crashed one may have announced before. */
function firstAnnouncements(frames: readonly CapturedFrame[], pair: Pair): Map<IpAddress, number> {
  const begin = advertTimes(frames, pair.sourceOf(pair.backup))[0] ?? Number.POSITIVE_INFINITY;
  const first = new Map<IpAddress, number>();
  for (const { at, address } of announcementsIn(frames)) {
    if (at >= begin && !first.has(address)) first.set(address, at);
  }
  return first;
}
