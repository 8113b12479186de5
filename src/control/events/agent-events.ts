/** Events that the main thread records: operators, the configuration, notifications, accept mode. */
import { INSTANCE, REPAIRS, recorded, repeated } from './event-entry.ts';

const NOTIFICATION_LEVEL = {
  failed: 'error',
  'timed-out': 'error',
  lost: 'error',
  skipped: 'warn',
  unread: 'warn',
  recovered: 'info',
} as const;

export const AGENT_EVENTS = {
  command: recorded<{
    readonly instance: string;
    readonly by: string;
    readonly request: string;
    readonly outcome: string | null;
  }>({
    when: 'An operator requested a failover, maintenance or another priority; recorded again with the outcome.',
    level: 'info',
    sentence: ({ by, request, outcome }) =>
      outcome === null
        ? `${by} requested ${request}`
        : `${request} (requested by ${by}): ${outcome}`,
    fields: {
      instance: INSTANCE,
      by: 'the user who made the request',
      request: 'what was requested',
      outcome: 'the outcome; null: the request has just arrived',
    },
    example: { instance: 'web', by: 'alice', request: 'failover', outcome: null },
  }),
  'configuration-reloaded': recorded<{
    readonly started: number;
    readonly stopped: number;
    readonly changed: number;
    readonly restarted: number;
  }>({
    when: 'A new configuration is in effect.',
    level: 'info',
    sentence: ({ started, stopped, changed, restarted }) =>
      `configuration reloaded: ${started} started, ${stopped} stopped, ${changed} changed in place, ${restarted} restarted`,
    fields: {
      started: 'number of new instances',
      stopped: 'number of removed instances',
      changed: 'number of instances changed without interruption',
      restarted: 'number of instances that had to restart',
    },
    example: { started: 1, stopped: 0, changed: 2, restarted: 0 },
  }),
  'configuration-refused': recorded<{ readonly file: string; readonly errors: number }>({
    when: 'A reload found errors in the configuration file; nothing changed.',
    level: 'error',
    sentence: ({ file, errors }) =>
      `configuration refused: ${errors} ${errors === 1 ? 'error' : 'errors'} in ${file}`,
    fields: { file: 'path of the file', errors: 'number of errors in it' },
    example: { file: '/etc/vrrp-agent/vrrp-agent.yaml', errors: 2 },
  }),
  'accept-filter-restored': recorded<{ readonly count: number }>({
    when: 'Another program changed or flushed the nftables table of `accept: false`.',
    level: 'warn',
    sentence: ({ count }) =>
      'another program changed or flushed the nftables table of "accept: false"; the agent restored it' +
      repeated(count),
    fields: { count: REPAIRS },
    example: { count: 1 },
  }),
  'accept-filter-failed': recorded<{ readonly detail: string }>({
    when: 'The nftables table of `accept: false` could not be set.',
    level: 'error',
    sentence: ({ detail }) => `"accept: false" is not in force: ${detail}`,
    fields: { detail: 'why' },
    example: { detail: 'nft: Operation not permitted' },
  }),
  notification: recorded<{
    readonly channel: 'command' | 'fifo' | 'webhook';
    readonly instance: string | null;
    readonly target: string;
    readonly outcome: keyof typeof NOTIFICATION_LEVEL;
    readonly detail: string;
  }>({
    when: 'A notification was not delivered, or its receiver works again.',
    level: {
      of: ({ outcome }) => NOTIFICATION_LEVEL[outcome],
      words: '`error` for `failed`, `timed-out` and `lost`; `info` for `recovered`; else `warn`',
    },
    sentence: ({ target, outcome, detail }) => `${target} ${outcome}: ${detail}`,
    fields: {
      channel: '`command`, `fifo` or `webhook`',
      instance: 'name of the instance or group; null: several share the receiver',
      target: '`notify.master`, or the path or address of the receiver',
      outcome: '`failed`, `timed-out`, `skipped`, `lost`, `unread` or `recovered`',
      detail: 'why',
    },
    example: {
      ...{ channel: 'command', instance: 'web', target: 'notify.master' },
      ...{ outcome: 'failed', detail: 'exit status 1' },
    },
  }),
} as const;
