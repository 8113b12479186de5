/** What of an instance has to be the same on all directors, and which instances of two directors belong together. */

/** In the order of the digests of the peer link. */
export const SHARED_KEYS = [
  'vrid',
  'version',
  'advertisement_interval',
  'addresses',
  'extra_addresses',
  'authentication',
  'accept',
  'virtual_mac',
  'unicast',
  'witness',
] as const;

export type SharedKey = (typeof SHARED_KEYS)[number];

/** What identifies a virtual router on its segment, and its name. */
export interface Identity {
  readonly name: string;
  readonly vrid: number;
  readonly family: string;
}

/** The one about the same virtual router: by name, or else by VRID and family, if only one fits. */
export function matching<Kind extends Identity>(
  { name, vrid, family }: Identity,
  others: Iterable<Kind>,
): Kind | undefined {
  const fitting: Kind[] = [];
  for (const other of others) {
    if (other.name === name) return other;
    if (other.vrid === vrid && other.family === family) fitting.push(other);
  }
  return fitting.length === 1 ? fitting[0] : undefined;
}
