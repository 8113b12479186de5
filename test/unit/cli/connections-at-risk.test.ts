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
  ])('%s, where the other director lacks %s, says: %s', async (line, missing, expected) => {
    expect(await stderrOf(line, documentOf([peer('lb2', missing)]))).toBe(expected);
  });

  test('each director that could take over is named', async () => {
    const document = documentOf([peer('lb2', 1), peer('lb3', 2), peer('lb4', 3, true)]);
    expect(await stderrOf('failover web', document)).toBe(
      'web: of 221 connections here, lb2 lacks 1\nweb: of 221 connections here, lb3 lacks 2\n',
    );
  });

  test('servers that are drained are named: another director has its own', async () => {
    const server = (name: string, by?: string) => ({
      ...({ server: name, state: 'unchecked', configured_weight: 1, effective_weight: 0 } as const),
      drained: by === undefined ? null : { since: '2026-01-01T00:00:00.000Z', by },
      ...{ check: null, weight_from: null },
    });
    const servers = [server('10.0.0.11:80', 'root'), server('10.0.0.12:80')];
    const counts = { healthy: 2, unknown: 0, total: 2, minimum: null, fallback: null };
    const document = { ...documentOf([]), health: [{ service: 'shop', ...counts, servers }] };
    expect(await stderrOf('failover web', document)).toBe(
      'shop: 10.0.0.11:80 is drained on this director; another one sends it new clients unless it was drained there, too\n',
    );
  });

  test('a name that came over the network does nothing to the terminal', async () => {
    const document = documentOf([peer('lb2\u001b[2J', 1)]);
    expect(await stderrOf('failover web', document)).not.toContain('\u001b');
  });

  test('directors that do not synchronise, or leave IPVS alone, have nothing to say', async () => {
    expect(await stderrOf('failover web', { ...documentOf([]), sync: null })).toBe('');
    expect(await stderrOf('failover web', undefined)).toBe('');
  });
});
