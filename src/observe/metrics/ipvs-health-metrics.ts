/** Metrics of what follows from the checks of real servers. */
import type { ServiceHealthDocument } from '../../control/ipvs-document.ts';
import { type MetricDefinition, sampleOf } from './metric.ts';

export const IPVS_HEALTH_METRICS: readonly MetricDefinition[] = [
  {
    name: 'vrrp_ipvs_server_effective_weight',
    type: 'gauge',
    help: 'Weight that the kernel should have now: of the file, the load, or 0; absent while it is removed.',
    labels: ['service', 'server'],
    samples: ({ ipvs }) =>
      (ipvs?.health ?? []).flatMap(({ service, servers }) =>
        servers.flatMap(({ server, effective_weight: weight }) =>
          sampleOf({ service, server }, weight),
        ),
      ),
  },
  ofServices(
    'vrrp_ipvs_service_serving_servers',
    'Servers that should get new connections, the fallback not counted.',
    ({ servers }) => servers.filter(({ effective_weight: weight }) => (weight ?? 0) > 0).length,
  ),
  ofServices(
    'vrrp_ipvs_service_min_servers',
    'Healthy servers that the instance needs; absent where it needs none.',
    ({ minimum }) => minimum,
  ),
  ofServices(
    'vrrp_ipvs_service_fallback_active',
    '1 while new connections go to the fallback; absent where there is none.',
    ({ fallback }) => (fallback === null ? null : Number(fallback.active)),
  ),
];

/** Null: there is nothing to be said. */
function ofServices(
  name: string,
  help: string,
  read: (service: ServiceHealthDocument) => number | null,
): MetricDefinition {
  return {
    name,
    type: 'gauge',
    help,
    labels: ['service'],
    samples: ({ ipvs }) =>
      (ipvs?.health ?? []).flatMap((service) =>
        sampleOf({ service: service.service }, read(service)),
      ),
  };
}
