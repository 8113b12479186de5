/** Object identifiers of SNMP (RFC 2578), as their numbers, and their order. */
export type Oid = readonly number[];

/** Negative if `a` comes before `b`; a prefix comes before what it begins. */
export function compareOids(a: Oid, b: Oid): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
