/** The schema of `routes` and `rules`: the subset of ip-route(8) and ip-rule(8) that moves with VIPs. */
import * as z from 'zod';
import { ROUTE_DEFAULTS } from './defaults.ts';
import { choice, interfaceName, mapping, wholeNumber } from './schema-parts.ts';

const MAXIMUM = 4_294_967_295;

const table = () =>
  z.union([choice(['main', 'default']), wholeNumber(1, MAXIMUM)], {
    error: ({ input }) =>
      input === undefined ? undefined : `must be main, default, or a number from 1 to ${MAXIMUM}`,
  });

const prefix = (description: string) =>
  z.string().meta({ description, examples: ['198.51.100.0/24'] });

export const routes = z
  .array(
    mapping(
      {
        destination: prefix('`default`, or a prefix like 198.51.100.0/24.'),
        via: z.string().meta({ description: 'Address of the gateway.' }).optional(),
        dev: interfaceName()
          .meta({ description: "Outgoing interface. Default: the instance's interface." })
          .optional(),
        src: z
          .string()
          .meta({ description: 'Preferred source address for packets that this host sends.' })
          .optional(),
        metric: wholeNumber(1, MAXIMUM)
          .meta({
            description: "Route metric. Default: the kernel's, 0 for IPv4 and 1024 for IPv6.",
          })
          .optional(),
        table: table()
          .meta({ description: 'Routing table.', default: ROUTE_DEFAULTS.table })
          .optional(),
        onlink: z
          .boolean()
          .meta({
            description: 'Treat the gateway as directly attached to the link (onlink).',
            default: ROUTE_DEFAULTS.onlink,
          })
          .optional(),
        mtu: wholeNumber(68, 65_535).meta({ description: 'Path MTU.' }).optional(),
      },
      'A route that is installed while the addresses are.',
    ),
  )
  .meta({
    description:
      'Routes that move with the addresses, of either family. The agent restores a route that is ' +
      'deleted. If the kernel rejects one, the agent reports it and retries; it does not go to FAULT.',
    default: [],
  });

export const rules = z
  .array(
    mapping(
      {
        from: prefix('Source prefix to match. Default: any.').optional(),
        to: prefix('Destination prefix to match. Default: any.').optional(),
        iif: interfaceName().meta({ description: 'Incoming interface to match.' }).optional(),
        oif: interfaceName()
          .meta({ description: 'Outgoing interface to match: the one the socket is bound to.' })
          .optional(),
        priority: wholeNumber(1, 32_765).meta({
          description: 'Priority of the rule: lower values match first; table main is at 32766.',
        }),
        table: table().meta({ description: 'Routing table to look up.' }),
      },
      'A policy routing rule that is installed while the addresses are.',
    ),
  )
  .meta({
    description: 'Policy routing rules that move with the addresses, like `routes`.',
    default: [],
  });
