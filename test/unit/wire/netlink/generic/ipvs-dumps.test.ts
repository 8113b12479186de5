import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatEndpoint } from '../../../../../src/net/endpoint.ts';
import type { ServerRow, ServiceRow } from '../../../../../src/net/ipvs.ts';
import { serviceName } from '../../../../../src/net/ipvs.ts';
import type { Attributes } from '../../../../../src/wire/netlink/attributes.ts';
import {
  decodeFamilyNumber,
  decodeGeneric,
} from '../../../../../src/wire/netlink/generic/generic.ts';
import { decodeDaemon } from '../../../../../src/wire/netlink/generic/ipvs/daemon.ts';
import { decodeInfo, decodeTimeouts } from '../../../../../src/wire/netlink/generic/ipvs/info.ts';
import { decodeServer } from '../../../../../src/wire/netlink/generic/ipvs/server.ts';
import { decodeService } from '../../../../../src/wire/netlink/generic/ipvs/service.ts';
import { fromHex } from '../../hex.ts';

/** The dump of a table that ipvsadm had made. */
const dumps = JSON.parse(
  readFileSync(new URL('../../../../fixtures/ipvs/dumps.json', import.meta.url), 'utf8'),
) as {
  readonly family: string;
  readonly services: readonly string[];
  readonly servers: Readonly<Record<string, readonly string[]>>;
  readonly daemons: readonly string[];
  readonly info: readonly string[];
  readonly config: readonly string[];
};

function attributesOf(hex: string): Attributes {
  const message = decodeGeneric(fromHex(hex));
  if (!message.ok) throw new Error(message.error.code);
  return message.value.attributes;
}

const services = new Map<string, ServiceRow>();
const servers = new Map<string, ServerRow>();

for (const hex of dumps.services) {
  const row = decodeService(attributesOf(hex));
  if (row.ok) services.set(serviceName(row.value.key), row.value);
}
for (const [key, list] of Object.entries(dumps.servers)) {
  const family = key.includes('ipv6') ? 'ipv6' : 'ipv4';
  for (const hex of list) {
    const row = decodeServer(attributesOf(hex), family);
    if (row.ok) servers.set(`${formatEndpoint(row.value)} ${row.value.forwarding}`, row.value);
  }
}

describe('the dump of a table made by ipvsadm', () => {
  test('has all its services', () => {
    expect([...services.keys()].sort()).toEqual([
      'mark 7 ipv4',
      'tcp 203.0.113.100:80',
      'udp [2001:db8::100]:53',
    ]);
  });

  test('has the persistence and its netmask', () => {
    expect(services.get('tcp 203.0.113.100:80')).toMatchObject({
      scheduler: 'wrr',
      schedulerFlags: 0,
      onePacket: false,
      persistence: { seconds: 360, prefixLength: 24 },
    });
  });

  test('has the options of the scheduler and one-packet scheduling', () => {
    expect(services.get('udp [2001:db8::100]:53')).toMatchObject({
      scheduler: 'mh',
      schedulerFlags: 3,
      onePacket: true,
      persistence: undefined,
    });
  });

  test('has servers with weights, thresholds and forwarding', () => {
    expect(servers.get('10.0.0.11:8080 nat')).toMatchObject({
      weight: 5,
      upperThreshold: 100,
      lowerThreshold: 50,
      tunnel: undefined,
      activeConnections: 0,
      statistics: { connections: 0, bytesIn: 0 },
    });
    expect(servers.get('10.0.0.12:80 dr')).toMatchObject({ weight: 0 });
    expect(servers.get('10.0.0.11:0 dr')).toMatchObject({ weight: 1 });
  });

  test('has the tunnel of a server behind one', () => {
    expect(servers.get('[2001:db8::11]:53 tun')?.tunnel).toEqual({
      type: 'gue',
      port: 6080,
      checksum: 'checksum',
    });
  });

  test('has both daemons with their parameters', () => {
    expect(dumps.daemons.map((hex) => decodeDaemon(attributesOf(hex)))).toEqual([
      {
        ok: true,
        value: {
          role: 'master',
          interface: 'eth0',
          syncId: 56,
          group: '224.0.0.99',
          port: 9999,
          ttl: 4,
          maximumLength: 1400,
        },
      },
      {
        ok: true,
        value: {
          role: 'backup',
          interface: 'eth0',
          syncId: 55,
          group: '224.0.0.81',
          port: 8848,
          ttl: 1,
          maximumLength: 1472,
        },
      },
    ]);
  });

  test('has the version, the size of the table and the timeouts', () => {
    expect(decodeInfo(attributesOf(dumps.info[0] ?? ''))).toEqual({
      version: '1.2.1',
      tableSize: 4096,
    });
    expect(decodeTimeouts(attributesOf(dumps.config[0] ?? ''))).toEqual({
      tcp: 900,
      tcpFin: 120,
      udp: 300,
    });
  });

  test('is found under the number of its family', () => {
    expect(decodeFamilyNumber(fromHex(dumps.family))).toBeGreaterThan(16);
  });

  test('cut anywhere is an error or a shorter list, never an exception', () => {
    for (const hex of [
      ...dumps.services,
      ...dumps.daemons,
      ...Object.values(dumps.servers).flat(),
    ]) {
      const whole = fromHex(hex);
      for (let length = 0; length < whole.length; length++) {
        const message = decodeGeneric(whole.subarray(0, length));
        if (!message.ok) continue;
        const { attributes } = message.value;
        expect(() => decodeService(attributes)).not.toThrow();
        expect(() => decodeServer(attributes, 'ipv4')).not.toThrow();
        expect(() => decodeDaemon(attributes)).not.toThrow();
      }
    }
  });
});
