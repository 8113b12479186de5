/** The schema of `ipvs`: sync daemons, services, kernel parameters. */
import * as z from 'zod';
import { SCHEDULERS } from '../../net/ipvs.ts';
import { check, minServers, quorum, weightFrom } from './check-schema.ts';
import {
  IPVS_DEFAULTS,
  SERVER_DEFAULTS,
  SERVICE_DEFAULTS,
  SYNC_DEFAULTS,
  TUNNEL_DEFAULTS,
} from './defaults.ts';
import { ipvsNotify, serverNotify, serviceNotify } from './notify-schema.ts';
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
      .meta({ description: 'Tunnel type.', default: TUNNEL_DEFAULTS.type })
      .optional(),
    port: wholeNumber(1, 65_535)
      .meta({ description: 'UDP port of the tunnel. Required for `gue`, not allowed otherwise.' })
      .optional(),
    checksum: choice(['none', 'checksum', 'remote'])
      .meta({ description: 'Checksum of the encapsulation.', default: TUNNEL_DEFAULTS.checksum })
      .optional(),
  },
  'Encapsulation of packets when `forwarding` is `tun`.',
);

const serverAddress = z.string().meta({
  description: 'Address of the server. Without a port, the port of the service.',
  examples: ['10.0.0.11:80'],
});

const weight = wholeNumber(0, 65_535).meta({
  description: 'Share of new connections; 0: no new connections.',
  default: SERVER_DEFAULTS.weight,
});

const server = z.union(
  [
    serverAddress,
    mapping(
      {
        address: serverAddress,
        weight: weight.optional(),
        forwarding: forwarding
          .meta({ description: 'Forwarding method. Default: that of the service.' })
          .optional(),
        upper_threshold: wholeNumber(0, 2_147_483_647)
          .meta({
            description: 'Stop new connections at this number of connections; 0: no limit.',
            default: SERVER_DEFAULTS.upper_threshold,
          })
          .optional(),
        lower_threshold: wholeNumber(0, 2_147_483_647)
          .meta({
            description:
              'Resume new connections below this number; 0: three quarters of `upper_threshold`.',
            default: SERVER_DEFAULTS.lower_threshold,
          })
          .optional(),
        tunnel: tunnel.optional(),
        check: check
          .meta({
            description: 'Replaces the `check` of the service; `none`: this server is not checked.',
          })
          .optional(),
        weight_from: z
          .union([choice(['file']), weightFrom], {
            error: ({ input }) => (input === undefined ? undefined : 'expected file, or a mapping'),
          })
          .meta({
            description: 'Replaces the `weight_from` of the service; `file`: use `weight`.',
          })
          .optional(),
        notify: serverNotify.optional(),
      },
      'A real server.',
    ),
  ],
  { error: ({ input }) => (input === undefined ? undefined : `expected ${SERVER_FORM}`) },
);

const GROUP_NAME = pattern(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  'a name of letters, digits, dots, hyphens and underscores',
);

const serverGroup = mapping(
  {
    name: GROUP_NAME.meta({ description: 'Unique name, used in `server_group` of services.' }),
    servers: z.array(server).meta({
      description: 'Real servers. One without a port has the port of each service that uses it.',
    }),
  },
  'Real servers that several services share.',
);

const fallbackKeys = {
  address: serverAddress,
  weight: weight.optional(),
  forwarding: forwarding
    .meta({ description: 'Forwarding method. Default: that of the service.' })
    .optional(),
  tunnel: tunnel.optional(),
};

