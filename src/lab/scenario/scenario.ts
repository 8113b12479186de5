/** A scenario ready to run: names checked, defaults filled in, times in microseconds. */
import type { IpAddress } from '../../net/address.ts';
import type { Expectation } from './expectations.ts';
import type { ProbeType, ScenarioNode, WatchedRouter } from './inventory.ts';
import type { AgentName } from './names.ts';
import type { PeerLinkKeys } from './peer-link.ts';
import type { ScenarioStep } from './steps.ts';
import type { WitnessKeys } from './witness.ts';

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly story: string;
  readonly references: readonly string[];
  readonly hasPeerNetwork: boolean;
  /** Of the vrrp-agents; undefined: they have none. */
  readonly peerLink: PeerLinkKeys | undefined;
  /** Of the vrrp-agents; undefined: they have none. */
  readonly witness: WitnessKeys | undefined;
  /** The first client is the default gateway of the directors. */
  readonly hasGateway: boolean;
  readonly nodes: readonly ScenarioNode[];
  /** Names. */
  readonly clients: readonly string[];
  readonly probes: readonly ScenarioProbe[];
  readonly watched: WatchedRouter;
  readonly compare: readonly AgentName[];
  /** Time limit for settling; 0: the clock starts with the agents. */
  readonly settle: number;
  readonly duration: number;
  /** By time. */
  readonly steps: readonly ScenarioStep[];
  readonly expectations: readonly Expectation[];
}

export interface ScenarioProbe {
  readonly type: ProbeType;
  /** Name of the client that probes. */
  readonly client: string;
  readonly every: number;
  readonly address: IpAddress;
}

/** The same scenario with another program on every director. */
export function withAgent(scenario: Scenario, agent: AgentName): Scenario {
  return { ...scenario, nodes: scenario.nodes.map((node) => ({ ...node, agent })) };
}
