/**
 * Alternative names of interfaces (`altname` of ip-link(8)) in a file: replaced by the names under which
 * the kernel reports the interfaces, so that everything else knows one name for each.
 */

/** Keys that name an interface of the host. */
const KEYS: ReadonlySet<string> = new Set(['interface', 'dev', 'iif', 'oif', 'link']);

/** Names a link that the agent makes. */
const NOT_OF_THE_HOST = 'virtual_mac';

/** `realName` returns a name that it does not know as it is. */
export function withRealNames(value: unknown, realName: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => withRealNames(one, realName));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
    if (key === NOT_OF_THE_HOST) return [key, inner];
    if (typeof inner === 'string') return [key, KEYS.has(key) ? realName(inner) : inner];
    return [key, withRealNames(inner, realName)];
  });
  return Object.fromEntries(entries);
}
