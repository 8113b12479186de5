/**
 * The shape of the configuration file: keys, types, ranges, and the text editors show. It has no
 * transforms, so that it can be exported as JSON Schema; what the values mean is for `lower.ts`.
 */
import * as z from 'zod';
import { DEFAULT_HTTP_LISTEN } from '../agent-settings.ts';
import { inheritableKeys, instance } from './instance-schema.ts';
import { ipvs } from './ipvs-schema.ts';
import { agentNotify } from './notify-schema.ts';
import { absolutePath, choice, mapping, pattern, wholeNumber } from './schema-parts.ts';
import { syncGroup } from './sync-group-schema.ts';

const HTTP_LISTEN_FORM = 'an IP address and a port, like 127.0.0.1:9112';

const control = mapping(
  {
    socket: absolutePath(107)
      .meta({
        description: 'Path of the Unix socket on which the agent answers the command line.',
        default: '/run/vrrp-agent/control.sock',
      })
      .optional(),
    mode: pattern(/^0?[0-7]{3}$/, 'permissions in octal and in quotes, like "0660"')
      .meta({
        description: 'Permissions of the control socket, in octal and in quotes.',
        default: '0660',
      })
      .optional(),
  },
  'The control socket.',
);

const realtime = z
  .union([choice(['auto', 'off']), wholeNumber(1, 99)], {
    error: 'must be auto, off, or a whole number from 1 to 99',
  })
  .meta({
    description:
      'Real-time priority (SCHED_RR) of the protocol thread: `auto` takes one when the system ' +
      'permits it, a number insists on that one.',
    default: 'auto',
  });

const defaults = mapping(
  inheritableKeys,
  'Values for instances that do not say otherwise: any instance key but `name`, `vrid`, ' +
    '`addresses`, `extra_addresses`, `routes` and `rules`. `garp` and `unicast` are merged key by key, anything ' +
    'else is replaced as a whole.',
);

export const configFile = mapping(
  {
    router: pattern(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/,
      'a name of letters, digits, dots, hyphens and underscores',
    )
      .meta({ description: 'Name of this router in logs and status. Default: the host name.' })
      .optional(),
    control: control.optional(),
    http: mapping(
      {
        listen: z
          .union([pattern(/^(.*:)?[0-9]{1,5}$/, HTTP_LISTEN_FORM), wholeNumber(1, 65_535)], {
            error: `expected ${HTTP_LISTEN_FORM}`,
          })
          .meta({
            description:
              'Address and port; IPv6 in brackets. A port alone is one of 127.0.0.1. There is no ' +
              'password: `check` warns of an address that other machines can reach.',
            examples: ['127.0.0.1:9112', '[::1]:9112', 9112],
            default: DEFAULT_HTTP_LISTEN,
          })
          .optional(),
      },
      'A read-only HTTP listener: `/metrics` for Prometheus, `/healthz`, a status page at `/`, ' +
        '`/status.json` and `/events.json`. Without this key there is none.',
    ).optional(),
    notify: agentNotify.optional(),
    realtime: realtime.optional(),
    log: mapping(
      {
        level: choice(['debug', 'info', 'warn', 'error'])
          .meta({ description: 'The least severe messages that are written.', default: 'info' })
          .optional(),
      },
      'Log messages.',
    ).optional(),
    stop: mapping(
      {
        linger: choice(['auto', 'off'])
          .meta({
            description:
              'On shutdown, `auto` keeps the addresses until the successor is heard; `off` ' +
              'removes them at once.',
            default: 'auto',
          })
          .optional(),
      },
      'How the agent stops.',
    ).optional(),
    state_dir: absolutePath(4095)
      .meta({
        description: 'Directory for what must survive a restart.',
        default: '/var/lib/vrrp-agent',
      })
      .optional(),
    defaults: defaults.optional(),
    instances: z
      .array(instance)
      .min(1, 'must not be empty: an agent needs at least one instance')
      .meta({ description: 'The virtual routers this router takes part in.' }),
    sync_groups: z
      .array(syncGroup)
      .meta({ description: 'Instances that change their state together.', default: [] })
      .optional(),
    ipvs: ipvs.optional(),
  },
  'Configuration of vrrp-agent.',
);

export type ConfigFile = z.infer<typeof configFile>;
export type InstanceFile = z.infer<typeof instance>;
export type DefaultsFile = z.infer<typeof defaults>;
