/** What is known of servers as the documents of the control API. */
import type {
  CheckDocument,
  ServerHealthDocument,
  ServiceHealthDocument,
} from '../../control/ipvs-document.ts';
import { endpointName } from '../../net/ipvs.ts';
import type { ProbeReading } from '../../observe/track-documents.ts';
import type { ServerHealth, ServiceHealth } from './server-health.ts';

export function serviceHealthDocument(health: ServiceHealth): ServiceHealthDocument {
  const { count, settings, fallback } = health;
  return {
    service: settings.name,
    ...count,
    minimum: settings.health.minimum?.count ?? null,
    fallback:
      fallback === null ? null : { server: endpointName(fallback.server), active: fallback.active },
    servers: health.servers.map(serverHealthDocument),
  };
}

function serverHealthDocument(health: ServerHealth): ServerHealthDocument {
  const { server, status, weight, drain } = health;
  return {
    server: endpointName(server),
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
