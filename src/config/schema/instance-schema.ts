/** The shape of one instance, and of `defaults`, which takes most of its keys. */
import * as z from 'zod';
import { instanceNotify } from './notify-schema.ts';
import { routes, rules } from './routing-schema.ts';
import { choice, duration, interfaceName, mapping, pattern, wholeNumber } from './schema-parts.ts';
import { trackEntry } from './track-schema.ts';

const ADDRESS_FORM = 'an IP address, with or without /prefix length, or { address, interface }';

const address = z.string().meta({
  description:
    'IPv4 or IPv6 address with prefix length; /32 or /128 when the prefix length is left out. The prefix is routed to the interface where no other address of it has the same prefix.',
  examples: ['203.0.113.100/24'],
});

const virtualAddress = z.union(
  [
    address,
    mapping(
      {
        address,
        interface: interfaceName()
          .meta({ description: "Where the address is put. Default: the instance's interface." })
          .optional(),
      },
      'A virtual address that is put on another interface.',
    ),
  ],
  { error: ({ input }) => (input === undefined ? undefined : `expected ${ADDRESS_FORM}`) },
);

const peerAddress = z
  .string()
  .meta({ description: 'Address of the peer.', examples: ['192.0.2.12'] });

const peer = z.union(
  [
    peerAddress,
    mapping(
      {
        address: peerAddress,
        min_ttl: wholeNumber(1, 255)
          .meta({
            description:
              'Lowest TTL that is accepted from this peer. Each router on the way takes one off ' +
              '255; a lower value lets packets in that come from further away.',
            default: 255,
          })
          .optional(),
      },
      'A peer that is not on the same link.',
    ),
  ],
  {
    error: ({ input }) =>
      input === undefined ? undefined : 'expected an IP address, or { address, min_ttl }',
  },
);

const unicast = mapping(
  {
    source: z
      .string()
      .meta({ description: "Source address. Default: the interface's first address." })
      .optional(),
    peers: z
      .array(peer)
      .meta({ description: 'The other routers; nobody else is heard.' })
      .optional(),
  },
  'Advertise to these peers instead of the multicast group.',
);

const authentication = mapping(
  {
    type: choice(['none', 'pass', 'ah']).meta({
      description:
        '`pass`: plain-text password (RFC 2338). `ah` is refused: it protects no better and RFC ' +
        '3768 removed it.',
    }),
    password: z
      .string()
      .meta({ description: 'For `pass`: 1 to 8 bytes, sent readable in every packet.' })
      .optional(),
  },
  'Authentication of version 2. Version 3 has none: with `2+3` it is in the packets of version 2.',
);

const garp = mapping(
  {
    repeat: wholeNumber(1, 100)
      .meta({ description: 'Announcements of each address in one burst.', default: 5 })
      .optional(),
    second_burst_after: duration()
      .meta({
        description: 'A second burst this long after the first, up to 1h; 0s: none.',
        default: '5s',
      })
      .optional(),
    refresh: duration()
      .meta({
        description: 'While MASTER, announce again this often, 1s to 24h; 0s: never.',
        default: '0s',
      })
      .optional(),
    form: choice(['request', 'reply', 'both'])
      .meta({ description: 'Form of the gratuitous ARP packets; IPv6 has one.', default: 'both' })
      .optional(),
  },
  'Gratuitous ARP and unsolicited Neighbor Advertisements: how the addresses are announced.',
);

const neighborAdvertisement = mapping(
  {
    router: z
      .union([z.literal('auto'), z.boolean()], { error: 'must be auto, true or false' })
      .meta({
        description:
          'The Router flag. RFC 9568 sets it; hosts drop a default router that does not. `auto`: ' +
          'as the kernel answers, whether the interface forwards IPv6.',
        default: 'auto',
      })
      .optional(),
  },
  'Unsolicited Neighbor Advertisements of IPv6 addresses.',
);

const virtualMac = z
  .union(
    [
      z.boolean(),
      mapping(
        {
          interface: interfaceName()
            .meta({
              description:
                'Name of the link that carries the address. Default: vr4- or vr6-, the VRID, and ' +
                'the name of the interface, shortened to 15 characters.',
              examples: ['vrrp.55'],
            })
            .optional(),
        },
        'The virtual MAC address on a link with a name of your choice.',
      ),
    ],
    {
      error: ({ input }) =>
        input === undefined ? undefined : 'expected true, false, or { interface }',
    },
  )
  .meta({
    description:
      'Give the addresses the MAC address 00:00:5e:00:01:VRID, over IPv6 00:00:5e:00:02:VRID, ' +
      'which moves with them (RFC 9568 section 7.3): hosts keep their ARP entries in a fail-over. ' +
      'It is on a macvlan link of the interface, made and removed by the agent.',
    default: false,
  });

const lease = z.union([choice(['auto', 'off']), duration()], {
  error: 'must be auto, off, or a duration like 30s',
});

