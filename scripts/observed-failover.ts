/** A change of MASTER in a capture. Times in microseconds since 1970. */
import { advertisementsIn, announcementsIn } from '../src/lab/packets/capture.ts';
import { firstAnswerAfter, longestOutage, probesIn } from '../src/lab/probes/probe.ts';
import type { IpAddress } from '../src/net/address.ts';
import type { CapturedFrame } from '../src/wire/capture/pcap.ts';

interface FailoverQuery {
  readonly address: IpAddress;
  readonly formerMaster: IpAddress;
  readonly successor: IpAddress;
}

export interface Failover {
  /** Of the former MASTER; may have priority 0. */
  readonly lastAdvertisement: number;
  readonly resigned: boolean;
  readonly firstAdvertisement: number;
  readonly firstAnnouncement: number | undefined;
  readonly firstAnswer: number | undefined;
  /** Longest time without an answer around the change; undefined: too few answers. */
  readonly outageMicroseconds: number | undefined;
}

/** Undefined: the successor never advertised after the former MASTER. */
export function failoverIn(
  frames: readonly CapturedFrame[],
  { address, formerMaster, successor }: FailoverQuery,
): Failover | undefined {
  const adverts = advertisementsIn(frames);
  const first = adverts.find(
    ({ source, advertisement }) => source === successor && advertisement.priority > 0,
  );
  if (first === undefined) return undefined;
  const last = adverts.findLast(({ at, source }) => source === formerMaster && at < first.at);
  if (last === undefined) return undefined;
  const probes = probesIn(frames, address);
  const announced = announcementsIn(frames).find(
    (one) => one.address === address && one.at >= first.at,
  );
  return {
    lastAdvertisement: last.at,
    resigned: last.advertisement.priority === 0,
    firstAdvertisement: first.at,
    firstAnnouncement: announced?.at,
    firstAnswer: firstAnswerAfter(probes, first.at),
    outageMicroseconds: longestOutage(probes)?.microseconds,
  };
}
