/** Advertisements in a capture. Times in microseconds since 1970. */
import { advertisementsIn, type CapturedAdvertisement } from '../../src/lab/packets/capture.ts';
import { familyOf, type IpAddress, ipFromBytes } from '../../src/net/address.ts';
import { PROTOCOL_VRRP } from '../../src/net/vrrp.ts';
import type { CapturedFrame } from '../../src/wire/capture/pcap.ts';
import { decodeEthernetHeader, ETHERTYPE_IPV6 } from '../../src/wire/ethernet.ts';
import { isLaterFragment } from '../../src/wire/ipv6-fragments.ts';

/** Advertisements of one host by time, without those of priority 0. */
export function advertsOf(
  frames: readonly CapturedFrame[],
  source: IpAddress,
): CapturedAdvertisement[] {
  return advertisementsIn(frames).filter(
    (advert) => advert.source === source && advert.advertisement.priority > 0,
  );
}

/** Times of the host's advertisements; a fragmented one counts once. */
export function advertTimes(frames: readonly CapturedFrame[], source: IpAddress): number[] {
  if (familyOf(source) === 'ipv4') return advertsOf(frames, source).map(({ at }) => at);
  return frames.flatMap(({ at, bytes }) => {
    const ethernet = decodeEthernetHeader(bytes, 0, bytes.length);
    if (!ethernet.ok || ethernet.value.etherType !== ETHERTYPE_IPV6) return [];
    const packet = bytes.subarray(ethernet.value.headerLength);
    const isAdvert = packet[6] === PROTOCOL_VRRP || packet[40] === PROTOCOL_VRRP;
    if (!isAdvert || isLaterFragment(packet)) return [];
    return ipFromBytes(packet, 8, 16) === source ? [at] : [];
  });
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
 * How often routers became MASTER on a host that was BACKUP before: a gap longer than `silence`
 * separates two periods as MASTER.
 */
export function takeovers(adverts: readonly CapturedAdvertisement[], silence: number): number {
  let periods = 0;
  for (const router of byVrid(adverts).values()) {
    let last = Number.NEGATIVE_INFINITY;
    for (const { at } of router) {
      if (at - last > silence) periods++;
      last = at;
    }
  }
  return periods;
}
