/** The routing table of a VRF on this host, by the name of its link. */
import { Macvlans } from '../../kernel/rtnetlink/macvlans.ts';

export function vrfTable(name: string): number | undefined {
  let links: Macvlans | undefined;
  try {
    links = new Macvlans();
    return links.find(name)?.vrfTable;
  } catch {
    return undefined;
  } finally {
    links?.close();
  }
}
