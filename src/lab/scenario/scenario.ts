/** A scenario as it is run: names checked, defaults filled in, times in microseconds. */
import type { IpAddress } from '../../net/address.ts';
import type { Forgery } from '../packets/forged-frame.ts';
import type { AgentInstance } from '../peers/vrrp-agent.ts';
import type { AgentName } from './names.ts';

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly story: string;
  readonly references: readonly string[];
  readonly hasPeerNetwork: boolean;
  readonly nodes: readonly ScenarioNode[];
  /** By their names. */
  readonly clients: readonly string[];
  readonly probes: readonly ScenarioProbe[];
  /** Of the first instance: what holders, masters and ARP are watched for. */
  readonly watched: { readonly vrid: number; readonly address: IpAddress };
  readonly compare: readonly AgentName[];
  /** 0: the clock starts with the agents. */
  readonly settle: number;
  readonly duration: number;
  /** In the order of time. */
  readonly steps: readonly ScenarioStep[];
  readonly expectations: readonly Expectation[];
}

export interface ScenarioNode {
  /** `lb1` and so on. */
  readonly name: string;
  readonly agent: AgentName;
  readonly priority: number;
  readonly starts: 'first' | 'after' | 'by-step';
  readonly instances: readonly AgentInstance[];
}

export type ProbeType = 'icmp' | 'tcp' | 'udp' | 'stream';

export interface ScenarioProbe {
  readonly type: ProbeType;
  /** Which client asks. */
  readonly client: string;
  readonly every: number;
  readonly address: IpAddress;
}

export interface ScenarioStep {
  readonly at: number;
  readonly action: Action;
}

export type Traffic = 'vrrp' | 'all';

/** What is done to one director and needs no more words. */
export const NODE_ACTIONS = [
  'crash',
  'boot',
  'kill',
  'stop',
  'start',
  'restart',
  'hang',
  'freeze',
  'thaw',
  'failover',
  'release',
] as const;
export type NodeAction = (typeof NODE_ACTIONS)[number];

export interface Between {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly traffic: Traffic;
  readonly isOneWay: boolean;
}

export type Action =
  | { readonly kind: NodeAction; readonly node: string }
  | { readonly kind: 'link_down' | 'link_up'; readonly node: string }
  | ({ readonly kind: 'partition' } & Between)
  | ({ readonly kind: 'loss'; readonly percent: number } & Between)
  | {
      readonly kind: 'delay';
      readonly node: string;
      readonly by: number;
      readonly jitter: number;
    }
  | { readonly kind: 'heal' }
  | {
      readonly kind: 'reload';
      readonly node: string;
      readonly set: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'maintenance'; readonly node: string; readonly state: 'on' | 'off' }
  | { readonly kind: 'cpu_stress'; readonly lasts: number; readonly loops: number | undefined }
  | {
      readonly kind: 'flood';
      readonly packet: Forgery;
      readonly perSecond: number;
      readonly lasts: number;
    }
  | {
      readonly kind: 'delete_address' | 'add_address';
      readonly node: string;
      readonly address: IpAddress;
    };

export interface Limits {
  readonly atMost: number | undefined;
  readonly atLeast: number | undefined;
}

export type Demand =
  | { readonly kind: 'owner'; readonly owner: string }
  | { readonly kind: 'arp_owner'; readonly owner: string; readonly client: string }
  | ({ readonly kind: 'masters' | 'transitions' | 'discarded'; readonly node?: string } & Limits)
  | ({ readonly kind: 'outage'; readonly probe: ProbeType; readonly client: string } & Limits)
  | ({ readonly kind: 'dual' } & Limits)
  | { readonly kind: 'invariants'; readonly bound: number }
  | { readonly kind: 'stream'; readonly fate: 'survives' | 'breaks'; readonly client: string };

export type Expectation = Demand & {
  readonly from: number;
  readonly to: number;
  readonly why: string;
};

/** The same scenario with another program on every director. */
export function withAgent(scenario: Scenario, agent: AgentName): Scenario {
  return { ...scenario, nodes: scenario.nodes.map((node) => ({ ...node, agent })) };
}