const service = mapping(
  {
    name: pattern(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'a name of letters, digits, dots, hyphens and underscores',
    ).meta({ description: 'Unique name, used in commands, logs and metrics.' }),
    address: pattern(/^.+:[0-9]{1,5}$/, ENDPOINT_FORM)
      .meta({
        description:
          'Virtual address and port. Port 0 matches every port that no other service has; it requires ' +
          '`persistence`.',
        examples: ['203.0.113.100:80', '[2001:db8::100]:80'],
      })
      .optional(),
    fwmark: wholeNumber(1, 4_294_967_295)
      .meta({ description: 'Instead of `address`: the firewall mark of the packets.' })
      .optional(),
    family: choice(['ipv4', 'ipv6'])
      .meta({
        description: 'Address family of a service with `fwmark`.',
        default: SERVICE_DEFAULTS.family,
      })
      .optional(),
    protocol: choice(['tcp', 'udp', 'sctp'])
      .meta({
        description: 'Protocol of a service with `address`.',
        default: SERVICE_DEFAULTS.protocol,
      })
      .optional(),
    scheduler: choice(SCHEDULERS)
      .meta({
        description: 'Scheduler that selects the server for a connection.',
        default: SERVICE_DEFAULTS.scheduler,
      })
      .optional(),
    flags: z
      .array(choice(SERVICE_FLAGS))
      .meta({ description: 'Scheduler flags, with their ipvsadm names.', default: [] })
      .optional(),
    one_packet: z
      .boolean()
      .meta({
        description: 'Schedule each datagram separately (udp only).',
        default: SERVICE_DEFAULTS.one_packet,
      })
      .optional(),
    persistence: mapping(
      {
        timeout: duration()
          .meta({
            description: 'Time that a client stays with its server.',
            default: SERVICE_DEFAULTS.persistence.timeout,
          })
          .optional(),
        netmask: wholeNumber(1, 128)
          .meta({
            description: 'Prefix length that identifies a client. Default: the whole address.',
          })
          .optional(),
        engine: pattern(/^[a-z0-9_]{1,15}$/, 'the name of a persistence engine, like sip')
          .meta({ description: 'Persistence engine that identifies clients by packet contents.' })
          .optional(),
      },
      'Send further connections of a client to the same server.',
    ).optional(),
    forwarding: forwarding
      .meta({ description: 'Forwarding method.', default: SERVICE_DEFAULTS.forwarding })
      .optional(),
    tunnel: tunnel.optional(),
    servers: z.array(server).meta({ description: 'The real servers.' }).optional(),
    server_group: GROUP_NAME.meta({
      description:
        'Name of a list of `ipvs.server_groups`, whose servers follow those of `servers`.',
    }).optional(),
    check: check
      .meta({
        description:
          'Health check of each server: a keyword, a mapping, or a list of several checks.',
        default: SERVICE_DEFAULTS.check,
      })
      .optional(),
    on_failure: choice(['quiesce', 'remove'])
      .meta({
        description:
          'What to do with a server that is down. `quiesce`: set its weight to 0 and keep its ' +
          'connections. `remove`: remove it from the table. Default: `remove` for udp, whose clients would ' +
          'otherwise stay with the server, else `quiesce`.',
      })
      .optional(),
    fallback: z
      .union([serverAddress, mapping(fallbackKeys, 'A fallback server.')], {
        error: ({ input }) => (input === undefined ? undefined : `expected ${SERVER_FORM}`),
      })
      .meta({
        description: 'Receives new connections when no other server can; not health-checked.',
      })
      .optional(),
    quorum: quorum
      .meta({
        description:
          'Weight that the servers need together. With less, `fallback` receives the new connections ' +
          'instead of them. Default: one server that takes new connections is enough.',
      })
      .optional(),
    weight_from: weightFrom.optional(),
    notify: serviceNotify.optional(),
    min_servers: minServers
      .meta({
        description:
          'Requires `require`: with fewer healthy servers, that instance goes to FAULT or its ' +
          'priority is lowered.',
      })
      .optional(),
    require: z
      .string()
      .meta({
        description:
          'Name of an instance that is in FAULT while the kernel does not have this service.',
      })
      .optional(),
  },
  'A virtual service.',
);

const LARGEST_SYSCTL = 2_147_483_647;

function sysctl(maximum: number, description: string) {
  return wholeNumber(0, maximum).meta({ description }).optional();
}

