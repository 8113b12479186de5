/** What is known about the real servers, and its form in the documents of the control API. */

import type { ServiceSettings } from '../../config/ipvs-settings.ts';
import type {
  CheckDocument,
  QuorumDocument,
  ServerHealthDocument,
  ServiceHealthDocument,
} from '../../control/ipvs-document.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import type { Server } from '../../net/ipvs.ts';
import type { ServerProbe } from '../../net/probe.ts';
import type { ProbeReading } from '../../observe/track-documents.ts';
import type { EffectiveWeight, HealthCount, Quorum, ServerStatus } from '../plan/server-weight.ts';
import type { Drain } from './drain-store.ts';

export interface ServerHealth {
  readonly server: Server;
  readonly status: ServerStatus;
  readonly weight: EffectiveWeight;
  readonly drain: Drain | undefined;
  readonly check: ProbeReading | undefined;
  readonly feedback: ProbeReading | undefined;
  /** Detail of the result that led to the status; undefined: no result yet. */
  readonly found: string | undefined;
  /** Whether the server reports its load; undefined: not asked, or no result yet. */
  readonly load: { readonly isKnown: boolean; readonly detail: string } | undefined;
}

export interface ServiceHealth {
  readonly settings: ServiceSettings;
  readonly count: HealthCount;
  readonly servers: readonly ServerHealth[];
  readonly quorum: QuorumStanding;
  /** Null: none is configured. */
  readonly fallback: { readonly server: Server; readonly active: boolean } | null;
}

export interface QuorumStanding {
  /** As configured, or one server. */
  readonly needed: Quorum;
  /** The weight of the servers that would take new connections. */
  readonly live: number;
  readonly isReached: boolean;
}

/** What one of the checks of a server knows. */
export interface CheckReading {
  /** Undefined: no result yet. */
  readonly up: boolean | undefined;
  readonly kind: ServerProbe['kind'];
  readonly reading: ProbeReading | undefined;
}

/** Of several checks: the result of the first that is down, or else the last; and the sums of all. */
export function joinedReading(checks: readonly CheckReading[]): ProbeReading | undefined {
  const deciding = checks.find(({ up }) => up === false) ?? checks.at(-1);
  if (deciding?.reading === undefined || checks.length === 1) return deciding?.reading;
  const { kind, reading } = deciding;
  const sum = (key: 'runs' | 'failures' | 'overruns') =>
    checks.reduce((total, check) => total + (check.reading?.[key] ?? 0), 0);
  return {
    ...reading,
    result: reading.result === undefined ? undefined : `${kind}: ${reading.result}`,
    runs: sum('runs'),
    failures: sum('failures'),
    overruns: sum('overruns'),
  };
}

export function serviceHealthDocument(health: ServiceHealth): ServiceHealthDocument {
  const { count, settings, fallback, quorum } = health;
  return {
    service: settings.name,
    ...count,
    minimum: settings.health.minimum?.count ?? null,
    quorum: settings.health.quorum === undefined ? null : quorumDocument(quorum),
    fallback:
      fallback === null
        ? null
        : { server: formatEndpoint(fallback.server), active: fallback.active },
    servers: health.servers.map(serverHealthDocument),
  };
}

function quorumDocument({ needed, live, isReached }: QuorumStanding): QuorumDocument {
  return { ...needed, live, reached: isReached };
}

function serverHealthDocument(health: ServerHealth): ServerHealthDocument {
  const { server, status, weight, drain } = health;
  return {
    server: formatEndpoint(server),
    state: status,
    configured_weight: server.weight,
    effective_weight: weight === 'absent' ? null : weight,
    drained: drain === undefined ? null : { since: drain.since, by: drain.by },
    check: checkDocument(health.check),
    weight_from: checkDocument(health.feedback),
  };
}

function checkDocument(reading: ProbeReading | undefined): CheckDocument | null {
  if (reading === undefined) return null;
  return {
    since: reading.since?.toISOString() ?? null,
    result: reading.result ?? null,
    checked_at: reading.checkedAt?.toISOString() ?? null,
    runs: reading.runs,
    failures: reading.failures,
    overruns: reading.overruns,
  };
}
