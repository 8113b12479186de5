/** The schema of `notify`: for the agent, an instance, a sync group, and for services and servers. */
import * as z from 'zod';
import { NOTIFY_DEFAULTS } from './defaults.ts';
import { mail } from './mail-schema.ts';
import { absolutePath, choice, duration, mapping, pattern } from './schema-parts.ts';

const argv = z
  .array(z.string())
  .min(1, 'must not be empty: it begins with the path of the program')
  .max(64, 'must not have more than 64 entries')
  .meta({
    description: 'Absolute path of the program, then its arguments. Runs without a shell.',
  });

const user = pattern(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?$/, 'a user name or a numeric user ID')
  .meta({
    description: "Run the command as this user. Default: the agent's user.",
    examples: ['nobody'],
  })
  .optional();

const withOptions = mapping(
  {
    command: argv,
    user,
    timeout: duration()
      .meta({
        description: 'Kill the command after this time, 10ms to 10m.',
        default: NOTIFY_DEFAULTS.command.timeout,
      })
      .optional(),
  },
  'A command with options.',
);

const command = z.union([argv, withOptions], {
  error: ({ input }) =>
    input === undefined
      ? undefined
      : 'expected a list with the program and its arguments, or { command, user, timeout }',
});

const webhook = mapping(
  {
    url: pattern(
      /^https?:\/\/[^\s/?#@]+([/?#]\S*)?$/,
      'an http or https URL without user and password',
    ).meta({
      description: 'URL that receives each state change as a JSON POST request.',
      examples: ['https://hooks.example.net/vrrp'],
    }),
    secret: z
      .string()
      .min(1, 'must not be empty')
      .meta({
        description:
          'Key that signs each request body: header `X-VRRP-Agent-Signature: sha256=` followed by the ' +
          'HMAC-SHA256 in hexadecimal. The key itself, or where it is: `file:` with an absolute path ' +
          '(readable by the user of the agent alone), or `credential:` (a file in $CREDENTIALS_DIRECTORY).',
        examples: ['file:/etc/vrrp-agent/webhook.secret', 'credential:webhook'],
      })
      .optional(),
    token: pattern(/^[!-~]+$/, 'a token of printable characters without spaces')
      .meta({
        description:
          'Bearer token, sent in the `Authorization` header; or `file:` or `credential:`, as for `secret`.',
        examples: ['file:/etc/vrrp-agent/webhook.token', 'credential:webhook-token'],
      })
      .optional(),
    timeout: duration()
      .meta({
        description: 'Timeout of each attempt, 100ms to 60s.',
        default: NOTIFY_DEFAULTS.webhook.timeout,
      })
      .optional(),
  },
  'An HTTP endpoint that receives state changes.',
);

const fifo = absolutePath(4095)
  .meta({
    description:
      'Named pipe that receives one line per state change, like `INSTANCE "web" MASTER 150`. ' +
      'If it does not exist, the agent creates it with mode 0600.',
    examples: ['/run/vrrp-agent/notify.fifo'],
  })
  .optional();

const webhooks = z.array(webhook).max(16, 'must not have more than 16 entries').meta({
  description: 'HTTP endpoints that receive state changes.',
  default: [],
});

const states = {
  master: command.meta({ description: 'Run after the transition to MASTER.' }).optional(),
  backup: command.meta({ description: 'Run after the transition to BACKUP.' }).optional(),
  fault: command.meta({ description: 'Run after the transition to FAULT.' }).optional(),
  stop: command.meta({ description: 'Run when the agent stops.' }).optional(),
  any: command
    .meta({
      description:
        'Run on every state change, after the command for that state, with four more arguments: ' +
        '`INSTANCE` or `GROUP`, name, state, priority.',
    })
    .optional(),
  fifo,
  webhooks: webhooks.optional(),
};

const beforeMaster = mapping(
  {
    command: argv,
    user,
    timeout: duration()
      .meta({
        description: 'Longest time that the takeover waits for the command, 10ms to 60s.',
        default: NOTIFY_DEFAULTS.before_master.timeout,
      })
      .optional(),
    on_failure: choice(['proceed', 'abort'])
      .meta({
        description:
          'What to do if the command fails or times out: `proceed` becomes MASTER anyway; `abort` ' +
          'stays BACKUP and runs the command again after another Master_Down_Interval.',
        default: NOTIFY_DEFAULTS.before_master.on_failure,
      })
      .optional(),
  },
  'Command that runs before a takeover. The takeover waits until it exits or times out; other ' +
    'instances do not wait.',
);

export const groupNotify = mapping(states, 'Notifications on state changes of the group.');

export const instanceNotify = mapping(
  { ...states, before_master: beforeMaster.optional() },
  'Notifications on state changes of the instance.',
);

const ipvsFifo = absolutePath(4095)
  .meta({
    description:
      'Named pipe that receives one line per change, like `VS [203.0.113.100]:tcp:80 DOWN` and ' +
      '`RS [10.0.0.11]:tcp:80 [203.0.113.100]:tcp:80 UP`. If it does not exist, the agent creates it ' +
      'with mode 0600.',
    examples: ['/run/vrrp-agent/lvs.fifo'],
  })
  .optional();

const ipvsWebhooks = z
  .array(webhook)
  .max(16, 'must not have more than 16 entries')
  .meta({
    description: 'HTTP endpoints that receive changes of services and servers.',
    default: [],
  })
  .optional();

export const serverNotify = mapping(
  {
    up: command
      .meta({ description: 'Run after the server is up again, instead of `server_up`.' })
      .optional(),
    down: command
      .meta({ description: 'Run after the server is down, instead of `server_down`.' })
      .optional(),
  },
  'Commands of this server.',
);

export const serviceNotify = mapping(
  {
    up: command
      .meta({
        description:
          'Run after the quorum is reached again; without `quorum`, after a server takes new ' +
          'connections again.',
      })
      .optional(),
    down: command
      .meta({
        description:
          'Run after the quorum is lost; without `quorum`, after no server takes new connections ' +
          'any more.',
      })
      .optional(),
    server_up: command
      .meta({ description: 'Run after a server of the service is up again.' })
      .optional(),
    server_down: command
      .meta({ description: 'Run after a server of the service is down.' })
      .optional(),
    fifo: ipvsFifo,
    webhooks: ipvsWebhooks,
  },
  'Notifications of the service and its servers.',
);

export const ipvsNotify = mapping(
  { fifo: ipvsFifo, webhooks: ipvsWebhooks },
  'Notifications of all services and servers.',
);

export const agentNotify = mapping(
  { fifo, webhooks: webhooks.optional(), mail: mail.optional() },
  'Notifications on state changes of all instances and groups.',
);

export type CommandFile = z.infer<typeof command>;
export type BeforeMasterFile = z.infer<typeof beforeMaster>;
export type WebhookFile = z.infer<typeof webhook>;
export type GroupNotifyFile = z.infer<typeof groupNotify>;
export type ServerNotifyFile = z.infer<typeof serverNotify>;
export type ServiceNotifyFile = z.infer<typeof serviceNotify>;
export type IpvsNotifyFile = z.infer<typeof ipvsNotify>;
export type AgentNotifyFile = z.infer<typeof agentNotify>;
export type InstanceNotifyFile = z.infer<typeof instanceNotify>;
