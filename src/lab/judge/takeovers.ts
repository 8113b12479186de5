/** Changes of MASTER as the wire shows them. Times in microseconds since 1970, like the facts. */
import { CLIENT_NAME } from '../scenario/names.ts';
import { masterPeriodsOf } from './lanes.ts';
import type { Advert, Facts } from './observe.ts';
import type { TakeoverRecord } from './record.ts';

/** A virtual router and the addresses that its MASTER must announce. */
interface AnnouncedRouter {
  readonly vrid: number;
  readonly addresses: readonly string[];
}

export interface TakeoverQuery {
  readonly vrid: number;
  readonly address: string;
  /** By director; includes the watched router. */
  readonly routers: ReadonlyMap<string, readonly AnnouncedRouter[]>;
  readonly end: number;
}

/** By time. The very first MASTER took over from no one. */
export function takeoversIn(facts: Facts, query: TakeoverQuery): TakeoverRecord[] {
  const watched = facts.adverts.filter(({ vrid }) => vrid === query.vrid);
  const begins = [...query.routers.keys()].flatMap((node) => {
    const own = watched.filter((one) => one.node === node);
    return masterPeriodsOf(own, query.end).map(({ from }) => ({ node, from }));
  });
  begins.sort((a, b) => a.from - b.from);
  return begins.flatMap(({ node, from }): TakeoverRecord[] => {
    const last = watched.findLast(({ at }) => at < from);
    // A MASTER that paused and continues did not take over.
    if (last === undefined || last.node === node) return [];
    return [takeover(facts, query, node, from, last)];
  });
}

function takeover(
  facts: Facts,
  { address, routers }: TakeoverQuery,
  node: string,
  from: number,
  last: Advert,
): TakeoverRecord {
  const answers = (facts.echoes.get(CLIENT_NAME) ?? []).flatMap(({ answeredAt = 0 }) =>
    answeredAt > from ? answeredAt : [],
  );
  const ofNode = facts.announcements.filter((one) => one.node === node && one.at >= last.at);
  const slowest = slowestAnnouncement(facts, ofNode, routers.get(node) ?? [], last.node);
  return {
    node,
    from: last.node,
    resigned: last.priority === 0,
    last_advert: last.at,
    first_advert: from,
    first_announcement: ofNode.find((one) => one.address === address)?.at ?? null,
    first_answer: answers.length === 0 ? null : answers.reduce((a, b) => Math.min(a, b)),
    slowest_announcement: slowest,
  };
}

/**
 * The longest time from the last advertisement of a router to the first announcement of one of its
 * addresses; null if an address was never announced.
 */
function slowestAnnouncement(
  { adverts }: Facts,
  announcements: Facts['announcements'],
  routers: readonly AnnouncedRouter[],
  former: string,
): number | null {
  const first = new Map<string, number>();
  for (const { at, address } of announcements) if (!first.has(address)) first.set(address, at);
  const advertTimes = new Map<number, number[]>();
  for (const { at, node, vrid } of adverts) {
    if (node !== former) continue;
    const known = advertTimes.get(vrid);
    if (known === undefined) advertTimes.set(vrid, [at]);
    else known.push(at);
  }
  let slowest = 0;
  for (const { vrid, addresses } of routers) {
    for (const address of addresses) {
      const announced = first.get(address);
      const last = advertTimes.get(vrid)?.findLast((at) => at < (announced ?? 0));
      if (announced === undefined || last === undefined) return null;
      slowest = Math.max(slowest, announced - last);
    }
  }
  return slowest;
}
