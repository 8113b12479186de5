/**
 * The shape of a scenario file: machines, probes, what happens to them and what has to be seen. No
 * transforms, so that it can be exported as JSON Schema; what it means is for `load.ts`.
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
import { expectation } from './expectation-schema.ts';
import { AGENTS, clientName, directorName } from './names.ts';
import { step } from './step-schema.ts';

const { interface: _interface, ...instanceKeys } = inheritableKeys;

const addresses = z
  .array(z.string())
  .min(1, 'must not be empty')
  .meta({
    description:
      'Virtual addresses. Those of 192.0.2.100 to .199 and 2001:db8::100 to ::1ff are in the ' +
      'network of the client.',
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
  'Keys of an instance, as in the configuration file of vrrp-agent. For keepalived and FRRouting ' +
    'they are translated.',
);

const agent = choice(AGENTS);

const node = mapping(
  {
    name: directorName().meta({ description: 'lb1 to lb8, in this order, none left out.' }),
    agent: agent
      .meta({ description: 'Which program runs on the director.', default: 'vrrp-agent' })
      .optional(),
    priority: wholeNumber(1, 255).meta({ description: '1 to 254; 255 owns the addresses.' }),
    instance: instance.meta({ description: 'Keys in which this node differs.' }).optional(),
    start: z
      .union([z.boolean(), z.literal('after')], { error: 'expected true, false or after' })
      .meta({
        description:
          '`after`: it is started when the others have settled, before the clock starts. `false`: ' +
          'nothing runs on it until a step starts it.',
        default: true,
      })
      .optional(),
  },
  'A director.',
);

const probe = mapping(
  {
    type: choice(['icmp', 'tcp', 'udp', 'stream']).meta({
      description:
        '`icmp` echo requests, `tcp` connections that are opened and closed, `udp` echoed ' +
        'datagrams, `stream`: one TCP connection that is kept and written to.',
    }),
    from: clientName().meta({ description: 'Which client asks.', default: 'client' }).optional(),
    every: duration().meta({ description: '1ms to 1s.', default: '1ms; 10ms for tcp' }).optional(),
    address: z
      .string()
      .meta({ description: 'Which virtual address is asked. Default: the first.' })
      .optional(),
  },
  'What a client does all the time.',
);

export const scenarioFile = mapping(
  {
    name: pattern(
      /^[a-z][a-z0-9-]{0,39}$/,
      'a name of lower-case letters, digits and hyphens',
    ).meta({ description: 'Names reports and files.' }),
    title: z.string().min(1).meta({ description: 'One line: what happens.' }),
    story: z
      .string()
      .meta({ description: 'What should happen, and why: for whoever reads the report.' })
      .optional(),
    references: z
      .array(z.string())
      .meta({ description: 'Sections of RFCs and the like that the expectations come from.' })
      .optional(),
    networks: choice(['one', 'two'])
      .meta({
        description:
          '`two`: the directors have a second interface, eth1, on a network of their own ' +
          '(198.51.100.11, .12, ...).',
        default: 'one',
      })
      .optional(),
    routers: wholeNumber(1, 255)
      .meta({
        description:
          'So many instances on every director, VRID 1 and up, each with an address of its own: ' +
          '203.0.113.1 and up. Excludes `vrid` and `addresses`.',
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
          'So many clients: client, client2, ... Several of them see a split network from its ' +
          'several sides.',
        default: 1,
      })
      .optional(),
    probes: z
      .array(probe)
      .meta({
        description:
          'What the clients do. Each also asks by ARP who has the address, every 10 ms. Default: ' +
          'each asks by ICMP.',
        default: [{ type: 'icmp' }],
      })
      .optional(),
    compare: z
      .array(agent)
      .meta({ description: 'With `lab run --compare` the scenario is run with these as well.' })
      .optional(),
    settle: duration()
      .meta({
        description:
          'The clock of the steps starts when there is exactly one holder of the addresses; after ' +
          'this time it starts anyway, and the scenario fails. `0s`: it starts with the agents.',
        default: '30s',
      })
      .optional(),
    duration: duration().meta({ description: 'How long is watched, up to 1h.' }),
    steps: z.array(step).meta({ description: 'What happens, by the clock.' }),
    expect: z
      .array(expectation)
      .min(1, 'must not be empty: nothing would be proved')
      .meta({ description: 'What has to be seen. The run fails when one of these does not hold.' }),
  },
  'A scenario for `vrrp-agent lab run`.',
);

export type ScenarioFile = z.infer<typeof scenarioFile>;
export type NodeFile = z.infer<typeof node>;
export type ProbeFile = z.infer<typeof probe>;
