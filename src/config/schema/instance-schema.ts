/** The schema of an instance and of `defaults`, which accepts most keys of an instance. */
import * as z from 'zod';
import { authentication } from './authentication-schema.ts';
import { INSTANCE_DEFAULTS } from './defaults.ts';
import { instanceNotify } from './notify-schema.ts';
import { routes, rules } from './routing-schema.ts';
import { choice, duration, interfaceName, mapping, pattern, wholeNumber } from './schema-parts.ts';
import { trackEntry } from './track-schema.ts';

const ADDRESS_FORM =
  'an IP address, with or without /prefix length, or { address, interface, label }';

const address = z.string().meta({
  description:
    'IPv4 or IPv6 address with prefix length; without one, /32 or /128. Unless another address of ' +
    'the interface has the same prefix, the kernel adds a route to the prefix on the interface.',
  examples: ['203.0.113.100/24'],
});

const virtualAddress = z.union(
  [
    address,
    mapping(
      {
        address,
        interface: interfaceName()
          .meta({
            description: "Interface that gets the address. Default: the instance's interface.",
          })
          .optional(),
        label: pattern(/^[!-.0-~]{1,15}$/, 'a label of 1 to 15 characters without a slash')
          .meta({
            description:
              'IPv4 only: the name that `ip addr` shows with the address, by custom the interface, a ' +
              'colon and a word. A change applies when the address is added next. Default: the ' +
              'name of the interface.',
            examples: ['eth0:web'],
          })
          .optional(),
      },
      'A virtual address on another interface, or with a label.',
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
              'Lowest TTL accepted from this peer. Packets are sent with TTL 255 and each router on ' +
              'the path decrements it, so a lower value accepts packets from further away. Default: 255; ' +
              'for an IPv6 peer 64, which keepalived sends, and 1 if its address is link-local.',
          })
          .optional(),
      },
      'A peer with options, for example one that is not on the same link.',
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
      .meta({ description: 'The other routers. Packets from other sources are dropped.' })
      .optional(),
    ttl: wholeNumber(1, 255)
      .meta({
        description:
          'TTL or hop limit of what is sent. A peer accepts less than 255 only with a `min_ttl` for this ' +
          'router that is low enough.',
        default: INSTANCE_DEFAULTS.unicast.ttl,
      })
      .optional(),
  },
  'Advertise to these peers instead of the multicast group.',
);

const garp = mapping(
  {
    repeat: wholeNumber(1, 100)
      .meta({
        description: 'Announcements per address in a burst.',
        default: INSTANCE_DEFAULTS.garp.repeat,
      })
      .optional(),
    second_burst_after: duration()
      .meta({
        description: 'Delay of a second burst after the first, up to 1h; 0s disables it.',
        default: INSTANCE_DEFAULTS.garp.second_burst_after,
      })
      .optional(),
    refresh: duration()
      .meta({
        description:
          'Interval of periodic announcements while MASTER, 1s to 24h; 0s disables them.',
        default: INSTANCE_DEFAULTS.garp.refresh,
      })
      .optional(),
    refresh_repeat: wholeNumber(1, 100)
      .meta({
        description: 'Announcements per address in a refresh.',
        default: INSTANCE_DEFAULTS.garp.refresh_repeat,
      })
      .optional(),
    interval: duration()
      .meta({
        description:
          'Shortest time between two announcements on one interface, up to 1s, for switches that ' +
          'limit ARP or ND; 0s: as fast as possible.',
        default: INSTANCE_DEFAULTS.garp.interval,
      })
      .optional(),
    contested: mapping(
      {
        repeat: wholeNumber(0, 100)
          .meta({ description: 'Announcements per address in a burst; 0: none.' })
          .optional(),
        second_burst_after: duration()
          .meta({ description: 'Delay of the second burst, up to 1h; 0s disables it.' })
          .optional(),
      },
      'The bursts of a MASTER that hears another router, of lower priority, claim to be MASTER, at ' +
        'most one a second. Default: those of a takeover.',
    ).optional(),
    form: choice(['request', 'reply', 'both'])
      .meta({
        description: 'Type of the gratuitous ARP packets (IPv4 only).',
        default: INSTANCE_DEFAULTS.garp.form,
      })
      .optional(),
  },
  'Announcement of the addresses by gratuitous ARP and unsolicited Neighbor Advertisements.',
);

