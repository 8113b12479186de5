/** The shape of `ipvs`: sync daemons, service table, kernel parameters. */
import * as z from 'zod';
import { SCHEDULERS } from '../../net/ipvs.ts';
import { check, minServers, weightFrom } from './check-schema.ts';
import { ipvsSysctls } from './ipvs-sysctls.ts';
import { choice, duration, interfaceName, mapping, pattern, wholeNumber } from './schema-parts.ts';

const ENDPOINT_FORM = 'an IP address and a port, like 203.0.113.100:80 or [2001:db8::100]:80';
const SERVER_FORM = 'an IP address with or without :port, or { address, weight, ... }';

export const SERVICE_FLAGS = [
  'mh-fallback',
  'mh-port',
  'sh-fallback',
  'sh-port',
  'flag-1',
  'flag-2',
  'flag-3',
] as const;

const forwarding = choice(['nat', 'dr', 'tun']);

const tunnel = mapping(
  {
    type: choice(['ipip', 'gue', 'gre'])
      .meta({ description: 'Encapsulation.', default: 'ipip' })
      .optional(),
    port: wholeNumber(1, 65_535)
      .meta({ description: 'UDP port of the tunnel; `gue` needs one, the others have none.' })
      .optional(),
    checksum: choice(['none', 'checksum', 'remote'])
      .meta({ description: 'Checksum of the encapsulation.', default: 'none' })
      .optional(),
  },
  'How packets are wrapped where `forwarding` is `tun`.',
);

const serverAddress = z.string().meta({
  description: "Address of the server; the port is the service's when there is none.",
  examples: ['10.0.0.11:80'],
});

const weight = wholeNumber(0, 65_535).meta({
  description: 'Share of new connections; 0: none.',
  default: 1,
});

const server = z.union(
  [
    serverAddress,
    mapping(
      {
        address: serverAddress,
        weight: weight.optional(),
        forwarding: forwarding
          .meta({ description: 'How packets get there. Default: that of the service.' })
          .optional(),
        upper_threshold: wholeNumber(0, 2_147_483_647)
          .meta({ description: 'No new connections from so many on; 0: no limit.', default: 0 })
          .optional(),
        lower_threshold: wholeNumber(0, 2_147_483_647)
          .meta({
            description: 'New connections again when there are fewer; 0: three quarters.',
            default: 0,
          })
          .optional(),
        tunnel: tunnel.optional(),
        check: check
          .meta({ description: "Instead of the service's `check`; `none`: nobody looks." })
          .optional(),
        weight_from: z
          .union([choice(['file']), weightFrom], {
            error: ({ input }) => (input === undefined ? undefined : 'expected file, or a mapping'),
          })
          .meta({ description: "Instead of the service's `weight_from`; `file`: `weight` counts." })
          .optional(),
      },
      'A real server.',
    ),
  ],
  { error: ({ input }) => (input === undefined ? undefined : `expected ${SERVER_FORM}`) },
);

const fallbackKeys = {
  address: serverAddress,
  weight: weight.optional(),
  forwarding: forwarding
    .meta({ description: 'How packets get there. Default: that of the service.' })
    .optional(),
  tunnel: tunnel.optional(),
};

const service = mapping(
  {
    name: pattern(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'a name of letters, digits, dots, hyphens and underscores',
    ).meta({ description: 'Name in commands, logs and metrics.' }),
    address: pattern(/^.+:[0-9]{1,5}$/, ENDPOINT_FORM)
      .meta({
        description:
          'Virtual address and port. Port 0 is every port without a service of its own, and needs ' +
          '`persistence`.',
        examples: ['203.0.113.100:80', '[2001:db8::100]:80'],
      })
      .optional(),
    fwmark: wholeNumber(1, 4_294_967_295)
      .meta({ description: 'Instead of `address`: the mark that the firewall sets.' })
      .optional(),
    family: choice(['ipv4', 'ipv6'])
      .meta({ description: 'Of a service with `fwmark`.', default: 'ipv4' })
      .optional(),
    protocol: choice(['tcp', 'udp', 'sctp'])
      .meta({ description: 'Of a service with `address`.', default: 'tcp' })
      .optional(),
    scheduler: choice(SCHEDULERS)
      .meta({ description: 'How a server is chosen for a new connection.', default: 'wlc' })
      .optional(),
    flags: z
      .array(choice(SERVICE_FLAGS))
      .meta({ description: 'Options of the scheduler, as ipvsadm names them.', default: [] })
      .optional(),
    one_packet: z
      .boolean()
      .meta({ description: 'Each datagram is scheduled for itself (udp).', default: false })
      .optional(),
    persistence: mapping(
      {
        timeout: duration()
          .meta({ description: 'How long a client goes to the same server.', default: '5m' })
          .optional(),
        netmask: wholeNumber(1, 128)
          .meta({ description: 'Prefix length of what counts as one client.' })
          .optional(),
        engine: pattern(/^[a-z0-9_]{1,15}$/, 'the name of a persistence engine, like sip')
          .meta({ description: 'Persistence engine, which looks into the packets.' })
          .optional(),
      },
      'A client goes to the server it was with before.',
    ).optional(),
    forwarding: forwarding
      .meta({ description: 'How packets get to the servers.', default: 'nat' })
      .optional(),
    tunnel: tunnel.optional(),
    servers: z.array(server).meta({ description: 'The real servers.' }),
    check: check
      .meta({
        description: 'How each server is looked at: a word, or a mapping. Default: not at all.',
        default: 'none',
      })
      .optional(),
    on_failure: choice(['quiesce', 'remove'])
      .meta({
        description:
          'What becomes of a server that is down. `quiesce`: weight 0, its connections go on. ' +
          '`remove`: it leaves the table.',
        default: 'quiesce',
      })
      .optional(),
    fallback: z
      .union([serverAddress, mapping(fallbackKeys, 'A server for when there is no other.')], {
        error: ({ input }) => (input === undefined ? undefined : `expected ${SERVER_FORM}`),
      })
      .meta({
        description: 'Gets the new connections while no other server does; nobody checks it.',
      })
      .optional(),
    weight_from: weightFrom.optional(),
    min_servers: minServers
      .meta({
        description:
          'With `require`: fewer healthy servers put that instance into FAULT, or lower its priority.',
      })
      .optional(),
    require: z
      .string()
      .meta({
        description: 'Name of an instance that is in FAULT while the kernel lacks this service.',
      })
      .optional(),
  },
  'A virtual service.',
);

