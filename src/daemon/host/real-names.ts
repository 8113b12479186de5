/** The interfaces of this host by any of their names. */
import { Macvlans } from '../../kernel/rtnetlink/macvlans.ts';

/**
 * Returns the name under which the kernel reports the interface with this name or alternative name, and
 * an unknown name as it is. The answers hold for one reading of a file: a link may get another name.
 */
export function realNames(): (name: string) => string {
  const known = new Map<string, string>();
  return (name) => {
    const real = known.get(name) ?? realNameOf(name);
    known.set(name, real);
    return real;
  };
}

/** The kernel looks a name up among the alternative names as well (__dev_get_by_name). */
function realNameOf(name: string): string {
  let links: Macvlans | undefined;
  try {
    links = new Macvlans();
    return links.find(name)?.name ?? name;
  } catch {
    // No permission, or no name that a link can have, which the schema reports.
    return name;
  } finally {
    links?.close();
  }
}
