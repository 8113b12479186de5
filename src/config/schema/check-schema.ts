/** The schema of `check`, `weight_from`, `quorum` and `min_servers`: health checks of real servers. */
import * as z from 'zod';
import { DNS_TYPES } from '../../net/probe.ts';
import { CHECK_DEFAULTS, QUORUM_DEFAULTS, WEIGHT_FROM_DEFAULTS } from './defaults.ts';
import { choice, duration, mapping, pattern, wholeNumber } from './schema-parts.ts';

const STATUS_FORM = 'a status from 100 to 599, or a range like 200-399';

const command = z
  .array(z.string())
  .min(1, 'must not be empty: the program comes first')
  .meta({
    description:
      'The absolute path of a program and its arguments, without a shell. `{address}` and `{port}` ' +
      'are replaced by those of the server. If the command runs as root, only root may be able to ' +
      'modify the program.',
  });

const exec = mapping(
  {
    command,
    user: pattern(/^[A-Za-z_][A-Za-z0-9_-]{0,31}$/, 'the name of a local user')
      .meta({ description: "Run the command as this user. Default: the agent's user." })
      .optional(),
  },
  'A command that runs on this host.',
);

const requestKeys = {
  method: choice(['GET', 'HEAD', 'OPTIONS', 'POST'])
    .meta({ description: 'Request method.', default: CHECK_DEFAULTS.http.method })
    .optional(),
  path: pattern(/^\/[!-~]{0,2000}$/, 'a path that begins with a slash')
    .meta({ description: 'Path and query.', default: CHECK_DEFAULTS.http.path })
    .optional(),
  host: pattern(/^[!-~]{1,255}$/, 'a host name')
    .meta({ description: 'The Host header. Default: address and port of the server.' })
    .optional(),
  status: z
    .array(
      z.union([wholeNumber(100, 599), pattern(/^[1-5][0-9]{2}-[1-5][0-9]{2}$/, STATUS_FORM)], {
        error: `expected ${STATUS_FORM}`,
      }),
    )
    .min(1, 'must not be empty')
    .meta({ description: 'Status codes that count as up: numbers and ranges. Default: 200-399.' })
    .optional(),
  body: z
    .string()
    .min(1, 'must not be empty')
    .meta({ description: 'Text that the first 64 KiB of the response body must contain.' })
    .optional(),
  body_regex: z
    .string()
    .min(1, 'must not be empty')
    .meta({ description: 'Instead of `body`: regular expression that the body must match.' })
    .optional(),
  digest: pattern(
    /^(sha256:[0-9A-Fa-f]{64}|md5:[0-9A-Fa-f]{32})$/,
    'sha256: and 64 hexadecimal digits, or md5: and 32',
  )
    .meta({
      description:
        'Digest that the whole response body must have, as `sha256:` followed by the output of ' +
        '`curl -s URL | sha256sum`, or as `md5:` like keepalived. A body of more than 64 MiB is a failure.',
      examples: ['sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae'],
    })
    .optional(),
};

const tlsKeys = {
  verify: z
    .boolean()
    .meta({ description: 'Verify the certificate.', default: CHECK_DEFAULTS.http.verify })
    .optional(),
  sni: pattern(/^[!-~]{1,255}$/, 'a host name')
    .meta({ description: 'Server name in the TLS handshake (SNI). Default: `host`.' })
    .optional(),
};

const http = mapping(requestKeys, 'An HTTP request, on a new connection each time.');
const https = mapping({ ...requestKeys, ...tlsKeys }, 'An HTTPS request.');

const timingKeys = {
  interval: duration()
    .meta({
      description: 'Interval between checks, 100ms to 1h.',
      default: CHECK_DEFAULTS.interval,
    })
    .optional(),
  timeout: duration()
    .meta({ description: 'A check that takes longer fails. Default: the interval.' })
    .optional(),
};

const targetKeys = {
  port: wholeNumber(1, 65_535)
    .meta({ description: "Port to check. Default: the server's port." })
    .optional(),
  connect_to: z
    .string()
    .meta({
      description: "Address to check, with or without a port. Default: the server's address.",
      examples: ['10.0.0.11', '10.0.0.11:8080'],
    })
    .optional(),
  source: z
    .string()
    .meta({
      description:
        'Address of this host that the check comes from, of the same family; for `tcp`, `http`, `https` and ' +
        '`dns`. Default: the kernel chooses.',
      examples: ['10.0.0.1'],
    })
    .optional(),
};

const dns = mapping(
  {
    name: pattern(/^[!-~]{1,253}$/, 'a domain name').meta({
      description: 'Name to look up.',
    }),
    type: choice(DNS_TYPES)
      .meta({ description: 'Record type.', default: CHECK_DEFAULTS.dns.type })
      .optional(),
    answer: z
      .string()
      .meta({
        description: 'Value that the answer must contain. Default: any answer is accepted.',
      })
      .optional(),
  },
  'A DNS query over UDP.',
);

const udp = mapping(
  {
    send: z
      .string()
      .meta({ description: 'Payload as text.', default: CHECK_DEFAULTS.udp.send })
      .optional(),
    send_hex: pattern(/^([0-9A-Fa-f]{2})+$/, 'bytes in hexadecimal, like 00ff')
      .meta({ description: 'Instead of `send`: payload in hexadecimal.' })
      .optional(),
    expect: z
      .string()
      .min(1, 'must not be empty')
      .meta({
        description:
          'Text that the answer must contain. Without `expect` and `expect_regex` no answer is ' +
          'needed; an ICMP error fails the check, and so does silence within 10 s, or three intervals, ' +
          'after an error.',
      })
      .optional(),
    expect_regex: z
      .string()
      .min(1, 'must not be empty')
      .meta({
        description: 'Instead of `expect`: regular expression that the answer must match.',
      })
      .optional(),
  },
  'A UDP datagram.',
);

