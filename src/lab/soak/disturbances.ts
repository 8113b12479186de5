/** The disturbances of `lab soak`, each with the step that ends it. */
import { ip } from '../../net/address.ts';
import type { Action, ScenarioStep } from '../scenario/steps.ts';
import type { SeededRandom } from './random.ts';

export const SOAK_ADDRESS = ip('192.0.2.100');

/** What is disturbed, and when. */
export interface Disturber {
  readonly random: SeededRandom;
  readonly node: string;
  /** The other directors. */
  readonly others: readonly string[];
  readonly at: number;
  readonly end: number;
  readonly prefixLength: 24 | 32;
}

interface Drawn {
  readonly steps: readonly ScenarioStep[];
  /** No other disturbance of the director before the end of this one. */
  readonly occupies: boolean;
}

/** Between two steps of one disturbance. */
const STEP = 10_000;

type Pair = readonly [Action, Action];
type Kind = readonly [weight: number, draw: (disturber: Disturber) => Drawn];

/** Of any program. */
const EVERYWHERE: readonly Kind[] = [
  [0.15, deletedAddress],
  [0.2, partition],
  [0.35, paired(breakdown)],
  [0.08, paired(renumbering)],
  [0.04, changedMac],
  [0.06, paired(bridgePort)],
  [0.04, paired(addressOnLoopback)],
  [0.03, foreignRouter],
];

/** Of vrrp-agent. */
const OF_AGENTS: readonly Kind[] = [
  [0.03, secondAgent],
  [0.05, paired(stalledLog)],
  [0.04, paired(fifoInPlaceOfFile)],
  [0.06, paired(noDescriptors)],
];

/** Of directors with a peer link and a witness: cuts of both networks, and what etcd suffers. */
const WITH_WITNESS: readonly Kind[] = [
  [0.4, cutOff],
  [0.1, cutPeers],
  [0.2, paired(witnessOutage)],
];

/** Which of the disturbances there are. */
export interface Kinds {
  /** False: without the steps that only vrrp-agent has. */
  readonly hasAgents: boolean;
  /** The directors have a peer link and a witness, and these are disturbed, too. */
  readonly hasWitness?: boolean;
}

export function drawDisturbance(
  disturber: Disturber,
  { hasAgents, hasWitness = false }: Kinds,
): Drawn {
  const kinds = [
    ...EVERYWHERE,
    ...(hasAgents ? OF_AGENTS : []),
    ...(hasWitness ? WITH_WITNESS : []),
  ];
  const total = kinds.reduce((sum, [weight]) => sum + weight, 0);
  let left = disturber.random.fraction() * total;
  for (const [weight, draw] of kinds) {
    left -= weight;
    if (left < 0) return draw(disturber);
  }
  return deletedAddress(disturber);
}

function paired(draw: (disturber: Disturber) => Pair): Kind[1] {
  return (disturber) => {
    const [begin, finish] = draw(disturber);
    const steps = [
      { at: disturber.at, action: begin },
      { at: disturber.end, action: finish },
    ];
    return { steps, occupies: true };
  };
}

function once({ at }: Disturber, action: Action, occupies: boolean): Drawn {
  return { steps: [{ at, action }], occupies };
}

function deletedAddress(disturber: Disturber): Drawn {
  const { node } = disturber;
  const action = {
    kind: 'delete_address',
    node,
    address: SOAK_ADDRESS,
    isOnLoopback: false,
  } as const;
  return once(disturber, action, false);
}

function partition({ random, node, others, at, end }: Disturber): Drawn {
  const action: Action = {
    ...{ kind: 'partition', from: [node], to: others },
    traffic: random.fraction() < 0.5 ? 'vrrp' : 'all',
    isOneWay: random.fraction() < 0.4,
  };
  const steps = [
    { at, action },
    { at: end, action: { kind: 'heal' as const } },
  ];
  return { steps, occupies: false };
}

const HEAL: Action = { kind: 'heal' };

