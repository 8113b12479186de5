/** Events of the load balancer: moved connections and real servers. */
import { type FactsIn, recorded } from './event-entry.ts';

export type IpvsEventFacts = FactsIn<typeof IPVS_EVENTS>;

export type ServerEventFacts = Exclude<IpvsEventFacts, { readonly kind: 'connections' }>;

export interface OfServer {
  readonly service: string;
  readonly server: string;
}

export interface Checked extends OfServer {
  readonly weight: number | null;
  readonly result: string;
}

export interface OfQuorum {
  readonly service: string;
  readonly live: number;
  readonly needed: number;
}

export interface Moved {
  readonly instance: string;
  readonly move: 'hand-over' | 'take-over';
  readonly peer: string | null;
  readonly live: number;
  readonly missing_before: number | null;
  readonly missing: number | null;
}

const SERVER_FIELDS = {
  service: 'name of the service',
  server: 'the real server, as `10.0.0.11:80`',
} as const;

const CHECKED_FIELDS = {
  ...SERVER_FIELDS,
  weight: 'its weight now; null: not in the table',
  result: 'what the check found',
} as const;

const QUORUM_FIELDS = {
  service: SERVER_FIELDS.service,
  live: 'the sum of the weights of the servers that would take new connections',
  needed: 'the sum with which a lost quorum is reached: `weight` plus `hysteresis`',
} as const;

const SERVER = { service: 'web', server: '10.0.0.11:80' } as const;

function connectionsSentence({ move, peer, live, missing, missing_before: before }: Moved): string {
  if (move === 'hand-over') {
    if (peer === null) return `${live} connections; no other director reports its table`;
    if (missing === null) return `${live} connections; how many ${peer} has is unknown`;
    return missing === 0
      ? `${live} connections, none missing on ${peer}`
      : `${live} connections, ${missing} of them missing on ${peer}`;
  }
  const then = before === null || before === missing ? '' : ` (${before} at the takeover)`;
  if (missing === null) {
    return `${peer} had ${live} connections; how many were synced here is unknown${then}`;
  }
  return missing === 0
    ? `none of the ${live} connections of ${peer} is missing here${then}`
    : `${missing} of the ${live} connections of ${peer} are missing here${then}`;
}

