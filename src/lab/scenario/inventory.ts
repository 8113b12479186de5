/** What steps and expectations of one scenario may refer to, and how they give addresses and times. */
import { parseDuration } from '../../config/duration.ts';
import type { Findings, Path } from '../../config/finding.ts';
import { type IpAddress, ip, parseIp } from '../../net/address.ts';
import type { AgentInstance } from '../peers/vrrp-agent.ts';
import type { AgentName } from './names.ts';

export const SECOND = 1_000_000;

export interface ScenarioNode {
  /** `lb1`, `lb2`, ... */
  readonly name: string;
  readonly agent: AgentName;
  readonly priority: number;
  readonly starts: 'first' | 'after' | 'by-step';
  readonly instances: readonly AgentInstance[];
  /** Microseconds that the clocks of its agent are ahead of this host's. */
  readonly uptime?: number;
}

/** The first router of the first node: owners, MASTERs and ARP answers are observed for this one. */
export interface WatchedRouter {
  readonly vrid: number;
  readonly address: IpAddress;
}

export type ProbeType = 'icmp' | 'tcp' | 'udp' | 'stream';

export interface Inventory {
  readonly nodes: readonly ScenarioNode[];
  /** Directors and clients. */
  readonly machines: ReadonlySet<string>;
  readonly addresses: ReadonlySet<IpAddress>;
  readonly watched: WatchedRouter;
  readonly clients: readonly string[];
  readonly hasPeerNetwork: boolean;
  readonly probes: readonly { readonly type: ProbeType; readonly client: string }[];
  readonly duration: number;
}

/** Strips the prefix length. */
export function addressOfVip(text: string): IpAddress {
  return parseIp(text.split('/')[0] ?? '') ?? ip('0.0.0.0');
}

/** Default: the watched address. */
export function vipAt(
  text: string | undefined,
  path: Path,
  { addresses, watched }: Inventory,
  findings: Findings,
): IpAddress {
  if (text === undefined) return watched.address;
  const address = addressOfVip(text);
  if (!addresses.has(address)) {
    findings.error(path, 'conflict', `${text} is not a virtual address of this scenario`);
  }
  return address;
}

/** Microseconds; 0 after reporting a value that cannot be used. */
export function durationAt(
  text: string,
  path: Path,
  findings: Findings,
  [minimum, maximum]: readonly [number, number],
): number {
  const value = parseDuration(text);
  if (value === undefined) {
    findings.error(path, 'range', 'expected a duration in whole milliseconds');
    return 0;
  }
  if (value < minimum || value > maximum) {
    const bounds = `between ${minimum / 1_000} ms and ${maximum / SECOND} s`;
    findings.error(path, 'range', `expected a duration ${bounds}, found "${text}"`);
  }
  return value;
}
