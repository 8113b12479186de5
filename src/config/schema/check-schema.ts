/** The shape of `check` and `weight_from`: how real servers are looked at. */
import * as z from 'zod';
import { DNS_TYPES } from '../../net/probe.ts';
import { choice, duration, mapping, pattern, wholeNumber } from './schema-parts.ts';

const STATUS_FORM = 'a status from 100 to 599, or a range like 200-399';

const command = z
  .array(z.string())
  .min(1, 'must not be empty: the program comes first')
  .meta({
    description:
      'The absolute path of a program and its arguments, no shell. `{address}` and `{port}` in an ' +
      'argument stand for those of the server. What root runs must be changeable by root alone.',
  });

const exec = mapping(
  {
    command,
    user: pattern(/^[A-Za-z_][A-Za-z0-9_-]{0,31}$/, 'the name of a local user')
      .meta({ description: 'Who runs it. Default: the user of the agent.' })
      .optional(),
  },
  'A command.',
);

const requestKeys = {
  method: choice(['GET', 'HEAD', 'OPTIONS', 'POST'])
    .meta({ description: 'Method of the request.', default: 'GET' })
    .optional(),
  path: pattern(/^\/[!-~]{0,2000}$/, 'a path that begins with a slash')
    .meta({ description: 'Path and query.', default: '/' })
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
    .meta({ description: 'Statuses that are up: numbers and ranges. Default: 200-399.' })
    .optional(),
  body: z
    .string()
    .min(1, 'must not be empty')
    .meta({ description: 'Text that the body must contain, in its first 64 KiB.' })
    .optional(),
  body_regex: z
    .string()
    .min(1, 'must not be empty')
    .meta({ description: 'Instead of `body`: a regular expression that the body must match.' })
    .optional(),
};

const tlsKeys = {
  verify: z.boolean().meta({ description: 'Check the certificate.', default: true }).optional(),
  sni: pattern(/^[!-~]{1,255}$/, 'a host name')
    .meta({ description: 'Name asked for in TLS. Default: `host`.' })
    .optional(),
};

const http = mapping(requestKeys, 'An HTTP request, on a new connection each time.');
const https = mapping({ ...requestKeys, ...tlsKeys }, 'An HTTPS request.');

const timingKeys = {
  interval: duration()
    .meta({ description: 'From one run to the next, 100ms to 1h.', default: '2s' })
    .optional(),
  timeout: duration()
    .meta({ description: 'A run that takes longer has failed. Default: the interval.' })
    .optional(),
};

const targetKeys = {
  port: wholeNumber(1, 65_535).meta({ description: "Another port than the server's." }).optional(),
  connect_to: z
    .string()
    .meta({
      description: "Another address than the server's, with or without a port.",
      examples: ['10.0.0.11', '10.0.0.11:8080'],
    })
    .optional(),
};

const checkMapping = mapping(
  {
    tcp: mapping({}, 'A TCP connection is accepted.').optional(),
    http: http.optional(),
    https: https.optional(),
    dns: mapping(
      {
        name: pattern(/^[!-~]{1,253}$/, 'a domain name').meta({
          description: 'What is asked for.',
        }),
        type: choice(DNS_TYPES)
          .meta({ description: 'Type of the records.', default: 'A' })
          .optional(),
        answer: z
          .string()
          .meta({ description: 'Must be among the answers. Default: any answer will do.' })
          .optional(),
      },
      'A question to a name server, over UDP.',
    ).optional(),
    udp: mapping(
      {
        send: z.string().meta({ description: 'Text of the datagram.', default: '' }).optional(),
        send_hex: pattern(/^([0-9A-Fa-f]{2})+$/, 'bytes in hexadecimal, like 00ff')
          .meta({ description: 'Instead of `send`: bytes in hexadecimal.' })
          .optional(),
        expect: z
          .string()
          .min(1, 'must not be empty')
          .meta({
            description:
              'Text that the answer must contain. Without: no ICMP error must come back.',
          })
          .optional(),
        expect_regex: z
          .string()
          .min(1, 'must not be empty')
          .meta({ description: 'Instead of `expect`: a regular expression.' })
          .optional(),
      },
      'A datagram.',
    ).optional(),
    ping: mapping({}, 'An ICMP echo request is answered.').optional(),
    exec: exec.optional(),
    ...timingKeys,
    ...targetKeys,
    rise: wholeNumber(1, 1_000)
      .meta({ description: 'Successes in a row that bring a server up again.', default: 2 })
      .optional(),
    fall: wholeNumber(1, 1_000)
      .meta({ description: 'Failures in a row that bring it down.', default: 3 })
      .optional(),
  },
  'Exactly one of `tcp`, `http`, `https`, `dns`, `udp`, `ping`, `exec`; or one of the words.',
);

export const SHORT_CHECKS = ['tcp', 'http', 'https', 'ping', 'none'] as const;

export const check = z.union([choice(SHORT_CHECKS), checkMapping], {
  error: ({ input }) =>
    input === undefined ? undefined : `expected ${SHORT_CHECKS.join(', ')}, or a mapping`,
});

export const weightFrom = mapping(
  {
    http: http.optional(),
    https: https.optional(),
    exec: exec.optional(),
    ...timingKeys,
    interval: duration()
      .meta({ description: 'From one reading to the next, 100ms to 1h.', default: '5s' })
      .optional(),
    ...targetKeys,
    fall: wholeNumber(1, 1_000)
      .meta({
        description: 'Failures in a row after which the weight of the file counts again.',
        default: 3,
      })
      .optional(),
    reads: choice(['weight', 'load'])
      .meta({
        description:
          '`weight`: the number is the weight. `load`: 0 is idle, 1 is all that it can do.',
        default: 'weight',
      })
      .optional(),
    smoothing: z
      .number({ error: 'expected a number from 0 to 0.99' })
      .min(0, 'expected a number from 0 to 0.99')
      .max(0.99, 'expected a number from 0 to 0.99')
      .meta({
        description: 'What the former value counts beside a new reading: 0 follows at once.',
        default: 0.5,
      })
      .optional(),
    min: wholeNumber(0, 65_535).meta({ description: 'Lowest weight.', default: 1 }).optional(),
    max: wholeNumber(1, 65_535).meta({ description: 'Highest weight.', default: 100 }).optional(),
  },
  'The weight follows a number that the server tells: exactly one of `http`, `https`, `exec`.',
);

export const minServers = z.union(
  [
    wholeNumber(1, 65_535),
    mapping(
      {
        count: wholeNumber(1, 65_535).meta({ description: 'How many.' }),
        weight: wholeNumber(-253, 253)
          .meta({
            description: 'Negative: added to the priority while there are fewer. Without: FAULT.',
          })
          .optional(),
      },
      'Healthy servers that the service needs.',
    ),
  ],
  {
    error: ({ input }) =>
      input === undefined ? undefined : 'expected a number of servers, or { count, weight }',
  },
);

export type CheckFile = z.infer<typeof check>;
export type CheckMapping = z.infer<typeof checkMapping>;
export type WeightFromFile = z.infer<typeof weightFrom>;
export type MinServersFile = z.infer<typeof minServers>;
export type HttpFile = z.infer<typeof https>;
export type ExecFile = z.infer<typeof exec>;
