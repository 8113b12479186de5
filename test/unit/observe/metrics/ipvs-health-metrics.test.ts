import { describe, expect, test } from 'vitest';
import type {
  CheckDocument,
  ServerHealthDocument,
  ServiceHealthDocument,
} from '../../../../src/control/ipvs-document.ts';
import { IPVS_HEALTH_METRICS } from '../../../../src/observe/metrics/ipvs-health-metrics.ts';
import { AT } from '../samples.ts';

const CHECK: CheckDocument = {
  since: AT.toISOString(),
  result: 'status 503',
  checked_at: AT.toISOString(),
  runs: 9,
  failures: 4,
  overruns: 1,
};

const DOWN: ServerHealthDocument = {
  server: '10.0.0.11:80',
  state: 'down',
  configured_weight: 1,
  effective_weight: null,
  drained: null,
  check: CHECK,
  weight_from: null,
};

const UNCHECKED: ServerHealthDocument = {
  ...DOWN,
  server: '10.0.0.12:80',
  state: 'unchecked',
  effective_weight: 0,
  drained: { since: AT.toISOString(), by: 'alice' },
  check: null,
};

const UP: ServerHealthDocument = {
  ...DOWN,
  server: '10.0.0.13:80',
  state: 'up',
  effective_weight: 3,
};

const WEB: ServiceHealthDocument = {
  service: 'web',
  healthy: 1,
  unknown: 0,
  total: 2,
  minimum: 2,
  quorum: { weight: 2, hysteresis: 1, live: 1, reached: false },
  fallback: { server: '10.0.0.99:80', active: true },
  servers: [DOWN, UNCHECKED, UP],
};

const MAIL: ServiceHealthDocument = {
  ...WEB,
  service: 'mail',
  minimum: null,
  quorum: null,
  fallback: null,
  servers: [],
};

type Reading = Parameters<(typeof IPVS_HEALTH_METRICS)[number]['samples']>[0];

/** Label values followed by the value. */
function samplesOf(name: string): string[] {
  const metric = IPVS_HEALTH_METRICS.find((one) => one.name === `vrrp_ipvs_${name}`);
  const reading = { ipvs: { health: [WEB, MAIL] } } as unknown as Reading;
  return (
    metric
      ?.samples(reading)
      .map(({ labels, value }) => [...Object.values(labels), value].join(' ')) ?? []
  );
}

describe('the metrics of real servers', () => {
  test('have no weight for a removed server', () => {
    expect(samplesOf('server_effective_weight')).toEqual([
      'web 10.0.0.12:80 0',
      'web 10.0.0.13:80 3',
    ]);
  });

  test('show how many servers are required, and whether the fallback is in use', () => {
    expect(samplesOf('service_min_servers')).toEqual(['web 2']);
    expect(samplesOf('service_fallback_active')).toEqual(['web 1']);
    expect(samplesOf('service_quorum_reached')).toEqual(['web 0']);
  });

  test('count servers that receive new connections: up, not drained, and with a weight above 0', () => {
    expect(samplesOf('service_serving_servers')).toEqual(['web 1', 'mail 0']);
  });

  test('are absent without "ipvs" in the configuration', () => {
    const reading = { ipvs: undefined } as unknown as Reading;
    expect(IPVS_HEALTH_METRICS.flatMap(({ samples }) => samples(reading))).toEqual([]);
  });
});