const sysctls = mapping(
  {
    sync_threshold: pattern(/^[0-9]{1,9} [0-9]{1,9}$/, 'two numbers in quotes, like "1 2"')
      .meta({
        description:
          'Sync a connection when its packet count modulo the second number equals the first. The ' +
          'kernel default is "3 50"; "1 2" syncs new connections sooner.',
        examples: ['1 2'],
      })
      .optional(),
    sync_refresh_period: sysctl(
      LARGEST_SYSCTL,
      'Interval in seconds at which an active connection is synced again; 0: never.',
    ),
    sync_retries: sysctl(
      3,
      'Number of repetitions of each refresh, at intervals of an eighth of `sync_refresh_period`.',
    ),
    sync_ports: wholeNumber(1, 64)
      .meta({
        description:
          'Number of threads of each daemon, and of UDP ports starting at `port`: a power of two, the ' +
          'same on both directors. A reload that changes it restarts the daemons.',
      })
      .optional(),
    sync_version: sysctl(1, 'Version of the sync messages: 1, or 0 for peers before Linux 2.6.39.'),
    sync_persist_mode: sysctl(1, '1: sync only the templates of persistent services.'),
    sync_qlen_max: sysctl(LARGEST_SYSCTL, 'Maximum number of queued sync messages.'),
    sync_sock_size: sysctl(
      LARGEST_SYSCTL,
      'Socket buffer size of the daemons; 0: the system default. A reload that changes it restarts the ' +
        'daemons.',
    ),
    sloppy_tcp: sysctl(
      1,
      '1: any packet of an unknown TCP connection creates an entry, not only a SYN.',
    ),
    sloppy_sctp: sysctl(1, '1: like `sloppy_tcp`, for SCTP.'),
    backup_only: sysctl(
      1,
      '1: a director does not balance while its backup daemon runs. For directors that are also real ' +
        'servers (docs/two-node-clusters.md). Not with `mode: both`.',
    ),
    expire_nodest_conn: sysctl(
      1,
      '1: end connections immediately when their server is removed. Default: 1 if a udp service has ' +
        '`check` and `on_failure: remove`, else unchanged.',
    ),
    expire_quiescent_template: sysctl(
      1,
      '1: ignore persistence templates of servers with weight 0.',
    ),
    conn_reuse_mode: sysctl(3, 'Handling of a client port that is reused for a new connection.'),
    conntrack: sysctl(1, '1: netfilter tracks the connections (conntrack).'),
    snat_reroute: sysctl(1, '1: route packets again after SNAT.'),
    nat_icmp_send: sysctl(1, '1: send ICMP errors also with forwarding `nat`.'),
    drop_entry: sysctl(3, 'DoS defence: drop random connection entries when memory is low.'),
    drop_packet: sysctl(3, 'DoS defence: drop packets when memory is low.'),
    secure_tcp: sysctl(3, 'DoS defence: shorter timeouts for TCP handshakes.'),
    amemthresh: sysctl(LARGEST_SYSCTL, 'Number of free pages below which memory is low.'),
    am_droprate: sysctl(LARGEST_SYSCTL, 'In mode 3 of drop_packet, drop one packet in this many.'),
    cache_bypass: sysctl(1, '1: bypass a transparent cache when it has no server.'),
    ignore_tunneled: sysctl(1, '1: do not balance packets that were tunneled to this host.'),
    pmtu_disc: sysctl(1, '1: enable path MTU discovery towards the servers.'),
    schedule_icmp: sysctl(1, '1: balance ICMP messages like the packets that they refer to.'),
    run_estimation: sysctl(1, '1: estimate rates.'),
  },
  'Sysctls of net.ipv4.vs. The agent sets them at startup, sets them again when they are changed, and ' +
    'restores the previous values when it stops. It does not touch the others, except `expire_nodest_conn` ' +
    'for udp services.',
);