/** Keys that `defaults` may give. */
export const inheritableKeys = {
  interface: interfaceName()
    .meta({
      description:
        'Interface on which advertisements are sent and heard. Required, here or in defaults.',
      examples: ['eth0'],
    })
    .optional(),
  version: z
    .union([z.literal(2), z.literal(3), z.literal('2+3')], { error: 'must be 2, 3 or 2+3' })
    .meta({
      description:
        'VRRP version: 3 (RFC 9568) or 2 (RFC 3768). `2+3` sends and hears both while a group ' +
        'goes from one to the other (RFC 9568 section 8.4), over IPv4.',
      default: 3,
    })
    .optional(),
  priority: wholeNumber(1, 255)
    .meta({
      description: '1 to 254; the highest becomes MASTER. 255: this router owns the addresses.',
      default: 100,
    })
    .optional(),
  advertisement_interval: duration()
    .meta({
      description:
        'Version 3: 10ms to 40.95s in steps of 10ms. Version 2: 1s to 255s in whole seconds.',
      default: '1s',
    })
    .optional(),
  preempt: z
    .boolean()
    .meta({ description: 'Take over from a MASTER of lower priority.', default: true })
    .optional(),
  preempt_delay: duration()
    .meta({
      description:
        'How long a MASTER of lower priority is let be before it is preempted, up to 1h.',
      default: '0s',
    })
    .optional(),
  preempt_when_synced: mapping(
    {
      max_wait: duration()
        .meta({
          description: 'After that it preempts with what it has, from 1s to 1h.',
          default: '1m',
        })
        .optional(),
    },
    'A MASTER of lower priority is let be until the connection table of this director has caught ' +
      'up with its own; one that dies is replaced at once. Needs `ipvs.sync`.',
  ).optional(),
  accept: z
    .boolean()
    .meta({
      description:
        'Accept packets to the virtual addresses, as a director must. `false` drops them in the ' +
        'input hook of nftables, behind IPVS. RFC 9568 has `false` for a default. The address ' +
        'owner accepts always.',
      default: true,
    })
    .optional(),
  checksum: choice(['auto', 'rfc9568', 'pseudo_header'])
    .meta({
      description:
        'Checksum of version 3 over IPv4, with or without the pseudo-header. `auto` accepts both ' +
        'and sends what the peer sends.',
      default: 'auto',
    })
    .optional(),
  authentication: authentication.optional(),
  strict: z
    .boolean()
    .meta({
      description:
        'Refuse every setting, given or by default, that departs from the RFC of the version, ' +
        'with its section.',
      default: false,
    })
    .optional(),
  unicast: unicast.optional(),
  source_address: z
    .string()
    .meta({
      description:
        "Source of multicast advertisements. Default: the interface's first address, its first " +
        'link-local one for IPv6.',
    })
    .optional(),
  garp: garp.optional(),
  neighbor_advertisement: neighborAdvertisement.optional(),
  virtual_mac: virtualMac.optional(),
  lease: lease
    .meta({
      description:
        'Lifetime of the addresses, which the agent renews and the kernel enforces: those of an ' +
        'agent that was killed or stands still are gone by themselves. Whole seconds; `auto`: as ' +
        'short as is safe, the Master_Down_Interval of the peers and 2 s at least; `off`: they stay.',
      examples: ['auto', 'off', '10s'],
      default: 'auto',
    })
    .optional(),
  track: z
    .array(trackEntry)
    .meta({ description: 'What the instance depends on.', default: [] })
    .optional(),
  notify: instanceNotify.optional(),
  address_conflict: choice(['report', 'fault'])
    .meta({
      description:
        'What follows when another station goes on answering for a virtual address of this ' +
        'MASTER and is none of the group: `report` it, or go to FAULT until it is silent.',
      default: 'report',
    })
    .optional(),
};

export const instance = mapping(
  {
    name: pattern(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'a name of at most 64 letters, digits, dots, hyphens and underscores',
    ).meta({ description: 'Unique name in commands, logs and metrics.' }),
    vrid: wholeNumber(1, 255).meta({
      description: 'Virtual router identifier, the same on all routers of the group.',
    }),
    addresses: z
      .array(virtualAddress)
      .min(1, 'must not be empty: a virtual router has at least one address')
      .max(255, 'must not have more than 255 entries: the packet counts them in one byte')
      .meta({
        description:
          'The virtual addresses, all of one family, sent in advertisements in this order. The ' +
          'first of an IPv6 router is link-local, the same on all routers of the group.',
      }),
    extra_addresses: z
      .array(virtualAddress)
      .meta({
        description: 'Moved together with `addresses`, but not advertised; of any family.',
        default: [],
      })
      .optional(),
    routes: routes.optional(),
    rules: rules.optional(),
    ...inheritableKeys,
  },
  'One virtual router.',
);
