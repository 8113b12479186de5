/** The schema of one entry of `track`. Exactly one of the first nine keys names the tracked object. */
import * as z from 'zod';
import { BFD_DEFAULTS, TRACK_DEFAULTS } from './defaults.ts';
import {
  absolutePath,
  choice,
  duration,
  interfaceName,
  mapping,
  pattern,
  wholeNumber,
} from './schema-parts.ts';

const command = z
  .array(z.string())
  .min(1, 'must not be empty: the program comes first')
  .meta({
    description:
      'A command: the absolute path of a program and its arguments, without a shell. Up if it exits ' +
      'with status 0. If it runs as root, only root may be able to modify it.',
  });

const address = z.string().meta({ description: 'IPv4 or IPv6 address.', examples: ['192.0.2.1'] });

const bfd = mapping(
  {
    neighbour: z.string().meta({
      description: 'IPv4 or IPv6 address of the neighbour, which has to run BFD with this host.',
      examples: ['192.0.2.1'],
    }),
    source: z
      .string()
      .meta({ description: 'Own address. Default: the kernel chooses it by the route.' })
      .optional(),
    link: interfaceName()
      .meta({
        description:
          'The interface of the neighbour. Default: by the route; for a link-local neighbour that of the instance.',
        examples: ['eth1'],
      })
      .optional(),
    multihop: z
      .boolean()
      .meta({
        description:
          'Routers are between this host and the neighbour (RFC 5883, port 4784). Otherwise the neighbour ' +
          'is on a link of this host (RFC 5881, port 3784).',
        default: BFD_DEFAULTS.multihop,
      })
      .optional(),
    passive: z
      .boolean()
      .meta({
        description: 'Say nothing before the neighbour does. At most one of both may be passive.',
        default: BFD_DEFAULTS.passive,
      })
      .optional(),
    interval: duration()
      .meta({
        description:
          'The shortest interval at which this host sends, 10ms to 1m. The neighbour may ask for a longer ' +
          'one, and until the session is up both send once a second at most.',
        default: BFD_DEFAULTS.interval,
      })
      .optional(),
    receive_interval: duration()
      .meta({
        description:
          'The shortest interval at which the neighbour may send, 10ms to 1m. Default: `interval`.',
      })
      .optional(),
    multiplier: wholeNumber(1, 255)
      .meta({
        description:
          'The neighbour declares this host down after as many missing packets. After how many this host ' +
          'declares the neighbour down is set there.',
        default: BFD_DEFAULTS.multiplier,
      })
      .optional(),
    min_ttl: wholeNumber(1, 255)
      .meta({
        description:
          'With `multihop`: packets with a lower TTL are refused; each router between takes one from 255. ' +
          'Otherwise always 255.',
        default: BFD_DEFAULTS.min_ttl,
      })
      .optional(),
  },
  'A session of BFD (RFC 5880) in asynchronous mode: up while the session is. Entries with the same ' +
    'neighbour share one session.',
);

