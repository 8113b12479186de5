/** Each change of MASTER as the wire shows it. Times in microseconds since 1970, like the facts. */
import { CLIENT_NAME } from '../scenario/names.ts';
import { termsOf } from './lanes.ts';
import type { Advert, Facts } from './observe.ts';
import type { TakeoverRecord } from './record.ts';

/** A virtual router with the addresses its MASTER has to announce. */
export interface AnnouncedRouter {
  readonly vrid: number;
  readonly addresses: readonly string[];
}

export interface TakeoverQuestion {
  readonly vrid: number;
  readonly address: string;
  /** Of each director, the watched one among them. */
  readonly routers: ReadonlyMap<string, readonly AnnouncedRouter[]>;
  readonly end: number;
}

/** In the order of time. Who was the first of all took nothing over. */
export function takeoversIn(facts: Facts, question: TakeoverQuestion): TakeoverRecord[] {
  const watched = facts.adverts.filter(({ vrid }) => vrid === question.vrid);
  const begins = [...question.routers.keys()].flatMap((node) => {
    const own = watched.filter((one) => one.node === node);
    return termsOf(own, question.end).map(({ from }) => ({ node, from }));
  });
  begins.sort((a, b) => a.from - b.from);
  return begins.flatMap(({ node, from }): TakeoverRecord[] => {
    const last = watched.findLast(({ at }) => at < from);
    // A director that paused and goes on took nothing over.
    if (last === undefined || last.node === node) return [];
    return [takeover(facts, question, node, from, last)];
  });
}

function takeover(
  facts: Facts,
  { address, routers }: TakeoverQuestion,
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
 * Of all addresses the longest time from the last advertisement of its router to its first
 * announcement; null when one was never announced.
 */
function slowestAnnouncement(
  { adverts }: Facts,
  announcements: Facts['announcements'],
  routers: readonly AnnouncedRouter[],
  former: string,
): number | null {
  const first = new Map<string, number>();
  for (const { at, address } of announcements) if (!first.has(address)) first.set(address, at);
  const words = new Map<number, number[]>();
  for (const { at, node, vrid } of adverts) {
    if (node !== former) continue;
    const known = words.get(vrid);
    if (known === undefined) words.set(vrid, [at]);
    else known.push(at);
  }
  let slowest = 0;
  for (const { vrid, addresses } of routers) {
    for (const address of addresses) {
      const announced = first.get(address);
      const said = words.get(vrid)?.findLast((at) => at < (announced ?? 0));
      if (announced === undefined || said === undefined) return null;
      slowest = Math.max(slowest, announced - said);
    }
  }
  return slowest;
}
