/**
 * The schema of the configuration file: keys, types, ranges, and the descriptions that editors show.
 * It has no transforms, so that it can be exported as JSON Schema; `lower.ts` interprets the values.
 */
import * as z from 'zod';
import { AGENT_DEFAULTS, LINK_DELAY_DEFAULTS, SYNC_GROUP_DEFAULTS } from './defaults.ts';
import { inheritableKeys, instance } from './instance-schema.ts';
import { ipvs } from './ipvs-schema.ts';
import { agentNotify, groupNotify } from './notify-schema.ts';
import { peerLink } from './peer-link-schema.ts';
import {
  absolutePath,
  choice,
  duration,
  interfaceName,
  mapping,
  pattern,
  wholeNumber,
} from './schema-parts.ts';
import { trackEntry } from './track-schema.ts';
import { witness } from './witness-schema.ts';

const HTTP_LISTEN_FORM = 'an IP address and a port, like 127.0.0.1:9112';

const control = mapping(
  {
    socket: absolutePath(107)
      .meta({
        description: 'Path of the Unix socket for the command line and the HTTP API.',
        default: AGENT_DEFAULTS.control.socket,
      })
      .optional(),
    mode: pattern(/^0?[0-7]{3}$/, 'quoted octal permissions, like "0660"')
      .meta({
        description: 'Permissions of the control socket: octal, in quotes.',
        default: AGENT_DEFAULTS.control.mode,
      })
      .optional(),
    group: pattern(/^[A-Za-z_][A-Za-z0-9_-]{0,31}$/, 'the name of a local group')
      .meta({
        description:
          'Group of the control socket: with the default `mode`, its members are operators, who see ' +
          "`status` and `events` and may use every command of the socket. Default: the agent's group.",
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
      'Real-time priority (SCHED_RR) of the protocol thread; `auto` lets the agent choose one. If the ' +
      'system does not permit it, the agent logs a warning and runs without.',
    default: AGENT_DEFAULTS.realtime,
  });

const defaults = mapping(
  inheritableKeys,
  'Defaults for all instances: any instance key except `name`, `vrid`, `addresses`, ' +
    '`extra_addresses`, `routes` and `rules`. An instance overrides `garp` and `unicast` key by key, ' +
    'any other key as a whole.',
);

const linkDelay = mapping(
  {
    interface: interfaceName().meta({ description: 'The interface.', examples: ['eth0'] }),
    up: duration()
      .meta({
        description: 'How long it has to be up, up to 255s, before it counts as up.',
        default: LINK_DELAY_DEFAULTS.up,
      })
      .optional(),
    down: duration()
      .meta({
        description:
          'How long it has to be down, up to 255s, before it counts as down. A peer takes over when ' +
          'it has heard nothing for a Master_Down_Interval, whatever counts here.',
        default: LINK_DELAY_DEFAULTS.down,
      })
      .optional(),
  },
  'The delays of one interface.',
);

const syncGroup = mapping(
  {
    name: pattern(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'a name of at most 64 letters, digits, dots, hyphens and underscores',
    ).meta({ description: 'Unique name, used in fault reasons, logs and notifications.' }),
    instances: z
      .array(z.string())
      .min(2, 'must have at least two entries')
      .meta({ description: 'Names of the member instances.' }),
    mode: choice(['all', 'any'])
      .meta({
        description:
          'When the group takes over. `all`: once no member hears another MASTER. `any`: once at ' +
          'least one member hears no other MASTER and the MASTERs of the other members would yield.',
        default: SYNC_GROUP_DEFAULTS.mode,
      })
      .optional(),
    track: z
      .array(trackEntry)
      .meta({ description: 'Objects whose state affects every member.', default: [] })
      .optional(),
    notify: groupNotify.optional(),
  },
  'Instances that change state together.',
);

export const configFile = mapping(
  {
    router: pattern(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/,
      'a name of letters, digits, dots, hyphens and underscores',
    )
      .meta({ description: 'Name of this router in logs and status. Default: the hostname.' })
      .optional(),
    include: z
      .array(z.string())
      .meta({
        description:
          'Files that belong to this one, relative to it: names, or a pattern with `*` and `?` in the last ' +
          'part, like `[conf.d/*.yaml]`, whose files are joined in the order of their names. Lists (`instances`, `sync_groups`, ' +
          '`ipvs.services`, `ipvs.server_groups`) are appended; the mappings of the file are joined key by key; any other key ' +
          'may be in one file only.',
        default: [],
      })
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
              'Address and port, IPv6 in brackets. A port alone listens on 127.0.0.1. The listener has ' +
              'no authentication: `check` warns about an address that is not a loopback address.',
            examples: ['127.0.0.1:9112', '[::1]:9112', 9112],
            default: AGENT_DEFAULTS.http.listen,
          })
          .optional(),
        names: z
          .array(pattern(/^[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$/, 'a DNS name'))
          .max(32, 'must not have more than 32 entries')
          .meta({
            description:
              'DNS names under which other hosts may address the listener, like `lb1.example.net`, beside IP ' +
              'addresses, `localhost`, the hostname and `router`. Others are refused, so that no web page can ' +
              'point a name of its own here and read the status through the browser of an operator.',
          })
          .optional(),
      },
      'A read-only HTTP listener: `/metrics` for Prometheus, `/healthz`, a status page at `/`, ' +
        '`/status.json` and `/events.json`. Disabled if this key is absent.',
    ).optional(),
    snmp: mapping(
      {
        agentx: absolutePath(107).meta({
          description:
            "Path of the AgentX socket of the host's SNMP agent (snmpd: `master agentx`).",
          examples: ['/var/agentx/master'],
        }),
      },
      'SNMP: VRRPV3-MIB (RFC 6527), read-only, and its notifications. Off if this key is absent.',
    ).optional(),
    notify: agentNotify.optional(),
    realtime: realtime.optional(),
    log: mapping(
      {
        level: choice(['debug', 'info', 'warn', 'error'])
          .meta({
            description: 'Lowest severity that is logged.',
            default: AGENT_DEFAULTS.log.level,
          })
          .optional(),
        format: choice(['auto', 'json', 'text'])
          .meta({
            description:
              '`json`: one JSON object for each line; `text`: a sentence for people; `auto`: text on a ' +
              'terminal and in the journal of systemd, else JSON. In the journal, text has priorities.',
            default: AGENT_DEFAULTS.log.format,
          })
          .optional(),
      },
      'Logging.',
    ).optional(),
    checker: mapping(
      {
        user: pattern(/^[A-Za-z_][A-Za-z0-9_-]{0,31}$/, 'the name of a local user')
          .meta({
            description:
              'Run the checker process as this user, and with it every command of `track` and `check` ' +
              "that names no user of its own. Default: the agent's user, without its capabilities.",
          })
          .optional(),
      },
      'The process that runs the checks of `track` and `ipvs`, and sends webhooks and mail.',
    ).optional(),
    start: mapping(
      {
        delay: duration()
          .meta({
            description:
              'How long the instances wait in INIT after the start of the agent, up to 10m, for switches ' +
              'or services that are not ready. An instance that resumes as MASTER does not wait.',
            default: AGENT_DEFAULTS.start.delay,
          })
          .optional(),
      },
      'How the agent starts.',
    ).optional(),
    stop: mapping(
      {
        linger: choice(['auto', 'off'])
          .meta({
            description:
              'On shutdown, `auto` keeps the addresses until the new MASTER advertises; `off` ' +
              'removes them immediately.',
            default: AGENT_DEFAULTS.stop.linger,
          })
          .optional(),
      },
      'How the agent stops.',
    ).optional(),
    resume: choice(['auto', 'off'])
      .meta({
        description:
          'What an agent does that is started again after it died as MASTER. `auto`: it is MASTER again ' +
          'immediately, if no peer can have taken over since its last advertisement and the kernel ' +
          'still has every VIP from it, or BACKUP that leaves the VIPs it finds in place until it ' +
          'hears another MASTER; `off`: it starts as BACKUP and removes them.',
        default: AGENT_DEFAULTS.resume,
      })
      .optional(),
    state_dir: absolutePath(4095)
      .meta({
        description: 'Directory for state that must survive a restart.',
        default: AGENT_DEFAULTS.state_dir,
      })
      .optional(),
    link_delays: z
      .array(linkDelay)
      .meta({
        description: 'Interfaces that flap: a change counts only after it has lasted.',
        default: [],
      })
      .optional(),
    defaults: defaults.optional(),
    instances: z
      .array(instance)
      .meta({
        description:
          'The virtual routers in which this router takes part. May be absent if `ipvs` has services: a ' +
          'load balancer without VRRP.',
        default: [],
      })
      .optional(),
    sync_groups: z
      .array(syncGroup)
      .meta({ description: 'Groups of instances that change state together.', default: [] })
      .optional(),
    peer_link: peerLink.optional(),
    witness: witness.optional(),
    ipvs: ipvs.optional(),
  },
  'Configuration of vrrp-agent.',
);

export type ConfigFile = z.infer<typeof configFile>;
export type InstanceFile = z.infer<typeof instance>;
export type SyncGroupFile = z.infer<typeof syncGroup>;
export type DefaultsFile = z.infer<typeof defaults>;
