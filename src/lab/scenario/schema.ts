/**
 * The shape of a scenario file: machines, probes, steps and expectations. No transforms, so that it
 * can be exported as JSON Schema; `lower.ts` gives it a meaning.
 */
import * as z from 'zod';
import { inheritableKeys } from '../../config/schema/instance-schema.ts';
import {
  choice,
  duration,
  mapping,
  pattern,
  wholeNumber,
} from '../../config/schema/schema-parts.ts';
import { CLIENTS_MAX } from '../topology/layout.ts';
import { expectation } from './expectations.ts';
import { AGENTS, clientName, directorName } from './names.ts';
import { peerLink } from './peer-link.ts';
import { step } from './steps.ts';
import { witness } from './witness.ts';

const { interface: _interface, ...instanceKeys } = inheritableKeys;

const addresses = z
  .array(z.string())
  .min(1, 'must not be empty')
  .meta({
    description:
      'Virtual addresses. 192.0.2.100 to .199 and 2001:db8::100 to ::1ff are in the network of the ' +
      'client.',
    default: ['192.0.2.100/32'],
  });

const instance = mapping(
  {
    ...instanceKeys,
    vrid: wholeNumber(1, 255)
      .meta({ description: 'Virtual router identifier.', default: 55 })
      .optional(),
    addresses: addresses.optional(),
  },
  'Keys of an instance, as in the configuration file of vrrp-agent; translated for keepalived and ' +
    'FRRouting.',
);

const agent = choice(AGENTS);

const node = mapping(
  {
    name: directorName().meta({ description: 'lb1 to lb8, in this order, without gaps.' }),
    agent: agent
      .meta({ description: 'Which program runs on the director.', default: 'vrrp-agent' })
      .optional(),
    priority: wholeNumber(1, 255).meta({ description: '1 to 254; 255 owns the addresses.' }),
    instance: instance.meta({ description: 'Keys in which this node differs.' }).optional(),
    start: z
      .union([z.boolean(), z.literal('after')], { error: 'expected true, false or after' })
      .meta({
        description:
          '`after`: started when the others have settled, before the clock starts. `false`: nothing ' +
          'runs on it until a step starts it.',
        default: true,
      })
      .optional(),
    uptime: duration()
      .meta({
        description:
          'The clocks of its vrrp-agent are ahead by this much (CLOCK_BOOTTIME and CLOCK_MONOTONIC of a ' +
          'time namespace), as on a machine that has been running for longer. From 1s.',
      })
      .optional(),
  },
  'A director.',
);

const probe = mapping(
  {
    type: choice(['icmp', 'tcp', 'udp', 'stream']).meta({
      description:
        '`icmp`: echo requests; `tcp`: connections, opened and closed; `udp`: echoed datagrams; ' +
        '`stream`: one TCP connection that stays open and is written to.',
    }),
    from: clientName()
      .meta({ description: 'Which client sends the probes.', default: 'client' })
      .optional(),
    every: duration().meta({ description: '1ms to 1s.', default: '1ms; 10ms for tcp' }).optional(),
    address: z
      .string()
      .meta({ description: 'Which virtual address is probed. Default: the first.' })
      .optional(),
  },
  'What a client does throughout the run.',
);

export const scenarioFile = mapping(
  {
    name: pattern(
      /^[a-z][a-z0-9-]{0,39}$/,
      'a name of lower-case letters, digits and hyphens',
    ).meta({ description: 'Name in reports and of files.' }),
    title: z.string().min(1).meta({ description: 'One line: what happens.' }),
    story: z
      .string()
      .meta({ description: 'What should happen, and why, for readers of the report.' })
      .optional(),
    references: z
      .array(z.string())
      .meta({ description: 'Sources of the expectations, such as sections of RFCs.' })
      .optional(),
    networks: choice(['one', 'two'])
      .meta({
        description:
          '`two`: the directors have a second interface, eth1, on a separate network ' +
          '(198.51.100.11, .12, ...).',
        default: 'one',
      })
      .optional(),
    peer_link: peerLink.optional(),
    witness: witness.optional(),
    gateway: z
      .literal('client', { error: 'expected client' })
      .meta({
        description:
          'The first client is the default gateway of the directors: the third host that they can ask ' +
          'whether they still reach anything. Default: they have no gateway.',
      })
      .optional(),
    routers: wholeNumber(1, 255)
      .meta({
        description:
          'Number of instances on every director, with VRIDs from 1 and one address each, from ' +
          '203.0.113.1. Cannot be used together with `vrid` or `addresses`.',
      })
      .optional(),
    instance: instance.optional(),
    nodes: z
      .array(node)
      .min(1, 'must not be empty')
      .max(8, 'a lab has at most 8 directors')
      .meta({ description: 'The directors, 1 to 8.' }),
    clients: wholeNumber(1, CLIENTS_MAX)
      .meta({
        description:
          'Number of clients: client, client2, ... Several clients see each side of a split ' +
          'network.',
        default: 1,
      })
      .optional(),
    probes: z
      .array(probe)
      .meta({
        description:
          'Probes of the clients. Each client also sends an ARP request for the address every 10 ms. ' +
          'Default: one ICMP probe for each client.',
        default: [{ type: 'icmp' }],
      })
      .optional(),
    compare: z
      .array(agent)
      .meta({ description: '`lab run --compare` also runs the scenario with these.' })
      .optional(),
    settle: duration()
      .meta({
        description:
          'The clock of the steps starts when exactly one director has the address. After this time ' +
          'it starts anyway, and the scenario fails. `0s`: it starts with the agents.',
        default: '30s',
      })
      .optional(),
    duration: duration().meta({ description: 'Length of the run, up to 1h.' }),
    steps: z.array(step).meta({ description: 'What happens, and when.' }),
    expect: z
      .array(expectation)
      .min(1, 'must not be empty: the run would prove nothing')
      .meta({ description: 'What must be observed. The run fails if one of these does not hold.' }),
  },
  'A scenario for `vrrp-agent lab run`.',
);

export type ScenarioFile = z.infer<typeof scenarioFile>;
export type NodeFile = z.infer<typeof node>;
export type ProbeFile = z.infer<typeof probe>;
