/** The values in a line of the checker process, each bounded; undefined: it is none. */

export type Fields = Readonly<Record<string, unknown>>;

/** Bounds what another host can put into logs and `status`. */
export const DETAIL_MAX = 300;

export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}

export function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

export function text(value: unknown, maximum = DETAIL_MAX): string | undefined {
  return typeof value === 'string' ? value.slice(0, maximum) : undefined;
}

/** Of which every entry decodes, and at most so many. */
export function list<Entry>(
  value: unknown,
  maximum: number,
  decode: (entry: unknown) => Entry | undefined,
): Entry[] | undefined {
  if (!Array.isArray(value) || value.length > maximum) return undefined;
  const entries = value.flatMap((one: unknown) => decode(one) ?? []);
  return entries.length === value.length ? entries : undefined;
}
