import { describe, expect, test } from 'vitest';
import { syncEntries } from '../../../../src/ipvs/plan/sync-entries.ts';
import { ip } from '../../../../src/net/address.ts';
import type { Connection } from '../../../../src/net/connection.ts';
import type {
  Forwarding,
  Persistence,
  Server,
  ServiceKey,
  ServiceTable,
} from '../../../../src/net/ipvs.ts';

const VIP = ip('203.0.113.100');

function table(
  key: ServiceKey,
  forwarding: Forwarding,
  port: number,
  persistence?: Persistence,
): ServiceTable {
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
    persistence,
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
  test('is the forwarding method of the server, and the timeout', () => {
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

  test('comes from the service for all ports if there is no other', () => {
    const entryOf = syncEntries([table(addressKey(0), 'tun', 0)], TIMEOUTS);
    expect(entryOf(connection(443, 443))).toMatchObject({ forwarding: 'tun' });
  });

  test('comes from the service with a mark that has the server', () => {
    const key: ServiceKey = { kind: 'mark', family: 'ipv4', mark: 7 };
    const entryOf = syncEntries([table(key, 'nat', 0)], TIMEOUTS);
    expect(entryOf(connection(443, 443))).toMatchObject({ forwarding: 'nat', mark: 7 });
  });

  test('is unknown for a server or service that is gone', () => {
    const entryOf = syncEntries([table(addressKey(80), 'nat', 80)], TIMEOUTS);
    expect(entryOf(connection(80, 81))).toBe(undefined);
    expect(entryOf(connection(81, 80))).toBe(undefined);
  });

  test('is more for FTP with nat, which is left to the kernel', () => {
    expect(syncEntries([table(addressKey(21), 'nat', 21)], TIMEOUTS)(connection(21, 21))).toBe(
      undefined,
    );
    expect(
      syncEntries([table(addressKey(21), 'dr', 21)], TIMEOUTS)(connection(21, 21)),
    ).toBeDefined();
  });
});

describe('the server of a persistent client', () => {
  const STICKY: Persistence = { seconds: 600, prefixLength: 32, engine: undefined };

  /** A template has no client port, and no server port if its service has none. */
  const template = (
    service: Connection['service'],
    protocol: string,
    port: number,
  ): Connection => ({
    ...connection(80, port, protocol),
    client: { address: ip('203.0.113.200'), port: 0 },
    service,
    state: 'ASSURED',
  });

  test('is kept for as long as the service says', () => {
    const entryOf = syncEntries([table(addressKey(80), 'dr', 80, STICKY)], TIMEOUTS);
    expect(entryOf(template({ address: VIP, port: 80 }, 'TCP', 80))).toMatchObject({
      forwarding: 'dr',
      mark: 0,
      timeout: 600,
    });
  });

  test('is found by the mark among several services with the same server', () => {
    const marked = (mark: number): ServiceKey => ({ kind: 'mark', family: 'ipv4', mark });
    const entryOf = syncEntries(
      [table(marked(7), 'nat', 0, STICKY), table(marked(8), 'dr', 0, STICKY)],
      TIMEOUTS,
    );
    const at = (address: string) => template({ address: ip(address), port: 0 }, 'IP', 0);
    expect(entryOf(at('0.0.0.7'))).toMatchObject({ forwarding: 'nat', mark: 7 });
    expect(entryOf(at('0.0.0.8'))).toMatchObject({ forwarding: 'dr', mark: 8 });
    expect(entryOf(at('0.0.0.9'))).toBe(undefined);
  });

  test('is not sent for a service without persistence or with a persistence engine', () => {
    const sip = { ...STICKY, engine: 'sip' };
    const service = { address: VIP, port: 80 };
    for (const persistence of [undefined, sip]) {
      const entryOf = syncEntries([table(addressKey(80), 'dr', 80, persistence)], TIMEOUTS);
      expect(entryOf(template(service, 'TCP', 80))).toBe(undefined);
    }
  });
});
