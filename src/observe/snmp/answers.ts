/** Answers the requests of the SNMP agent from a sorted list of objects (RFC 2741 section 7.2.3). */
import { compareOids, type Oid } from '../../wire/agentx/oid.ts';
import type { SearchRange } from '../../wire/agentx/pdu.ts';
import type { Binding } from '../../wire/agentx/value.ts';

type Objects = readonly Binding[];

export function get(objects: Objects, { start }: SearchRange): Binding {
  const found = objects[firstFrom(objects, start, true)];
  if (found !== undefined && compareOids(found.oid, start) === 0) return found;
  return { oid: start, value: { type: 'no-such-instance' } };
}

export function getNext(objects: Objects, { start, include, end }: SearchRange): Binding {
  const found = objects[firstFrom(objects, start, include)];
  const isInside = found !== undefined && (end === undefined || compareOids(found.oid, end) < 0);
  return isInside ? found : { oid: start, value: { type: 'end-of-view' } };
}

/** The answer is bounded: a manager may ask for 65,535 repetitions. */
const BULK_MOST = 1_000;

export function getBulk(
  objects: Objects,
  ranges: readonly SearchRange[],
  nonRepeaters: number,
  repetitions: number,
): Binding[] {
  const answer = ranges.slice(0, nonRepeaters).map((range) => getNext(objects, range));
  let repeated = ranges.slice(nonRepeaters);
  for (let round = 0; round < repetitions && repeated.length > 0; round++) {
    if (answer.length + repeated.length > BULK_MOST) break;
    const found = repeated.map((range) => getNext(objects, range));
    answer.push(...found);
    if (found.every(({ value }) => value.type === 'end-of-view')) break;
    repeated = repeated.map(({ end }, at) => ({
      start: (found[at] as Binding).oid,
      include: false,
      end,
    }));
  }
  return answer;
}

/** The position of the first object after the name, or with it; the length: none. */
function firstFrom(objects: Objects, oid: Oid, include: boolean): number {
  let low = 0;
  let high = objects.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareOids((objects[middle] as Binding).oid, oid);
    if (order < 0 || (order === 0 && !include)) low = middle + 1;
    else high = middle;
  }
  return low;
}
