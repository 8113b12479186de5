/** The shape of one entry of `track`. Exactly one of the first keys says what is tracked. */
import * as z from 'zod';
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
      'A command: the absolute path of a program and its arguments, no shell. Exit status 0 is up. ' +
      'What root runs must be changeable by root alone.',
  });

const address = z.string().meta({ description: 'IPv4 or IPv6 address.', examples: ['192.0.2.1'] });

export const trackEntry = mapping(
  {
    interface: interfaceName()
      .meta({ description: 'An interface: up while it is there and running.', examples: ['eth1'] })
      .optional(),
    script: command.optional(),
    file: absolutePath(4095)
      .meta({ description: 'A file: up while it is there, or a number to be added.' })
      .optional(),
    process: pattern(/^[!-~]{1,64}$/, 'the name of a process')
      .meta({ description: 'A process, by the name of its program.', examples: ['nginx'] })
      .optional(),
    pidfile: absolutePath(4095)
      .meta({ description: 'A process, by the file that holds its process id.' })
      .optional(),
    gateway: z
      .union([address, z.array(address).min(1, 'must not be empty').max(16, 'at most 16')], {
        error: ({ input }) =>
          input === undefined ? undefined : 'expected an IP address or a list of them',
      })
      .meta({
        description:
          'One or more stations on a link: up while at least one answers. Keeps a router that is ' +
          'cut off from taking the addresses.',
        examples: ['192.0.2.1'],
      })
      .optional(),
    http: pattern(/^https?:\/\/[!-~]{1,2000}$/, 'a URL like http://127.0.0.1:8080/health')
      .meta({ description: 'A URL that is answered with an expected status.' })
      .optional(),
    tcp: pattern(/^(.*:)?[0-9]{1,5}$/, 'an IP address and a port, like 127.0.0.1:80')
      .meta({ description: 'Address and port that accept a connection.' })
      .optional(),
    name: pattern(
      /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/,
      'a name of at most 64 letters, digits, dots, colons, hyphens and underscores',
    )
      .meta({
        description: 'Completes `track:<name>`. Default: what is tracked, the last part of a path.',
      })
      .optional(),
    weight: wholeNumber(-253, 253)
      .meta({
        description:
          'Without: FAULT while it is down. Negative: added to the priority while it is down. ' +
          'Positive: added while it is up. With `content: number`: a factor, default 1.',
      })
      .optional(),
    init: choice(['wait', 'up', 'down'])
      .meta({
        description: 'What counts until the first result. `wait`: FAULT, no priority is guessed.',
        default: 'wait',
      })
      .optional(),
    interval: duration()
      .meta({ description: 'From one run to the next, 10ms to 1h.', default: '1s' })
      .optional(),
    timeout: duration()
      .meta({
        description: 'A run that takes longer has failed and is ended. Default: the interval.',
      })
      .optional(),
    rise: wholeNumber(1, 1_000)
      .meta({ description: 'Successes in a row that bring it up again.', default: 1 })
      .optional(),
    fall: wholeNumber(1, 1_000)
      .meta({
        description: 'Failures in a row that bring it down. Default: 1, 3 for `gateway`.',
      })
      .optional(),
    user: pattern(/^[A-Za-z_][A-Za-z0-9_-]{0,31}$/, 'the name of a local user')
      .meta({ description: 'For `script`: who runs it. Default: the user of the agent.' })
      .optional(),
    content: choice(['presence', 'number'])
      .meta({
        description:
          'For `file`: whether it is there, or the whole number in it, which is multiplied by ' +
          '`weight` and added to the priority. -254 or less is FAULT; no file counts as 0.',
        default: 'presence',
      })
      .optional(),
    up_when: choice(['present', 'absent'])
      .meta({ description: 'For `file`: what is up.', default: 'present' })
      .optional(),
    via: choice(['arp', 'nd', 'icmp'])
      .meta({
        description: 'For `gateway`: how it is asked. Default: `arp` for IPv4, `nd` for IPv6.',
      })
      .optional(),
    link: interfaceName()
      .meta({
        description:
          "For `gateway`: the interface. Default: the instance's; required in a sync group.",
      })
      .optional(),
    status: z
      .array(wholeNumber(100, 599))
      .min(1, 'must not be empty')
      .meta({ description: 'For `http`: the expected statuses.', default: [200] })
      .optional(),
    host: pattern(/^[!-~]{1,255}$/, 'a host name')
      .meta({ description: 'For `http`: the Host header. Default: that of the URL.' })
      .optional(),
    verify: z
      .boolean()
      .meta({ description: 'For `http`: check the certificate of an https URL.', default: true })
      .optional(),
  },
  'One thing that the router depends on: exactly one of `interface`, `script`, `file`, `process`, ' +
    '`pidfile`, `gateway`, `http`, `tcp`.',
);

export type TrackFile = z.infer<typeof trackEntry>;
