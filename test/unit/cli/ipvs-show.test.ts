import { describe, expect, test } from 'vitest';
import * as ipvs from '../../../src/cli/commands/ipvs/ipvs.ts';
import type {
  IpvsDocument,
  ServerDocument,
  ServiceDocument,
  StatisticsDocument,
} from '../../../src/control/ipvs-document.ts';
import { connectionsOf } from '../control/ipvs-samples.ts';
import { runControl } from '../control/samples.ts';
import { runCli } from './run-cli.ts';

const STATISTICS: StatisticsDocument = {
  ...{ connections: 9, packets_in: 0, packets_out: 0, bytes_in: 0, bytes_out: 0 },
  ...{ connection_rate: 4, packet_rate_in: 0, packet_rate_out: 0 },
  ...{ byte_rate_in: 500, byte_rate_out: 700 },
};

function serverOf(address: string, more: Partial<ServerDocument> = {}): ServerDocument {
  return {
    ...{ address, port: 80, forwarding: 'nat', weight: 1, wanted_weight: 1 },
    ...{ upper_threshold: 0, lower_threshold: 0, tunnel: null },
    ...{ active: 2, inactive: 3, persistent: 0, statistics: STATISTICS },
    ...more,
  };
}

const WEB: ServiceDocument = {
  ...{ name: 'web', protocol: 'tcp', address: '203.0.113.100', port: 80, fwmark: null },
  ...{ family: 'ipv4', scheduler: 'mh', flags: ['mh-fallback', 'mh-port'], one_packet: false },
  persistence: { seconds: 300, prefix_length: 24, engine: null },
  statistics: STATISTICS,
  servers: [serverOf('10.0.0.11'), serverOf('10.0.0.12', { weight: 0, wanted_weight: 3 })],
};

const CHECK = {
  ...{ since: '2026-03-01T10:00:00.000Z', result: 'ECONNREFUSED' },
  ...{ checked_at: null, runs: 9, failures: 3, overruns: 0 },
};

const DOCUMENT: IpvsDocument = {
  ...{ available: true, required: true, troubles: ['the kernel refused \u001b[31m'] },
  ...{ version: '1.2.1', table_size: 4_096, timeouts: null, sysctls: [] },
  sync: {
    ...{ instance: 'web', mode: 'follow', interface: 'eth1', sync_id: 55, roles: ['master'] },
    daemons: [
      {
        ...{ role: 'master', interface: 'eth1', sync_id: 55, group: null },
        ...{ port: null, ttl: null, maxlen: null },
      },
    ],
    rst_guard: true,
    connections: connectionsOf({
      ...{ live: 221, synced: 14, resent: 7 },
      peers: [{ name: 'lb2\u001b[2J', master: false, age_ms: 10, live: 209, missing: 12 }],
    }),
  },
  services: [
    WEB,
    { ...WEB, name: null, protocol: null, address: null, port: null, fwmark: 7, servers: [] },
  ],
  health: [
    {
      ...{ service: 'web', healthy: 1, unknown: 0, total: 2, minimum: 2 },
      quorum: { weight: 3, hysteresis: 1, live: 1, reached: false },
      fallback: { server: '10.0.0.99:80', active: false },
      servers: [
        {
          ...{ server: '10.0.0.11:80', state: 'up', configured_weight: 1, effective_weight: 1 },
          ...{ drained: null, check: { ...CHECK, result: 'status 200' }, weight_from: null },
        },
        {
          ...{ server: '10.0.0.12:80', state: 'down', configured_weight: 3, effective_weight: 0 },
          drained: { since: '2026-03-01T10:00:00.000Z', by: 'alice' },
          ...{ check: CHECK, weight_from: null },
        },
      ],
    },
  ],
  counters: { writes: 5, service_repairs: 1, sync_repairs: 2, sysctl_repairs: 3 },
};

const WITHOUT: IpvsDocument = {
  ...DOCUMENT,
  ...{ available: false, troubles: ['this kernel has no IPVS'], version: null, table_size: null },
  ...{ sync: null, services: [], health: [] },
};

