/** Deep equality of plain values: those of JSON, and undefined. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  if (one === null || other === null || Array.isArray(one) !== Array.isArray(other)) return false;
  const entries = Object.entries(one);
  const others: Readonly<Record<string, unknown>> = { ...other };
  return (
    entries.length === Object.keys(others).length &&
    entries.every(([key, value]) => key in others && isSame(value, others[key]))
  );
}

/** True if both lists have the same values, in any order; neither has one twice. */
export function isSameSet<Value>(one: readonly Value[], other: readonly Value[]): boolean {
  if (one.length !== other.length) return false;
  const known = new Set(one);
  return other.every((value) => known.has(value));
}
