import { describe, expect, test } from 'vitest';
import type { IpvsDocument, StatisticsDocument } from '../../../../src/control/ipvs-document.ts';
import type { StatusDocument } from '../../../../src/control/protocol.ts';
import { instant } from '../../../../src/net/time.ts';
import { IPVS_METRICS } from '../../../../src/observe/metrics/ipvs-metrics.ts';
import { createMetrics } from '../../../../src/observe/metrics/metrics.ts';
import { AgentModel } from '../../../../src/observe/model.ts';
import { anchoredWallClock } from '../../../../src/observe/wall-clock.ts';
import { CounterTable, countersLength } from '../../../../src/protocol/engine/counters.ts';
import { connectionsOf } from '../../control/ipvs-samples.ts';
import { AT, settingsOf } from '../samples.ts';

const STATISTICS: StatisticsDocument = {
  connections: 1,
  packets_in: 2,
  packets_out: 3,
  bytes_in: 4,
  bytes_out: 5,
  connection_rate: 6,
  packet_rate_in: 7,
  packet_rate_out: 8,
  byte_rate_in: 9,
  byte_rate_out: 10,
};

const SERVER = {
  forwarding: 'nat',
  upper_threshold: 0,
  lower_threshold: 0,
  tunnel: null,
  active: 3,
  inactive: 4,
  persistent: 5,
  statistics: STATISTICS,
};

const SERVICE = {
  name: 'web',
  protocol: 'tcp',
  address: '203.0.113.100',
  port: 80,
  fwmark: null,
  family: 'ipv4',
  scheduler: 'wlc',
  flags: [],
  one_packet: false,
  persistence: null,
  statistics: STATISTICS,
  servers: [
    { ...SERVER, address: '192.0.2.11', port: 80, weight: 0, wanted_weight: 2 },
    { ...SERVER, address: '2001:db8::12', port: 80, weight: 1, wanted_weight: null },
  ],
} as const;

const CHECK = { since: null, result: null, checked_at: null, runs: 9, failures: 2, overruns: 0 };

const DOCUMENT: IpvsDocument = {
  available: true,
  required: true,
  troubles: ['one', 'two'],
  version: '1.2.1',
  table_size: 4_096,
  timeouts: { tcp: 900, tcp_fin: 120, udp: 300 },
  sync: {
    instance: 'web',
    mode: 'follow',
    interface: 'eth1',
    sync_id: 55,
    roles: ['master'],
    daemons: [
      {
        role: 'backup',
        interface: 'eth1',
        sync_id: 55,
        group: null,
        port: null,
        ttl: null,
        maxlen: null,
      },
    ],
    rst_guard: true,
    connections: connectionsOf({
      live: 221,
      synced: 14,
      caught_up: false,
      resent: 7,
      peers: [
        { name: 'lb2', master: false, age_ms: 10, live: 209, missing: 12 },
        { name: 'lb3', master: false, age_ms: 10, live: 3, missing: null },
      ],
      moves: {
        hand_overs: 2,
        take_overs: 1,
        lost: 3,
        last: {
          at: AT.toISOString(),
          move: 'take-over',
          live: 220,
          peers: [{ name: 'lb2', missing_before: 12, missing: 3 }],
        },
      },
    }),
  },
  services: [
    SERVICE,
    { ...SERVICE, name: null, protocol: null, address: null, port: null, fwmark: 7, servers: [] },
  ],
  health: [
    {
      service: 'web',
      healthy: 1,
      unknown: 0,
      total: 2,
      minimum: null,
      quorum: null,
      fallback: null,
      servers: [
        {
          server: '192.0.2.11:80',
          state: 'down',
          configured_weight: 2,
          effective_weight: 0,
          drained: { since: AT.toISOString(), by: 'alice' },
          check: CHECK,
          weight_from: null,
        },
        {
          server: '[2001:db8::12]:80',
          state: 'unchecked',
          configured_weight: 1,
          effective_weight: 1,
          drained: null,
          check: null,
          weight_from: null,
        },
      ],
    },
  ],
  sysctls: [
    { name: 'sync_retries', wanted: '2', actual: '2' },
    { name: 'sloppy_tcp', wanted: '1', actual: null },
  ],
  counters: { writes: 5, service_repairs: 1, sync_repairs: 2, sysctl_repairs: 3 },
};

async function linesOf(document: IpvsDocument | undefined): Promise<string[]> {
  const model = new AgentModel({
    version: '0.1.0',
    pid: 812,
    startedAt: AT,
    settings: settingsOf('web'),
    counters: new CounterTable(new Float64Array(countersLength(1))),
    wallClock: anchoredWallClock({ instant: instant(0), at: AT }),
  });
  const metrics = createMetrics({
    status: (): StatusDocument => model.status(),
    ipvs: () => document,
    lastTransitionAt: (instance) => model.lastTransitionAt(instance),
    subscribe: (listener) => model.subscribe(listener),
    lateness: { bounds: [], read: () => ({ buckets: [], sum: 0 }) },
  });
  return (await metrics.text()).split('\n').filter((line) => line.startsWith('vrrp_ipvs_'));
}