const sync = mapping(
  {
    interface: interfaceName().meta({
      description:
        'Interface for the sync messages. They are not encrypted: use a dedicated network.',
    }),
    sync_id: wholeNumber(1, 255)
      .meta({
        description:
          "Sync ID, the same on both directors. Default: the instance's VRID. 0 is not allowed: it " +
          'would accept the messages of every sync ID.',
      })
      .optional(),
    group: z
      .string()
      .meta({ description: 'Multicast group, IPv4 or IPv6.', default: SYNC_DEFAULTS.group })
      .optional(),
    port: wholeNumber(1, 65_535)
      .meta({ description: 'UDP port.', default: SYNC_DEFAULTS.port })
      .optional(),
    ttl: wholeNumber(1, 255)
      .meta({ description: 'Multicast TTL of the messages.', default: SYNC_DEFAULTS.ttl })
      .optional(),
    maxlen: wholeNumber(1_024, 65_000)
      .meta({
        description:
          'Maximum message length in bytes. Default: from the MTU of the interface. The kernel does not ' +
          'receive with less than 1024.',
      })
      .optional(),
    mode: choice(['follow', 'both'])
      .meta({
        description:
          '`follow`: the MASTER sends, the others receive. `both`: all directors send and receive; not ' +
          'with `backup_only`.',
        default: SYNC_DEFAULTS.mode,
      })
      .optional(),
    instance: z
      .string()
      .meta({
        description:
          'Instance whose state the daemons follow. Required if there is more than one instance.',
      })
      .optional(),
    rst_guard: choice(['planned', 'always', 'off'])
      .meta({
        description:
          'Suppress TCP resets from the VIPs for five seconds after a takeover, while the last ' +
          'connections of the former MASTER arrive. `planned`: only after a planned takeover. ' +
          'Requires nft.',
        default: SYNC_DEFAULTS.rst_guard,
      })
      .optional(),
    peers: z
      .array(z.string())
      .meta({
        description:
          'Addresses of the other directors on `interface`: the only ones whose summaries are believed. ' +
          'Default: every host on the network of the interface.',
      })
      .optional(),
    catch_up: z
      .boolean()
      .meta({
        description:
          'Every second the directors exchange summaries of their connection tables on UDP port ' +
          '`port` + 64 of the group, and the MASTER resends the connections that another director ' +
          'lacks. The kernel alone never resends them to a director that was away.',
        default: SYNC_DEFAULTS.catch_up,
      })
      .optional(),
  },
  'Synchronise the connection table of the kernel with the other director. Off if this key is ' +
    'absent.',
);

export const ipvs = mapping(
  {
    required: z
      .boolean()
      .meta({
        description: 'If the kernel has no IPVS, no instance becomes MASTER.',
        default: IPVS_DEFAULTS.required,
      })
      .optional(),
    exclusive: z
      .boolean()
      .meta({
        description: 'Remove services that are not in this file; `false` keeps them.',
        default: IPVS_DEFAULTS.exclusive,
      })
      .optional(),
    on_stop: choice(['remove', 'keep'])
      .meta({
        description: 'What to do with the services when the agent stops.',
        default: IPVS_DEFAULTS.on_stop,
      })
      .optional(),
    timeouts: mapping(
      {
        tcp: duration().meta({ description: 'Timeout of idle TCP connections.' }).optional(),
        tcp_fin: duration()
          .meta({ description: 'Timeout of TCP connections after a FIN.' })
          .optional(),
        udp: duration().meta({ description: 'Timeout of UDP entries.' }).optional(),
      },
      'Timeouts of idle connections. The agent does not change those that are not given.',
    ).optional(),
    sysctl: sysctls.optional(),
    notify: ipvsNotify.optional(),
    sync: sync.optional(),
    server_groups: z
      .array(serverGroup)
      .meta({ description: 'Lists of real servers for several services.', default: [] })
      .optional(),
    services: z
      .array(service)
      .meta({
        description:
          'The virtual services, the same on every director. The agent applies only the differences ' +
          'to the kernel, in every VRRP state.',
        default: [],
      })
      .optional(),
  },
  'IPVS, the load balancer of the kernel: virtual services and connection synchronisation.',
);

export type IpvsFile = z.infer<typeof ipvs>;
/** An invalid service or group, already reported, is undefined at its position. */
export type IpvsDraft = Omit<IpvsFile, 'services' | 'server_groups'> & {
  readonly services?: readonly (ServiceFile | undefined)[] | undefined;
  readonly server_groups?: readonly (ServerGroupFile | undefined)[] | undefined;
};
type ServerGroupFile = z.infer<typeof serverGroup>;
export type ServiceFile = z.infer<typeof service>;
export type ServerFile = z.infer<typeof server>;
export type TunnelFile = z.infer<typeof tunnel>;
export type SyncFile = z.infer<typeof sync>;
