/** The shape of `notify`: of the agent, of an instance, of a group. */
import * as z from 'zod';
import { absolutePath, choice, duration, mapping, pattern } from './schema-parts.ts';

const argv = z
  .array(z.string())
  .min(1, 'must not be empty: it begins with the path of the program')
  .max(64, 'must not have more than 64 entries')
  .meta({
    description: 'The program by its full path, and its arguments. No shell is involved.',
  });

const user = pattern(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?$/, 'the name of a user or a user ID')
  .meta({ description: 'Runs as this user. Default: the user of the agent.', examples: ['nobody'] })
  .optional();

const withOptions = mapping(
  {
    command: argv,
    user,
    timeout: duration()
      .meta({
        description: 'Killed when it runs for longer, 10ms to 10m.',
        default: '30s',
      })
      .optional(),
  },
  'A command with options.',
);

const command = z.union([argv, withOptions], {
  error: ({ input }) =>
    input === undefined
      ? undefined
      : 'expected a list, the program and its arguments, or { command, user, timeout }',
});

const webhook = mapping(
  {
    url: pattern(
      /^https?:\/\/[^\s/?#@]+([/?#]\S*)?$/,
      'an http or https address without a password',
    ).meta({
      description: 'Where each change of state is posted as JSON.',
      examples: ['https://hooks.example.net/vrrp'],
    }),
    secret: z
      .string()
      .min(1, 'must not be empty')
      .meta({
        description:
          'Signs each body: header `X-VRRP-Agent-Signature: sha256=` and the HMAC-SHA256 in hexadecimal.',
      })
      .optional(),
    token: pattern(/^[!-~]+$/, 'a token of printable characters without spaces')
      .meta({ description: 'Sent as `Authorization: Bearer`.' })
      .optional(),
    timeout: duration()
      .meta({ description: 'For one attempt, 100ms to 60s.', default: '5s' })
      .optional(),
  },
  'An HTTP receiver of changes of state.',
);

const fifo = absolutePath(4095)
  .meta({
    description:
      'A named pipe that gets a line for each change of state, like `INSTANCE "web" MASTER 150`. ' +
      'Made, for its owner alone, when it is missing.',
    examples: ['/run/vrrp-agent/notify.fifo'],
  })
  .optional();

const webhooks = z.array(webhook).max(16, 'must not have more than 16 entries').meta({
  description: 'HTTP receivers of changes of state.',
  default: [],
});

const states = {
  master: command.meta({ description: 'Runs when it has become MASTER.' }).optional(),
  backup: command.meta({ description: 'Runs when it has become BACKUP.' }).optional(),
  fault: command.meta({ description: 'Runs when it has gone to FAULT.' }).optional(),
  stop: command.meta({ description: 'Runs when the agent stops.' }).optional(),
  any: command
    .meta({
      description:
        'Runs on every change of state, after the one for the state, with four more arguments: ' +
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
      .meta({ description: 'How long the take-over may wait for it, 10ms to 60s.', default: '1s' })
      .optional(),
    on_failure: choice(['proceed', 'abort'])
      .meta({
        description:
          'When it fails or is late: `proceed` becomes MASTER all the same, `abort` stays BACKUP ' +
          'and asks again after another Master_Down_Interval.',
        default: 'proceed',
      })
      .optional(),
  },
  'Runs before a take-over, which waits for it, up to its timeout. Other instances do not wait.',
);

/** Of a group, or of whatever else has the four states. */
export const groupNotify = mapping(states, 'Who is told when the group changes its state.');

export const instanceNotify = mapping(
  { ...states, before_master: beforeMaster.optional() },
  'Who is told when the instance changes its state.',
);

export const agentNotify = mapping(
  { fifo, webhooks: webhooks.optional() },
  'Who is told of the changes of state of all instances and groups.',
);

export type CommandFile = z.infer<typeof command>;
export type WebhookFile = z.infer<typeof webhook>;
export type GroupNotifyFile = z.infer<typeof groupNotify>;
export type InstanceNotifyFile = z.infer<typeof instanceNotify>;
