/** Steps that change what the switch forwards, in either network, and frames of strangers. */
import * as z from 'zod';
import { choice, duration, mapping, wholeNumber } from '../../config/schema/schema-parts.ts';
import { DATAGRAMS } from '../packets/peer-datagram.ts';
import { NETWORKS, type NetworkName } from '../topology/layout.ts';
import { durationAt, SECOND } from './inventory.ts';
import { directorName, machineName } from './names.ts';
import {
  entry,
  lastsAt,
  type StepContext,
  time,
  whichDirector,
  whichMachine,
} from './step-entry.ts';

const DELAY_MAX = 10 * SECOND;

const machines = z.union([machineName(), z.array(machineName()).min(1)], {
  error: 'expected a machine (lb1 to lb8, client) or a list of them',
});

const network = choice(NETWORKS)
  .meta({
    description: '`clients`: where VRRP runs. `peers`: the second network, of the directors only.',
    default: 'clients',
  })
  .optional();

/** Frames from one set of machines to another. */
export interface Crossings {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly traffic: 'vrrp' | 'all';
  readonly isOneWay: boolean;
  /** Default: `clients`. */
  readonly network?: NetworkName;
}

/** A machine, and which of its two links is meant; default: the one to the clients. */
export interface Port {
  readonly node: string;
  readonly network?: NetworkName;
}

const betweenKeys = {
  from: machines.meta({ description: 'On one side.' }),
  to: machines.meta({ description: 'On the other side.' }),
  traffic: choice(['vrrp', 'all'])
    .meta({ description: '`vrrp`: protocol 112 only, as a firewall does.', default: 'all' })
    .optional(),
  one_way: z
    .boolean()
    .meta({ description: 'Only from `from` to `to`; the other direction passes.', default: false })
    .optional(),
  network,
};

const betweenFile = z.object(betweenKeys);

function lowerCrossings(file: z.infer<typeof betweenFile>, context: StepContext): Crossings {
  const { path, findings } = context;
  const [from, to] = [[file.from].flat(), [file.to].flat()];
  const both = from.filter((name) => to.includes(name));
  if (both.length > 0) {
    findings.error([...path, 'to'], 'conflict', `${both.join(', ')} is on both sides`);
  }
  return {
    ...{ from, to, traffic: file.traffic ?? 'all', isOneWay: file.one_way ?? false },
    ...networkIn(file.network, [...from, ...to], context),
  };
}

/** Clients and witnesses are connected to the first network only, and some scenarios have no other. */
function networkIn(
  named: NetworkName | undefined,
  machinesIn: readonly string[],
  { path, inventory, findings }: StepContext,
): { readonly network?: NetworkName } {
  if (named !== 'peers') return {};
  if (!inventory.hasPeerNetwork) {
    const message = 'this scenario has one network: add "networks: two"';
    findings.error([...path, 'network'], 'conflict', message);
  }
  for (const name of machinesIn.filter(
    (one) => !inventory.nodes.some((node) => node.name === one),
  )) {
    findings.error([...path, 'network'], 'conflict', `${name} is not connected to this network`);
  }
  return { network: named };
}

function describeCrossings({ from, to, traffic, isOneWay, network: where }: Crossings): string {
  const sides = `${from.join('+')} ${isOneWay ? '→' : '↔'} ${to.join('+')}`;
  return `${sides}${traffic === 'vrrp' ? ' (VRRP only)' : ''}${inNetwork(where)}`;
}

function inNetwork(where: NetworkName | undefined): string {
  return where === 'peers' ? ' in the second network' : '';
}

function onPort(verb: string, description: string) {
  const schema = z
    .union([machineName(), mapping({ node: whichMachine, network }, description)], {
      error: 'expected a machine (lb1 to lb8, client), or { node, network }',
    })
    .meta({ description });
  return entry(schema, {
    lower: (value, context): Port => {
      const { node, network: named } =
        typeof value === 'string' ? { node: value, network: undefined } : value;
      return { node, ...networkIn(named, [node], context) };
    },
    describe: ({ node, network: where }: Port) => `${verb}: ${node}${inNetwork(where)}`,
  });
}

