/** What the switch drops, as an nftables ruleset (nft(8), family bridge). */
import { type LabHost, type NetworkName, portOf } from './layout.ts';

/** One direction between two ports of one network. */
export interface Crossing {
  readonly from: LabHost;
  readonly to: LabHost;
  /** Default: `clients`. */
  readonly network?: NetworkName;
  /** Default: `vrrp`. */
  readonly traffic?: 'vrrp' | 'all';
  /** Probability of loss for each frame; default: 100. */
  readonly percent?: number;
}

const TABLE = 'bridge vrrp_lab';

/** Replaces the old rules; creating the table first makes its deletion always succeed. */
export function filterText(blocked: readonly Crossing[]): string {
  const start = [`table ${TABLE}`, `delete table ${TABLE}`];
  if (blocked.length === 0) return `${start.join('\n')}\n`;
  const chain = ['type filter hook forward priority 0; policy accept;', ...blocked.flatMap(rules)];
  return `${[...start, `table ${TABLE} {`, 'chain forward {', ...chain, '}', '}'].join('\n')}\n`;
}

function rules({ from, to, network, traffic = 'vrrp', percent = 100 }: Crossing): string[] {
  const ports = `iifname "${portOf(from, network)}" oifname "${portOf(to, network)}"`;
  const drop = percent < 100 ? `numgen random mod 100 < ${percent} drop` : 'drop';
  if (traffic === 'all') return [`${ports} ${drop}`];
  return [`${ports} ip protocol 112 ${drop}`, `${ports} ip6 nexthdr 112 ${drop}`];
}