const sync = mapping(
  {
    interface: interfaceName().meta({
      description: 'Where connections are multicast: a network of its own, nothing is encrypted.',
    }),
    sync_id: wholeNumber(1, 255)
      .meta({
        description:
          "Number of the cluster. Default: the instance's VRID. 0 would accept every cluster's.",
      })
      .optional(),
    group: z
      .string()
      .meta({ description: 'Multicast group, IPv4 or IPv6.', default: '224.0.0.81' })
      .optional(),
    port: wholeNumber(1, 65_535).meta({ description: 'UDP port.', default: 8848 }).optional(),
    ttl: wholeNumber(1, 255)
      .meta({ description: 'Routers that messages may pass, plus one.', default: 1 })
      .optional(),
    maxlen: wholeNumber(576, 65_000)
      .meta({ description: 'Longest message. Default: what the interface takes.' })
      .optional(),
    mode: choice(['follow', 'both'])
      .meta({
        description:
          '`follow`: the MASTER sends, the others receive. `both`: both directors do both.',
        default: 'follow',
      })
      .optional(),
    instance: z
      .string()
      .meta({
        description: 'The instance whose state counts. Needed where there is more than one.',
      })
      .optional(),
    rst_guard: choice(['planned', 'always', 'off'])
      .meta({
        description:
          'Whether a new MASTER holds back its own TCP resets from the VIPs for five seconds, in ' +
          'which the last connections of the former one arrive. Needs nft.',
        default: 'planned',
      })
      .optional(),
    catch_up: z
      .boolean()
      .meta({
        description:
          'Directors tell each other each second what their connection tables hold, on UDP port ' +
          '`port` + 64 of the group, and the MASTER sends again what another one lacks: the kernel ' +
          'alone never brings a director up to date that was away.',
        default: true,
      })
      .optional(),
  },
  "The kernel's connection table is sent to the other director. Without this key it is not.",
);

export const ipvs = mapping(
  {
    required: z
      .boolean()
      .meta({
        description: 'Without IPVS in the kernel no instance becomes MASTER.',
        default: true,
      })
      .optional(),
    exclusive: z
      .boolean()
      .meta({
        description: 'Services that are not in this file are removed; otherwise left alone.',
        default: false,
      })
      .optional(),
    on_stop: choice(['remove', 'keep'])
      .meta({
        description: 'What becomes of the services when the agent stops.',
        default: 'remove',
      })
      .optional(),
    timeouts: mapping(
      {
        tcp: duration().meta({ description: 'Of an idle TCP connection.' }).optional(),
        tcp_fin: duration().meta({ description: 'Of one that has been closed.' }).optional(),
        udp: duration().meta({ description: 'Of UDP.' }).optional(),
      },
      'How long idle connections are kept. What is not named is left alone.',
    ).optional(),
    sysctl: ipvsSysctls.optional(),
    sync: sync.optional(),
    services: z
      .array(service)
      .meta({
        description:
          'The service table, the same on every director. The kernel is brought to it by the ' +
          'smallest change, whatever state the instances are in.',
        default: [],
      })
      .optional(),
  },
  "The kernel's load balancer: connection synchronisation and the table of services.",
);

export type IpvsFile = z.infer<typeof ipvs>;
/** Services that were wrong, and have been reported, are missing in their places. */
export type IpvsDraft = Omit<IpvsFile, 'services'> & {
  readonly services?: readonly (ServiceFile | undefined)[] | undefined;
};
export type ServiceFile = z.infer<typeof service>;
export type ServerFile = z.infer<typeof server>;
export type TunnelFile = z.infer<typeof tunnel>;
export type SyncFile = z.infer<typeof sync>;