export const NETWORK_STEPS = {
  link_down: onPort('link down', 'The cable is pulled at the switch.'),
  link_up: onPort('link up', 'The cable is plugged in again.'),
  partition: entry(mapping(betweenKeys, 'Frames are lost between these machines; links stay up.'), {
    lower: lowerCrossings,
    describe: (crossings: Crossings) => `partition ${describeCrossings(crossings)}`,
  }),
  loss: entry(
    mapping(
      {
        ...betweenKeys,
        percent: wholeNumber(1, 99).meta({ description: 'How many of 100 frames are lost.' }),
      },
      'Some frames are lost at random.',
    ),
    {
      lower: (file, context) => ({ percent: file.percent, ...lowerCrossings(file, context) }),
      describe: ({ percent, ...crossings }) => `${percent} % loss ${describeCrossings(crossings)}`,
    },
  ),
  isolate: entry(
    mapping(
      {
        nodes: z
          .array(directorName())
          .min(2, 'isolated ports are two or more')
          .meta({ description: 'Which directors.' }),
        network,
      },
      'Port isolation: these directors exchange no frames with each other, only with other machines.',
    ),
    {
      lower: ({ nodes, network: named }, context) => ({
        nodes,
        ...networkIn(named, nodes, context),
      }),
      describe: ({ nodes, network: where }) => `isolate ${nodes.join('+')}${inNetwork(where)}`,
    },
  ),
  deaf: onPort(
    'deaf',
    'The receiver of the machine is dead: no frame reaches it. What it sends passes, and its link ' +
      'stays up.',
  ),
  delay: entry(
    mapping(
      {
        node: whichMachine,
        by: duration().meta({ description: 'Up to 10s.' }),
        jitter: duration().meta({ description: 'Up to this much more or less.' }).optional(),
      },
      'Frames to this machine arrive later (netem; refused on kernels without it).',
    ),
    {
      lower: ({ node, by, jitter = '0s' }, { path, findings }) => ({
        node,
        by: durationAt(by, [...path, 'by'], findings, [0, DELAY_MAX]),
        jitter: durationAt(jitter, [...path, 'jitter'], findings, [0, DELAY_MAX]),
      }),
      describe: ({ node, by, jitter }) =>
        `delay ${node} by ${time(by)}${jitter === 0 ? '' : ` ± ${time(jitter)}`}`,
    },
  ),
  heal: entry(
    z
      .literal(true, { error: 'expected true' })
      .meta({ description: 'Ends every partition, loss, isolation, deafness and delay.' }),
    { lower: () => ({}), describe: () => 'heal' },
  ),
  peer_flood: entry(
    mapping(
      {
        datagram: choice(DATAGRAMS).meta({
          description:
            '`replayed`: a datagram of the peer link, again. `forged`: the same with one bit changed. ' +
            '`garbage`: bytes that are none.',
        }),
        from: whichDirector.meta({ description: 'Whose address they have as their source.' }),
        to: whichDirector.meta({ description: 'Which director gets them.' }),
        per_second: wholeNumber(1, 50_000).meta({ description: 'How many.' }),
        for: duration().meta({ description: 'Up to 60s.' }),
      },
      'A stranger in the second network sends datagrams to the port of the peer link.',
    ),
    {
      lower: ({ datagram, from, to, per_second, for: length }, context) => {
        networkIn('peers', [], context);
        if (from === to) {
          const message = `${to} does not take datagrams from its own address`;
          context.findings.error([...context.path, 'to'], 'conflict', message);
        }
        return {
          ...{ datagram, sender: from, node: to, perSecond: per_second },
          lasts: lastsAt(length, context),
        };
      },
      describe: ({ datagram, sender, node, perSecond, lasts }) =>
        `peer flood: ${datagram} datagrams of ${sender} to ${node}, ${perSecond}/s for ${time(lasts)}`,
      isLasting: true,
    },
  ),
};