async function run(line: string, document: IpvsDocument | undefined) {
  const { socket } = await runControl({ ipvs: () => document });
  return runCli(ipvs, [...line.split(' '), '--socket', socket]);
}

describe('ipvs show', () => {
  test('shows problems, daemons and connections, then services, then the health of servers', async () => {
    const { stdout, code } = await run('ipvs show', DOCUMENT);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'IPVS 1.2.1, table of 4096 rows, 2 services, 6 repairs',
      'trouble: the kernel refused ?[31m',
      'sync follows web (follow): master, resets from the VIPs suppressed',
      '  master daemon on eth1, sync id 55, default group port 8848',
      '  221 connections, 14 of them from another director, 7 sent again',
      '  lb2?[2J (not MASTER) has 209; lb2?[2J lacks 12 of those here',
      '',
      expect.stringMatching(/^SERVICE +SCHEDULER +WEIGHT +HEALTH +ACTIVE +INACTIVE +CONNS /),
      expect.stringMatching(
        /^web tcp 203\.0\.113\.100:80 +mh \(mh-fallback,mh-port\) persistent 300 +4 +6 +9 +4 +500 +700$/,
      ),
      expect.stringMatching(/^ {2}-> 10\.0\.0\.11:80 +nat +1 +up +2 +3 /),
      expect.stringMatching(/^ {2}-> 10\.0\.0\.12:80 +nat +0 \(3 wanted\) +down, drained +2 +3 /),
      expect.stringMatching(/^\(foreign\) fwmark 7 /),
      '',
      'web: 1 of 2 servers healthy, 2 needed, quorum lost (weight 1, 3 ± 1 needed), fallback 10.0.0.99:80 not in use',
      '  10.0.0.11:80 up since 2026-03-01T10:00:00.000Z, weight 1, last check: status 200',
      '  10.0.0.12:80 down since 2026-03-01T10:00:00.000Z, weight 0 (3 in the file), last check: ECONNREFUSED, drained since 2026-03-01T10:00:00.000Z by alice',
      '',
    ]);
  });

  test.each([
    [true, 'it is required: no instance becomes MASTER'],
    [false, 'VRRP continues without it'],
  ])(
    'on a host without IPVS, with required: %s, shows the consequence: %s',
    async (required, text) => {
      const { stdout, code } = await run('ipvs show', { ...WITHOUT, required });
      expect(code).toBe(0);
      expect(stdout).toBe(
        `IPVS cannot be used on this host; ${text}\ntrouble: this kernel has no IPVS\n`,
      );
    },
  );

  test('prints one document with --json', async () => {
    const { stdout } = await run('ipvs show --json', DOCUMENT);
    expect(JSON.parse(stdout)).toEqual(DOCUMENT);
  });

  test('says so when the agent does not manage IPVS', async () => {
    const { stderr, code } = await run('ipvs show', undefined);
    expect(stderr).toContain('this agent does not manage IPVS');
    expect(code).toBe(1);
  });
});

describe('ipvs save', () => {
  test('writes what ipvsadm-restore reads', async () => {
    const { stdout } = await run('ipvs save', DOCUMENT);
    expect(stdout.split('\n')).toEqual([
      '-A -t 203.0.113.100:80 -s mh -p 300 -M 255.255.255.0 -b mh-fallback,mh-port',
      '-a -t 203.0.113.100:80 -r 10.0.0.11:80 -m -w 1',
      '-a -t 203.0.113.100:80 -r 10.0.0.12:80 -m -w 0',
      '-A -f 7 -s mh -p 300 -M 255.255.255.0 -b mh-fallback,mh-port',
      '',
    ]);
  });

  test('fails without a table, as an empty one could be restored later', async () => {
    expect(await run('ipvs save', WITHOUT)).toEqual({
      stdout: '',
      stderr: 'vrrp-agent: no table to save: this kernel has no IPVS\n',
      code: 1,
    });
  });
});
