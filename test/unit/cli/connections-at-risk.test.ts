import { describe, expect, test } from 'vitest';
import * as failover from '../../../src/cli/commands/failover.ts';
import * as maintenance from '../../../src/cli/commands/maintenance.ts';
import type { IpvsDocument } from '../../../src/control/ipvs-document.ts';
import { connectionsOf } from '../control/ipvs-samples.ts';
import { handedOver, operatorsThat } from '../control/operators.ts';
import { modelOf, runControl } from '../control/samples.ts';
import { runCli } from './run-cli.ts';

type Sync = NonNullable<IpvsDocument['sync']>;
type Peer = Sync['connections']['peers'][number];

function documentOf(peers: readonly Peer[]): IpvsDocument {
  return {
    available: true,
    required: true,
    troubles: [],
    version: '1.2.1',
    table_size: 4_096,
    timeouts: null,
    sync: {
      instance: 'web',
      mode: 'follow',
      interface: 'eth1',
      sync_id: 55,
      roles: ['master'],
      daemons: [],
      rst_guard: false,
      connections: connectionsOf({ live: 221, peers }),
    },
    services: [],
    health: [],
    sysctls: [],
    counters: { writes: 0, service_repairs: 0, sync_repairs: 0, sysctl_repairs: 0 },
  };
}

function peer(name: string, missing: number | null, master = false): Peer {
  return { name, master, age_ms: 500, live: 209, missing };
}

async function stderrOf(line: string, document: IpvsDocument | undefined): Promise<string> {
  const operators = operatorsThat({
    failover: (instance: string) => Promise.resolve(handedOver(instance)),
  });
  const { socket } = await runControl({
    ...{ model: modelOf('web', 'mail'), operators },
    ipvs: () => document,
  });
  const module = line.startsWith('failover') ? failover : maintenance;
  return (await runCli(module, [...line.split(' '), '--socket', socket])).stderr;
}

describe('before a hand-over', () => {
  test.each([
    ['failover web', 12, 'web: of 221 connections here, lb2 lacks 12\n'],
    ['failover --all', 0, 'web: of 221 connections here, lb2 lacks none\n'],
    ['maintenance on web', 1, 'web: of 221 connections here, lb2 lacks 1\n'],
    ['failover web', null, ''],
    ['failover mail', 12, ''],
    ['failover --release web', 12, ''],
  ])(
    '%s, with %s connections missing on the other director, prints: %s',
    async (line, missing, expected) => {
      expect(await stderrOf(line, documentOf([peer('lb2', missing)]))).toBe(expected);
    },
  );

  test('every director that could take over is listed', async () => {
    const document = documentOf([peer('lb2', 1), peer('lb3', 2), peer('lb4', 3, true)]);
    expect(await stderrOf('failover web', document)).toBe(
      'web: of 221 connections here, lb2 lacks 1\nweb: of 221 connections here, lb3 lacks 2\n',
    );
  });

  test('drained servers are listed, as a drain applies to one director', async () => {
    const server = (name: string, by?: string) => ({
      ...({ server: name, state: 'unchecked', configured_weight: 1, effective_weight: 0 } as const),
      drained: by === undefined ? null : { since: '2026-01-01T00:00:00.000Z', by },
      ...{ check: null, weight_from: null },
    });
    const servers = [server('10.0.0.11:80', 'root'), server('10.0.0.12:80')];
    const counts = {
      ...{ healthy: 2, unknown: 0, total: 2, minimum: null, quorum: null, fallback: null },
    };
    const document = { ...documentOf([]), health: [{ service: 'shop', ...counts, servers }] };
    expect(await stderrOf('failover web', document)).toBe(
      'shop: 10.0.0.11:80 is drained on this director only; another director sends it new clients unless drained there too\n',
    );
  });

  test('a name from the network cannot control the terminal', async () => {
    const document = documentOf([peer('lb2\u001b[2J', 1)]);
    expect(await stderrOf('failover web', document)).not.toContain('\u001b');
  });

  test('directors without synchronisation or IPVS print nothing', async () => {
    expect(await stderrOf('failover web', { ...documentOf([]), sync: null })).toBe('');
    expect(await stderrOf('failover web', undefined)).toBe('');
  });
});
