/** The schema of `routes` and `rules`: the subset of ip-route(8) and ip-rule(8) that moves with VIPs. */
import * as z from 'zod';
import { ROUTE_DEFAULTS } from './defaults.ts';
import { choice, interfaceName, mapping, pattern, wholeNumber } from './schema-parts.ts';

const MAXIMUM = 4_294_967_295;

const TABLE_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,30}$/;

const TABLE_FORM = `main, default, local, a name of /etc/iproute2/rt_tables, or a number from 1 to ${MAXIMUM}`;

const MARK = /^(0x[0-9A-Fa-f]+|[0-9]+)(\/(0x[0-9A-Fa-f]+|[0-9]+))?$/;
const MARK_FORM = 'a number, or a mark and a mask like 0x10/0xff';

const table = () =>
  z.union([pattern(TABLE_NAME, TABLE_FORM), wholeNumber(1, MAXIMUM)], {
    error: ({ input }) => (input === undefined ? undefined : `expected ${TABLE_FORM}`),
  });

const scope = z.union([choice(['global', 'site', 'link', 'host']), wholeNumber(0, 254)], {
  error: ({ input }) =>
    input === undefined ? undefined : 'must be global, site, link, host, or a number from 0 to 254',
});

const nextHop = mapping(
  {
    via: z.string().meta({ description: 'Address of the gateway.' }).optional(),
    dev: interfaceName()
      .meta({ description: "Outgoing interface. Default: the instance's interface." })
      .optional(),
    weight: wholeNumber(1, 256)
      .meta({ description: 'Share of the flows.', default: ROUTE_DEFAULTS.weight })
      .optional(),
    onlink: z
      .boolean()
      .meta({
        description: 'Treat the gateway as directly attached to the link (onlink).',
        default: ROUTE_DEFAULTS.onlink,
      })
      .optional(),
  },
  'One of several ways.',
);

const prefix = (description: string) =>
  z.string().meta({ description, examples: ['198.51.100.0/24'] });

export const routes = z
  .array(
    mapping(
      {
        destination: prefix('`default`, or a prefix like 198.51.100.0/24.'),
        type: choice(['unicast', 'blackhole', 'unreachable', 'prohibit'])
          .meta({
            description:
              'What becomes of the packets: `unicast` forwards them; `blackhole` drops them, and ' +
              '`unreachable` and `prohibit` send the ICMP message of that name.',
            default: ROUTE_DEFAULTS.type,
          })
          .optional(),
        via: z.string().meta({ description: 'Address of the gateway.' }).optional(),
        dev: interfaceName()
          .meta({ description: "Outgoing interface. Default: the instance's interface." })
          .optional(),
        nexthops: z
          .array(nextHop)
          .min(2, 'must have two entries or more: one way is "via" and "dev"')
          .meta({ description: 'Several ways, in place of `via`, `dev` and `onlink`.' })
          .optional(),
        scope: scope
          .meta({
            description:
              'IPv4 only: distance of the destination. Default: `link` without a gateway, else `global`.',
          })
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
          .meta({
            description: 'Routing table: a number, or a name of /etc/iproute2/rt_tables.',
            default: ROUTE_DEFAULTS.table,
          })
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
        fwmark: z
          .union([wholeNumber(0, MAXIMUM), pattern(MARK, MARK_FORM)], {
            error: ({ input }) => (input === undefined ? undefined : `expected ${MARK_FORM}`),
          })
          .meta({
            description: 'Firewall mark to match, with a mask after a slash if not all bits count.',
            examples: ['0x10/0xff'],
          })
          .optional(),
        priority: wholeNumber(1, 32_765).meta({
          description: 'Priority of the rule: lower values match first; table main is at 32766.',
        }),
        table: table().meta({
          description: 'Routing table to look up: a number, or a name of /etc/iproute2/rt_tables.',
        }),
      },
      'A policy routing rule that is installed while the addresses are.',
    ),
  )
  .meta({
    description: 'Policy routing rules that move with the addresses, like `routes`.',
    default: [],
  });