const checkMapping = mapping(
  {
    tcp: mapping({}, 'Up if the server accepts a TCP connection.').optional(),
    http: http.optional(),
    https: https.optional(),
    dns: dns.optional(),
    udp: udp.optional(),
    ping: mapping({}, 'Up if the server answers an ICMP echo request.').optional(),
    exec: exec.optional(),
    ...timingKeys,
    ...targetKeys,
    rise: wholeNumber(1, 1_000)
      .meta({
        description: 'Consecutive successes before the server is up again.',
        default: CHECK_DEFAULTS.rise,
      })
      .optional(),
    fall: wholeNumber(1, 1_000)
      .meta({
        description: 'Consecutive failures before the server is down.',
        default: CHECK_DEFAULTS.fall,
      })
      .optional(),
    retry_after: duration()
      .meta({
        description:
          'Time from the end of a failed check to the next one, while the server still counts as up: until ' +
          'it passes, or `fall` is reached. 100ms to 1h. Default: `interval` applies.',
      })
      .optional(),
  },
  'A health check with options: exactly one of `tcp`, `http`, `https`, `dns`, `udp`, `ping`, `exec`.',
);

export const SHORT_CHECKS = ['tcp', 'http', 'https', 'ping', 'none'] as const;

const checkList = z
  .array(
    z.union([choice(SHORT_CHECKS).exclude(['none']), checkMapping], {
      error: `expected ${SHORT_CHECKS.slice(0, -1).join(', ')}, or a mapping`,
    }),
  )
  .min(1, 'must not be empty')
  .meta({ description: 'Several checks: the server is up while all of them are.' });

export const check = z.union([choice(SHORT_CHECKS), checkMapping, checkList], {
  error: ({ input }) =>
    input === undefined
      ? undefined
      : `expected ${SHORT_CHECKS.join(', ')}, a mapping, or a list of these`,
});

export const weightFrom = mapping(
  {
    http: http.optional(),
    https: https.optional(),
    exec: exec.optional(),
    ...timingKeys,
    interval: duration()
      .meta({
        description: 'Interval between readings, 100ms to 1h.',
        default: WEIGHT_FROM_DEFAULTS.interval,
      })
      .optional(),
    ...targetKeys,
    fall: wholeNumber(1, 1_000)
      .meta({
        description: 'Consecutive failures before the configured `weight` is used again.',
        default: WEIGHT_FROM_DEFAULTS.fall,
      })
      .optional(),
    reads: choice(['weight', 'load'])
      .meta({
        description:
          'Meaning of the number. `weight`: the weight itself. `load`: utilisation, from 0 (idle) to ' +
          '1 (full).',
        default: WEIGHT_FROM_DEFAULTS.reads,
      })
      .optional(),
    smoothing: z
      .number({ error: 'expected a number from 0 to 0.99' })
      .min(0, 'expected a number from 0 to 0.99')
      .max(0.99, 'expected a number from 0 to 0.99')
      .meta({
        description: 'Weight of the previous value when smoothing; 0 disables smoothing.',
        default: WEIGHT_FROM_DEFAULTS.smoothing,
      })
      .optional(),
    min: wholeNumber(0, 65_535)
      .meta({ description: 'Lowest weight.', default: WEIGHT_FROM_DEFAULTS.min })
      .optional(),
    max: wholeNumber(1, 65_535)
      .meta({ description: 'Highest weight.', default: WEIGHT_FROM_DEFAULTS.max })
      .optional(),
  },
  'Derive the weight from a number that the server reports: exactly one of `http`, `https`, `exec`.',
);

export const minServers = z.union(
  [
    wholeNumber(1, 65_535),
    mapping(
      {
        count: wholeNumber(1, 65_535).meta({ description: 'Number of healthy servers.' }),
        weight: wholeNumber(-253, 253)
          .meta({
            description:
              'Negative number, added to the priority while there are fewer. Absent: FAULT.',
          })
          .optional(),
      },
      'Number of healthy servers that the service needs.',
    ),
  ],
  {
    error: ({ input }) =>
      input === undefined ? undefined : 'expected a number of servers, or { count, weight }',
  },
);

export const quorum = z.union(
  [
    wholeNumber(1, 2_147_483_647),
    mapping(
      {
        weight: wholeNumber(1, 2_147_483_647).meta({
          description: 'Sum of the weights of the servers that take new connections.',
        }),
        hysteresis: wholeNumber(0, 2_147_483_646)
          .meta({
            description:
              'The quorum is lost below `weight` less this number, and reached again at `weight` plus ' +
              'this number. Less than `weight`.',
            default: QUORUM_DEFAULTS.hysteresis,
          })
          .optional(),
      },
      'The weight that the servers need together.',
    ),
  ],
  {
    error: ({ input }) =>
      input === undefined ? undefined : 'expected a weight, or { weight, hysteresis }',
  },
);

export type CheckFile = z.infer<typeof check>;
export type OneCheckFile = Exclude<CheckFile, readonly unknown[]>;
export type CheckMapping = z.infer<typeof checkMapping>;
export type WeightFromFile = z.infer<typeof weightFrom>;
export type MinServersFile = z.infer<typeof minServers>;
export type HttpFile = z.infer<typeof http>;
export type HttpsFile = z.infer<typeof https>;
export type DnsFile = z.infer<typeof dns>;
export type UdpFile = z.infer<typeof udp>;
export type ExecFile = z.infer<typeof exec>;
