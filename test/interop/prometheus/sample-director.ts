/** What an agent with IPVS exports, which a network namespace without IPVS cannot show. */
import type {
  IpvsDocument,
  ServiceDocument,
  StatisticsDocument,
} from '../../../src/control/ipvs-document.ts';
import type { StatusDocument } from '../../../src/control/protocol.ts';
import { createMetrics } from '../../../src/observe/metrics/metrics.ts';
import { modelOf } from '../../unit/control/samples.ts';

const STATISTICS: StatisticsDocument = {
  ...{ connections: 0, packets_in: 0, packets_out: 0, bytes_in: 0, bytes_out: 0 },
  ...{ connection_rate: 0, packet_rate_in: 0, packet_rate_out: 0 },
  ...{ byte_rate_in: 0, byte_rate_out: 0 },
};

const SERVICE: Omit<ServiceDocument, 'statistics'> = {
  ...{ name: 'shop', protocol: 'tcp', address: '203.0.113.100', port: 80, fwmark: null },
  ...{ family: 'ipv4', scheduler: 'wlc', flags: [], one_packet: false, persistence: null },
  servers: [],
};

function server(address: string, state: 'up' | 'down') {
  return {
    ...{ server: address, state, configured_weight: 1, effective_weight: state === 'up' ? 1 : 0 },
    ...{ drained: null, check: null, weight_from: null },
  };
}

/** `served`: how many connections of a thousand bytes it has had; `lost`: at takeovers. */
export function ipvsSample(served: number, lost: number): IpvsDocument {
  const bytes = 1_000 * served;
  return {
    ...{ available: true, required: true, troubles: [], version: '1.2.1', table_size: 4_096 },
    timeouts: { tcp: 900, tcp_fin: 120, udp: 300 },
    sync: {
      ...{ instance: 'web', mode: 'follow', interface: 'eth1', sync_id: 55, roles: ['master'] },
      ...{ daemons: [], rst_guard: false },
      connections: {
        ...{ live: 221, synced: 14, caught_up: true, resent: 0, catch_up: true },
        peers: [{ name: 'lb9', master: false, age_ms: 10, live: 209, missing: 12 }],
        moves: { hand_overs: 0, take_overs: 1, lost, last: null },
      },
    },
    services: [
      {
        ...SERVICE,
        statistics: { ...STATISTICS, connections: served, bytes_in: bytes, bytes_out: 2 * bytes },
      },
    ],
    health: [
      {
        ...{ service: 'shop', healthy: 3, unknown: 0, total: 4, minimum: null, fallback: null },
        quorum: null,
        servers: [
          server('10.0.0.11:80', 'up'),
          server('10.0.0.12:80', 'up'),
          server('10.0.0.13:80', 'up'),
          server('10.0.0.14:80', 'down'),
        ],
      },
    ],
    sysctls: [],
    counters: { writes: 0, service_repairs: 0, sync_repairs: 0, sysctl_repairs: 0 },
  };
}

/** The text of a scrape, as far as it is about IPVS and the checker. */
export async function sampleMetrics(served: number, lost: number): Promise<string> {
  const model = modelOf('web');
  const status = (): StatusDocument => ({
    ...model.status(),
    checker: {
      ...{ state: 'running', pid: 1, uid: 0, capabilities: '0', restarts: 0, last_end: null },
      since: '2026-03-01T10:00:00.000Z',
    },
  });
  const metrics = createMetrics({
    status,
    ipvs: () => ipvsSample(served, lost),
    lastTransitionAt: () => undefined,
    subscribe: () => () => {},
    lateness: { bounds: [], read: () => ({ buckets: [], sum: 0 }) },
  });
  const lines = (await metrics.text()).split('\n');
  return lines
    .filter((line) => /^(# \w+ )?vrrp_(ipvs|checker)_/.test(line))
    .join('\n')
    .concat('\n');
}