export const trackEntry = mapping(
  {
    interface: interfaceName()
      .meta({ description: 'An interface: up while it exists and is running.', examples: ['eth1'] })
      .optional(),
    script: command.optional(),
    file: absolutePath(4095)
      .meta({
        description: 'A file: up while it exists, or a number to add to the priority (`content`).',
      })
      .optional(),
    process: pattern(/^[!-~]{1,64}$/, 'the name of a process')
      .meta({ description: 'A process, by the name of its executable.', examples: ['nginx'] })
      .optional(),
    quorum: wholeNumber(1, 65_535)
      .meta({
        description: 'For `process`: how many processes of this name have to run.',
        default: TRACK_DEFAULTS.quorum,
      })
      .optional(),
    quorum_max: wholeNumber(1, 65_535)
      .meta({
        description:
          'For `process`: down while more processes of this name run. Default: no limit.',
      })
      .optional(),
    pidfile: absolutePath(4095).meta({ description: 'A process, by its PID file.' }).optional(),
    gateway: z
      .union(
        [
          address,
          z
            .array(address)
            .min(1, 'must not be empty')
            .max(16, 'must not have more than 16 entries'),
        ],
        {
          error: ({ input }) =>
            input === undefined ? undefined : 'expected an IP address or a list of them',
        },
      )
      .meta({
        description:
          'One or more hosts on a link: up while at least one of them answers. Prevents a router ' +
          'that is cut off from the network from taking over the addresses.',
        examples: ['192.0.2.1'],
      })
      .optional(),
    http: pattern(
      /^https?:\/\/(?![/\\?#])[!-~]{1,2000}$/,
      'a URL like http://127.0.0.1:8080/health',
    )
      .meta({ description: 'A URL: up while the server answers with an expected status.' })
      .optional(),
    tcp: pattern(/^(.*:)?[0-9]{1,5}$/, 'an IP address and a port, like 127.0.0.1:80')
      .meta({ description: 'Address and port: up while a TCP connection is accepted.' })
      .optional(),
    bfd: bfd.optional(),
    name: pattern(
      /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/,
      'a name of at most 64 letters, digits, dots, colons, hyphens and underscores',
    )
      .meta({
        description:
          'Name in `track:<name>`. Default: the tracked object; of a path, its last component.',
      })
      .optional(),
    weight: wholeNumber(-253, 253)
      .meta({
        description:
          'Absent: FAULT while the object is down. Negative: added to the priority while it is down. ' +
          'Positive: added while it is up. With `content: number`: a factor, by default 1.',
      })
      .optional(),
    reverse: z
      .boolean()
      .meta({
        description:
          'The opposite effect: without `weight` FAULT while the object is up; a negative `weight` adds to ' +
          'the priority while it is down, a positive one subtracts from it while it is up.',
        default: TRACK_DEFAULTS.reverse,
      })
      .optional(),
    init: choice(['wait', 'up', 'down'])
      .meta({
        description: 'State until the first result. `wait`: FAULT until then.',
        default: TRACK_DEFAULTS.init,
      })
      .optional(),
    interval: duration()
      .meta({
        description: 'Interval between checks, 10ms to 1h.',
        default: TRACK_DEFAULTS.interval,
      })
      .optional(),
    timeout: duration()
      .meta({
        description: 'A check that takes longer is aborted and fails. Default: the interval.',
      })
      .optional(),
    rise: wholeNumber(1, 1_000)
      .meta({
        description: 'Consecutive successes before the object is up again.',
        default: TRACK_DEFAULTS.rise,
      })
      .optional(),
    fall: wholeNumber(1, 1_000)
      .meta({
        description: 'Consecutive failures before the object is down. Default: 1; for `gateway` 3.',
      })
      .optional(),
    user: pattern(/^[A-Za-z_][A-Za-z0-9_-]{0,31}$/, 'the name of a local user')
      .meta({ description: "For `script`: run it as this user. Default: the agent's user." })
      .optional(),
    content: choice(['presence', 'number'])
      .meta({
        description:
          'For `file`: `presence` tests whether it exists; `number` reads a whole number from it, ' +
          'multiplies it by `weight` and adds it to the priority. A result of -254 or less means ' +
          'FAULT; a missing file counts as 0.',
        default: TRACK_DEFAULTS.content,
      })
      .optional(),
    up_when: choice(['present', 'absent'])
      .meta({ description: 'For `file`: when it counts as up.', default: TRACK_DEFAULTS.up_when })
      .optional(),
    via: choice(['arp', 'nd', 'icmp'])
      .meta({
        description:
          'For `gateway`: protocol of the probe. Default: `arp` for IPv4, `nd` for IPv6.',
      })
      .optional(),
    link: interfaceName()
      .meta({
        description:
          "For `gateway`: the interface of the gateway. Default: the instance's; required in a sync " +
          'group.',
      })
      .optional(),
    status: z
      .array(wholeNumber(100, 599))
      .min(1, 'must not be empty')
      .meta({ description: 'For `http`: the expected statuses.', default: TRACK_DEFAULTS.status })
      .optional(),
    host: pattern(/^[!-~]{1,255}$/, 'a host name')
      .meta({ description: 'For `http`: the Host header. Default: the host of the URL.' })
      .optional(),
    verify: z
      .boolean()
      .meta({
        description: 'For `http`: verify the certificate of an https URL.',
        default: TRACK_DEFAULTS.verify,
      })
      .optional(),
  },
  'A tracked object. Has exactly one of `interface`, `script`, `file`, `process`, ' +
    '`pidfile`, `gateway`, `http`, `tcp`, `bfd`.',
);

export type TrackFile = z.infer<typeof trackEntry>;
export type BfdFile = z.infer<typeof bfd>;
