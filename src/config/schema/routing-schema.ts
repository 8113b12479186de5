/** The shape of `routes` and `rules`: the subset of ip-route(8) and ip-rule(8) that moves with VIPs. */
import * as z from 'zod';
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
          .meta({ description: "The way out. Default: the instance's interface." })
          .optional(),
        src: z
          .string()
          .meta({ description: 'Source address of what this host sends by the route.' })
          .optional(),
        metric: wholeNumber(1, MAXIMUM)
          .meta({ description: "Default: the kernel's, 0 for IPv4 and 1024 for IPv6." })
          .optional(),
        table: table().meta({ description: 'Routing table.', default: 'main' }).optional(),
        onlink: z
          .boolean()
          .meta({
            description: 'The gateway is on the link although no address there says so.',
            default: false,
          })
          .optional(),
        mtu: wholeNumber(68, 65_535).meta({ description: 'Path MTU.' }).optional(),
      },
      'A route that is there while the addresses are.',
    ),
  )
  .meta({
    description:
      'Routes that move with the addresses, of any family. Put back when somebody deletes them; ' +
      'one that the kernel refuses is reported and tried again, and is no reason for FAULT.',
    default: [],
  });

export const rules = z
  .array(
    mapping(
      {
        from: prefix('Source of the packets. Default: any.').optional(),
        to: prefix('Destination of the packets. Default: any.').optional(),
        iif: interfaceName().meta({ description: 'Interface they came in by.' }).optional(),
        oif: interfaceName()
          .meta({ description: 'Interface that the sending socket is bound to.' })
          .optional(),
        priority: wholeNumber(1, 32_765).meta({
          description: 'Place among the rules: lower ones are looked at first, 32766 is main.',
        }),
        table: table().meta({ description: 'Routing table to look in.' }),
      },
      'A rule that is there while the addresses are.',
    ),
  )
  .meta({
    description: 'Rules of policy routing that move with the addresses, as `routes` do.',
    default: [],
  });
