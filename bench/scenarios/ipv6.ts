/** A director that is MASTER of an IPv4 router takes over many IPv6 addresses. */
import { announcementsIn } from '../../src/lab/packets/capture.ts';
import { virtualAddress } from '../../src/lab/topology/layout.ts';
import { sleep } from '../../src/lab/wait.ts';
import type { IpAddress } from '../../src/net/address.ts';
import type { CapturedFrame } from '../../src/wire/capture/pcap.ts';
import { advertsOf, advertTimes } from '../harness/adverts.ts';
import { BurstCapture } from '../harness/capture.ts';
import { regularityOf } from '../harness/grid.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { oneIpv6RouterWithMany } from '../harness/routers.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';
import { quantile } from '../harness/statistics.ts';

const INTERVAL_MILLISECONDS = 100;
const AT_WORK_MILLISECONDS = 10;
const AT_WORK = {
  vrid: 77,
  addresses: [virtualAddress(0)],
  intervalMilliseconds: AT_WORK_MILLISECONDS,
  aside: true,
} as const;

const SPEC = {
  routers: [...oneIpv6RouterWithMany(), AT_WORK],
  intervalMilliseconds: INTERVAL_MILLISECONDS,
};

export const ipv6: Scenario = {
  name: 'ipv6',
  title: 'Crash with 255 IPv6 addresses',
  method:
    'As in “Crash with 255 addresses”, one router with 255 IPv6 VIPs. The director that takes over ' +
    'is also MASTER of an IPv4 router with adverts every 10 ms: their worst interval error from half ' +
    'a second before the crash to half a second after the takeover.',
  async run(context) {
    const slowest = new Samples();
    const late = new Samples();
    await alternate(context, context.repetitions, (contender) =>
      withPair(contender, SPEC, async (pair) => {
        const frames = await framesOfCrash(pair);
        const over = slowestIn(frames, pair);
        const times = advertsOf(frames, pair.backup.address).map(({ at }) => at);
        const { errors } = regularityOf(times, AT_WORK_MILLISECONDS * 1_000);
        const worst = quantile(errors, 1) ?? Number.NaN;
        slowest.add(contender, over);
        late.add(contender, worst);
        context.log(
          `${contender}: 255 IPv6 VIPs: formula + ${over.toFixed(2)} ms, ` +
            `IPv4 adverts late by ${worst.toFixed(2)} ms`,
        );
      }),
    );
    return [
      slowest.row(
        '1 router with 255 IPv6 VIPs: slowest first announcement, over the formula',
        'ms',
        [atMost('median', 25), keepalivedPlus('median')],
      ),
      late.row('IPv4 adverts meanwhile: worst interval error', 'ms', [atMost('max', 2)]),
    ];
  },
};

/** Frames at the client's interface, from half a second before the crash. */
async function framesOfCrash(pair: Pair): Promise<readonly CapturedFrame[]> {
  const { lab } = pair;
  await sleep(1_000);
  const capture = await BurstCapture.start(lab, lab.client, 'ip proto 112 or ip6');
  await sleep(500);
  await pair.crash(pair.master);
  await sleep(pair.masterDownMilliseconds + 500);
  return capture.stop();
}

/** Milliseconds over the formula until every VIP has been announced. */
function slowestIn(frames: readonly CapturedFrame[], pair: Pair): number {
  const last = advertTimes(frames, pair.sourceOf(pair.master)).at(-1);
  const begin = advertTimes(frames, pair.sourceOf(pair.backup))[0] ?? Number.POSITIVE_INFINITY;
  // The crashed director may have sent announcements before.
  const announced = new Map<IpAddress, number>();
  for (const { at, address } of announcementsIn(frames)) {
    if (at >= begin && !announced.has(address)) announced.set(address, at);
  }
  const times = pair.shared.flatMap(({ addresses }) => addresses.map((one) => announced.get(one)));
  const slowest = Math.max(...times.map((at) => at ?? Number.NaN));
  if (last === undefined || Number.isNaN(slowest)) {
    throw new Error('a VIP was never announced after the crash');
  }
  return (slowest - last) / 1_000 - pair.masterDownMilliseconds;
}