const neighborAdvertisement = mapping(
  {
    router: z
      .union([z.literal('auto'), z.boolean()], { error: 'must be auto, true or false' })
      .meta({
        description:
          'The Router flag. RFC 9568 requires it; hosts remove a default router that clears it. ' +
          '`auto`: set if the interface forwards IPv6, like the answers of the kernel.',
        default: INSTANCE_DEFAULTS.neighbor_advertisement.router,
      })
      .optional(),
  },
  'Unsolicited Neighbor Advertisements for IPv6 addresses.',
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
                'Name of the macvlan link. Default: vr4- or vr6-, the VRID, a hyphen and the name of ' +
                'the interface, or a hash of that name if the result exceeds 15 characters.',
              examples: ['vrrp.55'],
            })
            .optional(),
          advertise_with: choice(['virtual', 'interface'])
            .meta({
              description:
                'Source MAC address of advertisements: the `virtual` one, as RFC 9568 section 7.2 has ' +
                "it, or that of the `interface`, as with keepalived's vmac_xmit_base. A router that " +
                'has the virtual MAC itself may drop frames from it.',
              default: 'virtual',
            })
            .optional(),
        },
        'The virtual MAC address on a link with the given name.',
      ),
    ],
    {
      error: ({ input }) =>
        input === undefined ? undefined : 'expected true, false, or { interface, advertise_with }',
    },
  )
  .meta({
    description:
      'Use the virtual MAC address 00:00:5e:00:01:VRID (IPv6: 00:00:5e:00:02:VRID), which moves with ' +
      'the addresses, so that the ARP entries of hosts stay valid after a failover (RFC 9568 section ' +
      '7.3). It is on a macvlan link, which the agent creates and removes.',
    default: INSTANCE_DEFAULTS.virtual_mac,
  });

const lease = z.union([choice(['auto', 'off']), duration()], {
  error: 'must be auto, off, or a duration like 30s',
});

