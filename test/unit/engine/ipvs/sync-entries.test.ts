import { describe, expect, test } from 'vitest';
import { syncEntries } from '../../../../src/engine/ipvs/sync-entries.ts';
import { ip } from '../../../../src/net/address.ts';
import type { Connection } from '../../../../src/net/connection.ts';
import type { Forwarding, Server, ServiceKey, ServiceTable } from '../../../../src/net/ipvs.ts';

const VIP = ip('203.0.113.100');

function table(key: ServiceKey, forwarding: Forwarding, port: number): ServiceTable {
  const server: Server = {
    address: ip('192.0.2.11'),
    port,
    forwarding,
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    tunnel: undefined,
  };
  const service = {
    key,
    scheduler: 'rr',
    schedulerFlags: 0,
    onePacket: false,
    persistence: undefined,
  };
  return { service, servers: [server] };
}

function addressKey(port: number, protocol: 'tcp' | 'udp' = 'tcp'): ServiceKey {
  return { kind: 'address', family: 'ipv4', protocol, address: VIP, port };
}

function connection(port: number, serverPort: number, protocol = 'TCP'): Connection {
  return {
    protocol,
    client: { address: ip('203.0.113.200'), port: 40_000 },
    service: { address: VIP, port },
    server: { address: ip('192.0.2.11'), port: serverPort },
    state: protocol === 'UDP' ? 'UDP' : 'ESTABLISHED',
    isSynced: false,
    seconds: 5,
  };
}

const TIMEOUTS = { tcp: 900, udp: 300 };

describe('what the connection table does not show', () => {
  test('is the forwarding of the server, and how long an idle connection is kept', () => {
    const entryOf = syncEntries([table(addressKey(80), 'dr', 80)], TIMEOUTS);
    expect(entryOf(connection(80, 80))).toMatchObject({ forwarding: 'dr', mark: 0, timeout: 900 });
  });

  test('comes from the service of the same protocol', () => {
    const tables = [table(addressKey(53), 'dr', 53), table(addressKey(53, 'udp'), 'nat', 53)];
    expect(syncEntries(tables, TIMEOUTS)(connection(53, 53, 'UDP'))).toMatchObject({
      forwarding: 'nat',
      timeout: 300,
    });
  });

  test('comes from the service of every port where there is no other', () => {
    const entryOf = syncEntries([table(addressKey(0), 'tun', 0)], TIMEOUTS);
    expect(entryOf(connection(443, 443))).toMatchObject({ forwarding: 'tun' });
  });

  test('comes from the service of the mark that has the server', () => {
    const key: ServiceKey = { kind: 'mark', family: 'ipv4', mark: 7 };
    const entryOf = syncEntries([table(key, 'nat', 0)], TIMEOUTS);
    expect(entryOf(connection(443, 443))).toMatchObject({ forwarding: 'nat', mark: 7 });
  });

  test('is not known of a server or a service that is gone', () => {
    const entryOf = syncEntries([table(addressKey(80), 'nat', 80)], TIMEOUTS);
    expect(entryOf(connection(80, 81))).toBe(undefined);
    expect(entryOf(connection(81, 80))).toBe(undefined);
  });

  test('is more than that for FTP by nat, which is left to the kernel', () => {
    expect(syncEntries([table(addressKey(21), 'nat', 21)], TIMEOUTS)(connection(21, 21))).toBe(
      undefined,
    );
    expect(
      syncEntries([table(addressKey(21), 'dr', 21)], TIMEOUTS)(connection(21, 21)),
    ).toBeDefined();
  });
});
