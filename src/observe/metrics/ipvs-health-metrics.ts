/** Metrics of how the health checks affect weights and services. */
import type { ServiceHealthDocument } from '../../control/ipvs-document.ts';
import { healthSamplesOf } from './ipvs-metrics.ts';
import { type MetricDefinition, sampleOf } from './metric.ts';

export const IPVS_HEALTH_METRICS: readonly MetricDefinition[] = [
  {
    name: 'vrrp_ipvs_server_effective_weight',
    type: 'gauge',
    help: 'Weight that the kernel should have now: configured, from the load, or 0; absent while the server is removed.',
    labels: ['service', 'server'],
    samples: ({ ipvs }) =>
      ipvs === undefined ? [] : healthSamplesOf(ipvs, ({ effective_weight: weight }) => weight),
  },
  ofServices(
    'vrrp_ipvs_service_serving_servers',
    'Servers that should receive new connections, without the fallback.',
    ({ servers }) => servers.filter(({ effective_weight: weight }) => (weight ?? 0) > 0).length,
  ),
  ofServices(
    'vrrp_ipvs_service_min_servers',
    'Healthy servers that the instance requires; absent if it requires none.',
    ({ minimum }) => minimum,
  ),
  ofServices(
    'vrrp_ipvs_service_quorum_reached',
    '1 while the servers have the weight of the `quorum`; absent without one.',
    ({ quorum }) => (quorum === null ? null : Number(quorum.reached)),
  ),
  ofServices(
    'vrrp_ipvs_service_fallback_active',
    '1 while new connections go to the fallback; absent without a fallback.',
    ({ fallback }) => (fallback === null ? null : Number(fallback.active)),
  ),
];

/** `read` returns null for a service that the metric does not apply to. */
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