/** A director sees no other one on any network, and etcd is on its side, on the other one, or on both. */
function cutOff({ random, node, others, at, end }: Disturber): Drawn {
  const side = random.pick<'own' | 'other' | 'both'>(['own', 'other', 'both']);
  const from = side === 'own' ? [node, 'etcd'] : [node];
  const to = side === 'other' ? [...others, 'etcd'] : others;
  const both = { kind: 'partition', traffic: 'all', isOneWay: false } as const;
  const steps: ScenarioStep[] = [
    { at, action: { ...both, from: [node], to: others, network: 'peers' } },
    { at: at + STEP, action: { ...both, from, to } },
    { at: end, action: HEAL },
  ];
  return { steps, occupies: false };
}

function cutPeers({ node, others, at, end }: Disturber): Drawn {
  const cut = { kind: 'partition', traffic: 'all', isOneWay: false } as const;
  const steps: ScenarioStep[] = [
    { at, action: { ...cut, from: [node], to: others, network: 'peers' } },
    { at: end, action: HEAL },
  ];
  return { steps, occupies: false };
}

/** Stopped, killed, or not answering. */
function witnessOutage({ random }: Disturber): Pair {
  const begin = random.pick<'stop' | 'kill' | 'hang'>(['stop', 'kill', 'hang']);
  return [
    { kind: begin, node: 'etcd' },
    { kind: begin === 'hang' ? 'thaw' : 'start', node: 'etcd' },
  ];
}

type NodeStep = 'crash' | 'boot' | 'stop' | 'start' | 'kill' | 'hang' | 'thaw' | 'freeze';
type Breakdown = readonly [NodeStep | 'link_down', NodeStep | 'link_up'];
const BREAKDOWNS: readonly [Breakdown, ...Breakdown[]] = [
  ['crash', 'boot'],
  ['stop', 'start'],
  ['kill', 'start'],
  ['hang', 'thaw'],
  ['freeze', 'thaw'],
  ['link_down', 'link_up'],
];

function breakdown({ random, node }: Disturber): Pair {
  const [begin, finish] = random.pick(BREAKDOWNS);
  return [
    { kind: begin, node },
    { kind: finish, node },
  ];
}

/**
 * Within its subnet, or into another one. In the other one only a VIP that connects the subnet of the
 * clients can be answered for.
 */
function renumbering({ random, node, prefixLength }: Disturber): Pair {
  const moves = prefixLength === 24 && random.fraction() < 0.6;
  const last = 20 + Number(node.slice(2));
  const to = moves ? `203.0.113.${last}/24` : `192.0.2.${last}/24`;
  return [
    { kind: 'renumber', node, to },
    { kind: 'renumber', node, to: undefined },
  ];
}

/** The end of it is not a disturbance of its own: no machine needs the former MAC address back. */
function changedMac(disturber: Disturber): Drawn {
  return once(disturber, { kind: 'change_mac', node: disturber.node }, true);
}

function bridgePort({ node }: Disturber): Pair {
  return [
    { kind: 'bridge_port', node },
    { kind: 'bridge_release', node },
  ];
}

function addressOnLoopback({ node }: Disturber): Pair {
  const which = { node, address: SOAK_ADDRESS, isOnLoopback: true };
  return [
    { kind: 'add_address', ...which },
    { kind: 'delete_address', ...which },
  ];
}

/** Above all directors, or below: one in between would make some of them yield. */
function foreignRouter(disturber: Disturber): Drawn {
  const { random, at, end } = disturber;
  const priority = random.fraction() < 0.5 ? 255 : 1;
  return once(disturber, { kind: 'foreign_router', priority, lasts: end - at }, false);
}

function secondAgent(disturber: Disturber): Drawn {
  return once(disturber, { kind: 'second_agent', node: disturber.node }, true);
}

function stalledLog({ node }: Disturber): Pair {
  return [
    { kind: 'stall_log', node },
    { kind: 'read_log', node },
  ];
}

function fifoInPlaceOfFile({ node }: Disturber): Pair {
  return [
    { kind: 'tracked_file', node, as: 'fifo' },
    { kind: 'tracked_file', node, as: 'file' },
  ];
}

function noDescriptors({ node }: Disturber): Pair {
  return [
    { kind: 'descriptors', node, spare: 'none' },
    { kind: 'descriptors', node, spare: 'many' },
  ];
}