export const IPVS_EVENTS = {
  connections: recorded<Moved>({
    when: 'The connections of an instance moved between directors; recorded when the losses are known, or unknown for good.',
    level: {
      of: ({ missing }) => (missing === 0 ? 'info' : 'warn'),
      words: '`info` when no connection is missing, else `warn`',
    },
    sentence: connectionsSentence,
    fields: {
      instance: 'the instance that the connection table follows',
      move: '`hand-over`: from this director; `take-over`: to it',
      peer: 'the other director; null: none reports its table',
      live: 'live connections of the former MASTER',
      missing_before: 'how many the new MASTER lacked at the move; null: unknown',
      missing: 'how many the new MASTER still lacks; these are lost; null: unknown',
    },
    example: {
      ...{ instance: 'web', move: 'take-over', peer: 'lb1' },
      ...{ live: 221, missing_before: 12, missing: 3 },
    },
  }),
  'ipvs-server-down': recorded<Checked>({
    when: 'A real server went down.',
    level: 'warn',
    sentence: ({ server, result }) => `${server} is down: ${result}`,
    fields: CHECKED_FIELDS,
    example: { ...SERVER, weight: 0, result: 'ECONNREFUSED' },
  }),
  'ipvs-server-up': recorded<Checked>({
    when: 'A real server is up again.',
    level: 'info',
    sentence: ({ server, result }) => `${server} is up: ${result}`,
    fields: CHECKED_FIELDS,
    example: { ...SERVER, weight: 100, result: 'status 200' },
  }),
  'ipvs-removed': recorded<{ readonly service: string; readonly server: string | null }>({
    when: 'A real server or a service that was down is no longer configured.',
    level: 'info',
    sentence: ({ server }) => `${server ?? 'the service'}, which was down, is no longer configured`,
    fields: { service: SERVER_FIELDS.service, server: 'the real server; null: the service itself' },
    example: { service: 'web', server: '10.0.0.11:80' },
  }),
  'ipvs-weight': recorded<
    OfServer & { readonly from: number; readonly to: number; readonly result: string }
  >({
    when: 'The weight of a server, which follows its load, changed by a fifth or more.',
    level: 'info',
    sentence: ({ server, from, to, result }) =>
      `weight of ${server} changed from ${from} to ${to}: ${result}`,
    fields: {
      ...SERVER_FIELDS,
      from: 'weight last recorded',
      to: 'weight now',
      result: 'the load that the server reports',
    },
    example: { ...SERVER, from: 40, to: 60, result: 'load 0.4' },
  }),
  'ipvs-weight-unknown': recorded<Checked>({
    when: 'A server does not report its load.',
    level: 'warn',
    sentence: ({ server, result }) =>
      `${server} does not report its load; its configured weight applies: ${result}`,
    fields: CHECKED_FIELDS,
    example: { ...SERVER, weight: 100, result: 'timed out' },
  }),
  'ipvs-weight-known': recorded<Checked>({
    when: 'A server reports its load again.',
    level: 'info',
    sentence: ({ server, weight, result }) =>
      `${server} reports its load again, weight ${weight ?? 0}: ${result}`,
    fields: CHECKED_FIELDS,
    example: { ...SERVER, weight: 60, result: 'load 0.4' },
  }),
  'ipvs-drain': recorded<OfServer & { readonly by: string }>({
    when: 'An operator drained a server.',
    level: 'info',
    sentence: ({ server, by }) => `${by} drained ${server}`,
    fields: { ...SERVER_FIELDS, by: 'the user who made the request' },
    example: { ...SERVER, by: 'alice' },
  }),
  'ipvs-undrain': recorded<OfServer & { readonly by: string }>({
    when: 'An operator put a drained server back in service.',
    level: 'info',
    sentence: ({ server, by }) => `${by} put ${server} back in service`,
    fields: { ...SERVER_FIELDS, by: 'the user who made the request' },
    example: { ...SERVER, by: 'alice' },
  }),
  'ipvs-fallback-on': recorded<OfServer>({
    when: 'No server of a service takes new connections: its fallback receives them.',
    level: 'warn',
    sentence: ({ server }) =>
      `no server takes new connections: the fallback ${server} receives them`,
    fields: SERVER_FIELDS,
    example: SERVER,
  }),
  'ipvs-fallback-off': recorded<OfServer>({
    when: 'Servers of the service take new connections again.',
    level: 'info',
    sentence: ({ server }) =>
      `servers take new connections again: the fallback ${server} no longer receives them`,
    fields: SERVER_FIELDS,
    example: SERVER,
  }),
  'ipvs-service-down': recorded<{ readonly service: string }>({
    when: 'No server of a service takes new connections, and it has no fallback.',
    level: 'error',
    sentence: () => 'no server takes new connections, and there is no fallback',
    fields: { service: SERVER_FIELDS.service },
    example: { service: 'web' },
  }),
  'ipvs-service-up': recorded<{ readonly service: string }>({
    when: 'Servers of the service take new connections again.',
    level: 'info',
    sentence: () => 'servers take new connections again',
    fields: { service: SERVER_FIELDS.service },
    example: { service: 'web' },
  }),
  'ipvs-quorum-lost': recorded<OfQuorum>({
    when: 'The servers of a service that take new connections have less weight together than its `quorum`.',
    level: 'warn',
    sentence: ({ live, needed }) =>
      `the quorum is lost: the servers have weight ${live}, and need ${needed} to reach it again`,
    fields: QUORUM_FIELDS,
    example: { service: 'web', live: 1, needed: 3 },
  }),
  'ipvs-quorum-reached': recorded<OfQuorum>({
    when: 'The servers of a service have the weight of its `quorum` again.',
    level: 'info',
    sentence: ({ live, needed }) =>
      `the quorum is reached: the servers have weight ${live} of ${needed}`,
    fields: QUORUM_FIELDS,
    example: { service: 'web', live: 3, needed: 3 },
  }),
  'ipvs-left-out': recorded<{ readonly count: number }>({
    when: 'Too many servers changed state to record each change; the log has all of them.',
    level: 'warn',
    sentence: ({ count }) => `${count} more server state changes suppressed; see the log`,
    fields: { count: 'number of changes without an event' },
    example: { count: 80 },
  }),
} as const;
