/** Questions to a capture about who advertised what, and when. Times in microseconds since 1970. */
import { advertisementsIn, type CapturedAdvertisement } from '../../src/lab/capture.ts';
import type { IpAddress } from '../../src/net/address.ts';
import type { CapturedFrame } from '../../src/wire/pcap.ts';

/** Of one host as MASTER, in the order of time: good-byes left out. */
export function advertsOf(
  frames: readonly CapturedFrame[],
  source: IpAddress,
): CapturedAdvertisement[] {
  return advertisementsIn(frames).filter(
    (advert) => advert.source === source && advert.advertisement.priority > 0,
  );
}

export function byVrid(
  adverts: readonly CapturedAdvertisement[],
): Map<number, CapturedAdvertisement[]> {
  const routers = new Map<number, CapturedAdvertisement[]>();
  for (const advert of adverts) {
    const { vrid } = advert.advertisement;
    const known = routers.get(vrid);
    if (known === undefined) routers.set(vrid, [advert]);
    else known.push(advert);
  }
  return routers;
}

/**
 * How often routers became MASTER on a host that was BACKUP before: advertisements further apart
 * than `silence` belong to two terms of office.
 */
export function takeOvers(adverts: readonly CapturedAdvertisement[], silence: number): number {
  let terms = 0;
  for (const router of byVrid(adverts).values()) {
    let last = Number.NEGATIVE_INFINITY;
    for (const { at } of router) {
      if (at - last > silence) terms++;
      last = at;
    }
  }
  return terms;
}
