/** Events that the main thread records: operators, the configuration, notifications, accept mode. */
import { type OtherProgram, otherProgramText } from '../other-program-text.ts';
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
  'other-vrrp-program': recorded<OtherProgram>({
    when: 'Another program speaks VRRP in the network namespace of the agent.',
    level: {
      of: ({ instances }) => (instances.length === 0 ? 'warn' : 'error'),
      words: '`error` if it was heard with the VRID of an instance; else `warn`',
    },
    sentence: otherProgramText,
    fields: {
      pid: 'its process ID; null: not visible to the agent',
      program: 'its name; null: not visible to the agent',
      instances: 'names of the instances whose VRID it advertises on the same interface',
    },
    example: { pid: 812, program: 'keepalived', instances: ['web'] },
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
  'snmp-connected': recorded<{ readonly master: string }>({
    when: 'VRRPV3-MIB is registered at the SNMP agent.',
    level: 'info',
    sentence: ({ master }) => `SNMP: registered at ${master}`,
    fields: { master: 'path of its socket' },
    example: { master: '/var/agentx/master' },
  }),
  'snmp-lost': recorded<{ readonly master: string; readonly detail: string }>({
    when: 'There is no session with the SNMP agent, or it has not answered for 5 s. The agent tries again.',
    level: 'warn',
    sentence: ({ master, detail }) => `SNMP: no session at ${master}: ${detail}`,
    fields: { master: 'path of its socket', detail: 'why' },
    example: { master: '/var/agentx/master', detail: 'the agent has not answered for 5 s' },
  }),
  'checker-lost': recorded<{ readonly reason: string; readonly failures: number }>({
    when: 'The checker process ended, or was ended because it hung; it is started again.',
    level: 'warn',
    sentence: ({ reason, failures }) =>
      `the checker process is gone: ${reason}; checks keep their last results for 30 s` +
      (failures === 1 ? '' : ` (${failures} times in a row)`),
    fields: {
      reason: 'how it ended',
      failures: 'ends in a row; recorded at 1, 2, 4, 8 and so on',
    },
    example: { reason: 'killed by SIGKILL', failures: 1 },
  }),
  'checker-recovered': recorded<{ readonly pid: number; readonly restarts: number }>({
    when: 'The checker process runs again.',
    level: 'info',
    sentence: ({ pid, restarts }) =>
      `the checker process runs again with pid ${pid}; restarts so far: ${restarts}`,
    fields: { pid: 'its process ID', restarts: 'restarts since the agent started' },
    example: { pid: 814, restarts: 1 },
  }),
  'checks-unknown': recorded<{ readonly checks: number; readonly detail: string }>({
    when: 'Checks have had no result for so long that their last results count as unknown. Their effect stays.',
    level: 'error',
    sentence: ({ checks, detail }) =>
      `${checks} ${checks === 1 ? 'check has' : 'checks have'} had no result for long and ` +
      `${checks === 1 ? 'is' : 'are'} unknown: ${detail}`,
    fields: { checks: 'number of checks', detail: 'why, for one of them' },
    example: { checks: 12, detail: 'the checker process is down' },
  }),
  'witness-up': recorded<{ readonly version: string | null }>({
    when: 'The witness answers: etcd could decide now between directors that do not see each other.',
    level: 'info',
    sentence: ({ version }) => `the witness answers (etcd${version === null ? '' : ` ${version}`})`,
    fields: { version: 'version of etcd; null: not known' },
    example: { version: '3.4.23' },
  }),
  'witness-down': recorded<{ readonly detail: string }>({
    when: 'The witness does not answer, or not as it should. Nothing changes while the directors see each other.',
    level: 'warn',
    sentence: ({ detail }) => `the witness does not work: ${detail}`,
    fields: { detail: 'why, and what to do' },
    example: { detail: 'https://203.0.113.21:2379 cannot be reached (ECONNREFUSED)' },
  }),
  'witness-problem': recorded<{ readonly problem: string }>({
    when: 'The witness works, and something about it has to be changed; once for each problem until it has gone.',
    level: 'warn',
    sentence: ({ problem }) => problem,
    fields: { problem: 'what, and what to do' },
    example: {
      problem:
        'the key /vrrp-agent/web is of another program, so web can never take it: give ' +
        '"witness.etcd.prefix" another value, or delete it (etcdctl del /vrrp-agent/web)',
    },
  }),
  'history-failed': recorded<{ readonly errno: string | null; readonly detail: string }>({
    when: 'The history on the disk cannot be written; it is tried again every 30 s. Nothing else is affected.',
    level: 'error',
    sentence: ({ detail }) =>
      `the history cannot be written: ${detail}; events are missing in it until it can`,
    fields: { errno: 'as in errno(3); null: another reason', detail: 'why' },
    example: { errno: 'ENOSPC', detail: 'ENOSPC: no space left on device, write' },
  }),
  'history-restored': recorded<{ readonly lost: number }>({
    when: 'The history on the disk can be written again.',
    level: 'info',
    sentence: ({ lost }) => `the history is written again; events that are missing in it: ${lost}`,
    fields: { lost: 'number of events that were not written' },
    example: { lost: 3 },
  }),
  notification: recorded<{
    readonly channel: 'command' | 'fifo' | 'webhook' | 'mail';
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
      channel: '`command`, `fifo`, `webhook` or `mail`',
      instance: 'name of the instance, group or service; null: several share the receiver',
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
