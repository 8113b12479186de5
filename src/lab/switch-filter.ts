/** What the switch does not forward, as an nftables ruleset (nft(8), family bridge). */
import type { LabHost } from './layout.ts';

/** One direction between two ports. */
export interface Crossing {
  readonly from: LabHost;
  readonly to: LabHost;
}

const TABLE = 'bridge vrrp_lab';

/** Replaces what was blocked before; naming the table first lets the deletion succeed always. */
export function filterText(blocked: readonly Crossing[]): string {
  const start = [`table ${TABLE}`, `delete table ${TABLE}`];
  if (blocked.length === 0) return `${start.join('\n')}\n`;
  const rules = blocked.flatMap(({ from, to }) => {
    const ports = `iifname "${from.name}" oifname "${to.name}"`;
    return [`${ports} ip protocol 112 drop`, `${ports} ip6 nexthdr 112 drop`];
  });
  const chain = ['type filter hook forward priority 0; policy accept;', ...rules];
  return `${[...start, `table ${TABLE} {`, 'chain forward {', ...chain, '}', '}'].join('\n')}\n`;
}