const SERVICE_80 = 'service="web",vip="tcp 203.0.113.100:80"';
const SERVER_11 = `${SERVICE_80},server="192.0.2.11:80"`;
const SERVER_12 = `${SERVICE_80},server="[2001:db8::12]:80"`;
const LAST_MOVE =
  'vrrp_ipvs_last_move_connections_missing{instance="web",move="take-over",peer="lb2"';
const CHECKED_11 = 'service="web",server="192.0.2.11:80"';

describe('the metrics of IPVS', () => {
  test.each([
    'vrrp_ipvs_available{required="true"} 1',
    'vrrp_ipvs_troubles 2',
    'vrrp_ipvs_writes_total 5',
    'vrrp_ipvs_repairs_total{what="services"} 1',
    'vrrp_ipvs_repairs_total{what="sync"} 2',
    'vrrp_ipvs_repairs_total{what="sysctl"} 3',
    'vrrp_ipvs_sysctl_differs{sysctl="sync_retries"} 0',
    'vrrp_ipvs_sysctl_differs{sysctl="sloppy_tcp"} 1',
    `vrrp_ipvs_service_connections_total{${SERVICE_80}} 1`,
    `vrrp_ipvs_service_bytes_out_per_second{${SERVICE_80}} 10`,
    'vrrp_ipvs_service_packets_in_total{service="",vip="fwmark 7"} 2',
    `vrrp_ipvs_server_connections_per_second{${SERVER_11}} 6`,
    `vrrp_ipvs_server_weight{${SERVER_11}} 0`,
    `vrrp_ipvs_server_wanted_weight{${SERVER_11}} 2`,
    `vrrp_ipvs_server_active{${SERVER_12}} 3`,
    `vrrp_ipvs_server_inactive{${SERVER_12}} 4`,
    `vrrp_ipvs_server_persistent{${SERVER_12}} 5`,
    `vrrp_ipvs_server_health{${CHECKED_11},state="down"} 1`,
    `vrrp_ipvs_server_health{${CHECKED_11},state="up"} 0`,
    `vrrp_ipvs_server_drained{${CHECKED_11}} 1`,
    `vrrp_ipvs_server_checks_total{${CHECKED_11}} 9`,
    `vrrp_ipvs_server_check_failures_total{${CHECKED_11}} 2`,
    'vrrp_ipvs_service_healthy_servers{service="web"} 1',
    'vrrp_ipvs_sync_daemon{role="master",wanted="true"} 0',
    'vrrp_ipvs_sync_daemon{role="backup",wanted="false"} 1',
    'vrrp_ipvs_rst_guard{instance="web"} 1',
    'vrrp_ipvs_connections{origin="local"} 207',
    'vrrp_ipvs_connections{origin="sync"} 14',
    'vrrp_ipvs_connections_caught_up{instance="web"} 0',
    'vrrp_ipvs_connections_resent_total{instance="web"} 7',
    'vrrp_ipvs_peer_connections{peer="lb3"} 3',
    'vrrp_ipvs_peer_connections_missing{peer="lb2"} 12',
    'vrrp_ipvs_peer_age_seconds{peer="lb2"} 0.01',
    'vrrp_ipvs_peers{instance="web"} 2',
    'vrrp_ipvs_moves_total{instance="web",move="hand-over"} 2',
    'vrrp_ipvs_moves_total{instance="web",move="take-over"} 1',
    'vrrp_ipvs_connections_lost_total{instance="web"} 3',
    'vrrp_ipvs_last_move_connections{instance="web",move="take-over"} 220',
    `${LAST_MOVE},moment="before"} 12`,
    `${LAST_MOVE},moment="after"} 3`,
  ])('show %s', async (line) => {
    expect(await linesOf(DOCUMENT)).toContain(line);
  });

  test('omit unknown values', async () => {
    const text = (await linesOf(DOCUMENT)).join('\n');
    expect(text).not.toContain(`vrrp_ipvs_server_wanted_weight{${SERVER_12}}`);
    expect(text).not.toContain('vrrp_ipvs_peer_connections_missing{peer="lb3"}');
    expect(text).not.toContain('vrrp_ipvs_server_checks_total{service="web",server="[2001');
  });

  test('have no synchronisation metrics on directors that do not synchronise', async () => {
    const text = (await linesOf({ ...DOCUMENT, sync: null })).join('\n');
    expect(text).not.toMatch(/_sync_daemon|_rst_guard|_connections\{origin|_caught_up|_peer_/);
  });

  test('are absent without "ipvs" in the configuration', async () => {
    const values = (await linesOf(undefined)).filter((line) => !line.endsWith(' 0'));
    expect(values).toEqual([]);
    expect(IPVS_METRICS.every(({ name }) => name.startsWith('vrrp_ipvs_'))).toBe(true);
  });
});