/** Keys that `defaults` may give. */
export const inheritableKeys = {
  interface: interfaceName()
    .meta({
      description:
        'Interface that sends and receives advertisements. Required, here or in `defaults`.',
      examples: ['eth0'],
    })
    .optional(),
  version: z
    .union([z.literal(2), z.literal(3), z.literal('2+3')], { error: 'must be 2, 3 or 2+3' })
    .meta({
      description:
        'VRRP version: 3 (RFC 9568) or 2 (RFC 3768). `2+3` sends and receives both, for the ' +
        'migration of a group from version 2 to 3 (RFC 9568 section 8.4); IPv4 only.',
      default: INSTANCE_DEFAULTS.version,
    })
    .optional(),
  priority: wholeNumber(1, 255)
    .meta({
      description:
        '1 to 254; the router with the highest priority becomes MASTER. 255: this router owns the ' +
        'addresses.',
      default: INSTANCE_DEFAULTS.priority,
    })
    .optional(),
  advertisement_interval: duration()
    .meta({
      description:
        'Version 3: 10ms to 40.95s in steps of 10ms. Version 2: 1s to 255s in whole seconds.',
      default: INSTANCE_DEFAULTS.advertisement_interval,
    })
    .optional(),
  preempt: z
    .boolean()
    .meta({
      description: 'Take over from a lower-priority MASTER.',
      default: INSTANCE_DEFAULTS.preempt,
    })
    .optional(),
  preempt_delay: duration()
    .meta({
      description: 'How long to wait before preempting a lower-priority MASTER, up to 1h.',
      default: INSTANCE_DEFAULTS.preempt_delay,
    })
    .optional(),
  preempt_when_synced: mapping(
    {
      max_wait: duration()
        .meta({
          description:
            'Longest wait, 1s to 1h. After that, preempt with the connections synced so far.',
          default: INSTANCE_DEFAULTS.preempt_when_synced.max_wait,
        })
        .optional(),
    },
    'Preempt a lower-priority MASTER only after the connection table of this director has caught up ' +
      'with that of the MASTER. A MASTER that fails is replaced immediately. Requires `ipvs.sync`.',
  ).optional(),
  accept: z
    .boolean()
    .meta({
      description:
        'Accept packets to the virtual addresses, as a director must. `false` drops them in the ' +
        'input hook of nftables, after IPVS. The default of RFC 9568 is `false`. The address owner ' +
        'always accepts them.',
      default: INSTANCE_DEFAULTS.accept,
    })
    .optional(),
  checksum: choice(['auto', 'rfc9568', 'pseudo_header'])
    .meta({
      description:
        'Checksum of version 3 over IPv4, without (`rfc9568`) or with (`pseudo_header`) the ' +
        'pseudo-header. `auto` accepts both and sends the form that the peer uses.',
      default: INSTANCE_DEFAULTS.checksum,
    })
    .optional(),
  authentication: authentication.optional(),
  strict: z
    .boolean()
    .meta({
      description:
        'Reject every setting, explicit or default, that deviates from the RFC of the VRRP version.',
      default: INSTANCE_DEFAULTS.strict,
    })
    .optional(),
  unicast: unicast.optional(),
  vrf: interfaceName()
    .meta({
      description:
        'VRF that `interface` belongs to. Routes without `table` and the prefixes of addresses go into its ' +
        'routing table, and the link of `virtual_mac` into the VRF. Default: none.',
      examples: ['blue'],
    })
    .optional(),
  source_address: z
    .string()
    .meta({
      description:
        "Source address of multicast advertisements. Default: the interface's first address; for " +
        'IPv6 its first link-local address.',
    })
    .optional(),
  multicast_group: z
    .string()
    .meta({
      description:
        'Group that multicast advertisements are sent to and received from, the same on all routers. ' +
        'Default: that of RFC 9568, 224.0.0.18 or ff02::12.',
      examples: ['224.0.0.100'],
    })
    .optional(),
  garp: garp.optional(),
  neighbor_advertisement: neighborAdvertisement.optional(),
  virtual_mac: virtualMac.optional(),
  lease: lease
    .meta({
      description:
        'Lifetime of the addresses, in whole seconds. The agent renews it; if the agent is killed or ' +
        'hangs, the kernel removes the addresses when it expires. `auto`: the Master_Down_Interval ' +
        'of the peers, at least 2s. `off`: no lifetime.',
      examples: ['auto', 'off', '10s'],
      default: INSTANCE_DEFAULTS.lease,
    })
    .optional(),
  track: z
    .array(trackEntry)
    .meta({ description: 'Objects whose state affects the priority or causes FAULT.', default: [] })
    .optional(),
  notify: instanceNotify.optional(),
  on_interface_down: choice(['fault', 'ignore'])
    .meta({
      description:
        'What follows when `interface` is down, has no carrier or is missing: FAULT, or nothing ' +
        '(`ignore`) for a link that carries advertisements only, such as a cable between two ' +
        'directors. The interfaces of `addresses` always count, unless they are this one.',
      default: INSTANCE_DEFAULTS.on_interface_down,
    })
    .optional(),
  on_vrrp_loss: choice(['judge', 'take_over'])
    .meta({
      description:
        'What a BACKUP does when the advertisements of the MASTER stay away, with `peer_link`: `judge` by ' +
        'what the other directors say and by ARP or ND, or `take_over` as RFC 9568 has it. Without ' +
        '`peer_link` both are the same.',
      default: INSTANCE_DEFAULTS.on_vrrp_loss,
    })
    .optional(),
  witness: z
    .boolean()
    .meta({
      description:
        'This instance has its VIPs only while the other directors see this one, or `witness` (the section of the ' +
        'file) gives it the key. The same on all directors.',
      default: INSTANCE_DEFAULTS.witness,
    })
    .optional(),
  address_conflict: choice(['report', 'fault'])
    .meta({
      description:
        'What to do when a host outside the VRRP group keeps answering for a virtual address of ' +
        'this MASTER: `report` it, or go to FAULT (`fault`) until it stops.',
      default: INSTANCE_DEFAULTS.address_conflict,
    })
    .optional(),
};

export const instance = mapping(
  {
    name: pattern(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'a name of at most 64 letters, digits, dots, hyphens and underscores',
    ).meta({ description: 'Unique name, used in commands, logs and metrics.' }),
    vrid: wholeNumber(1, 255).meta({
      description: 'Virtual router identifier, the same on all routers of the group.',
    }),
    addresses: z
      .array(virtualAddress)
      .max(255, 'must not have more than 255 entries: the count field of the packet has one byte')
      .meta({
        description:
          'The virtual addresses, all of one family, advertised in this order. The first address of ' +
          'an IPv6 instance must be link-local, and the same on all routers of the group. Only an ' +
          'instance with `unicast` may have none (`[]`): it elects a MASTER, and `notify` does the rest.',
      }),
    extra_addresses: z
      .array(virtualAddress)
      .meta({
        description:
          'Addresses of either family that move with `addresses` but are not advertised.',
        default: [],
      })
      .optional(),
    routes: routes.optional(),
    rules: rules.optional(),
    ...inheritableKeys,
  },
  'One virtual router.',
);
