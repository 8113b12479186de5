import { describe, expect, test } from 'vitest';
import { ip } from '../../../../../src/net/address.ts';
import type { Server, Service, ServiceKey } from '../../../../../src/net/ipvs.ts';
import { decodeGeneric } from '../../../../../src/wire/netlink/generic/generic.ts';
import {
  decodeDaemon,
  encodeNewDaemon,
  encodeRemovedDaemon,
} from '../../../../../src/wire/netlink/generic/ipvs/daemon.ts';
import {
  decodeTimeouts,
  encodeTimeouts,
} from '../../../../../src/wire/netlink/generic/ipvs/info.ts';
import { decodeServer } from '../../../../../src/wire/netlink/generic/ipvs/server.ts';
import { decodeService } from '../../../../../src/wire/netlink/generic/ipvs/service.ts';
import {
  encodeServerDump,
  encodeTableChange,
} from '../../../../../src/wire/netlink/generic/ipvs/table-change.ts';
import { toHex } from '../../hex.ts';

const web: ServiceKey = {
  kind: 'address',
  family: 'ipv4',
  protocol: 'tcp',
  address: ip('203.0.113.100'),
  port: 80,
};
const service: Service = {
  key: web,
  scheduler: 'mh',
  schedulerFlags: 2,
  onePacket: false,
  persistence: { seconds: 600, prefixLength: 24, engine: 'sip' },
};
const server: Server = {
  address: ip('10.0.0.11'),
  port: 8080,
  forwarding: 'nat',
  weight: 3,
  upperThreshold: 100,
  lowerThreshold: 50,
  tunnel: undefined,
};

function read(payload: Uint8Array) {
  const message = decodeGeneric(payload);
  if (!message.ok) throw new Error(message.error.code);
  return message.value;
}

/** The bytes that Linux 6.1 took for this; ports and the mask are in network order. */
const NEW_SERVICE =
  '01010000' +
  '5c000180' +
  '0600010002000000' +
  '0600020006000000' +
  '14000300cb007164000000000000000000000000' +
  '0600040000500000' +
  '070006006d680000' +
  '0c000700110000003d000000' +
  '0800080058020000' +
  '08000900ffffff00' +
  '08000b0073697000';

describe('a request to the service table', () => {
  test('has all attributes of a service', () => {
    expect(toHex(encodeTableChange({ kind: 'service.add', service }))).toBe(NEW_SERVICE);
  });

  test.each([
    ['service.add', 1],
    ['service.edit', 2],
  ] as const)('%s has command %i and the service as it was', (kind, command) => {
    const message = read(encodeTableChange({ kind, service }));
    expect(message.command).toBe(command);
    expect(decodeService(message.attributes)).toMatchObject({ ok: true, value: service });
  });

  test.each([
    ['server.add', 5],
    ['server.edit', 6],
  ] as const)('%s has command %i and the server as it was', (kind, command) => {
    const message = read(encodeTableChange({ kind, key: web, server }));
    expect(message.command).toBe(command);
    expect(decodeServer(message.attributes, 'ipv4')).toMatchObject({ ok: true, value: server });
  });

  test('removes by key alone', () => {
    expect(read(encodeTableChange({ kind: 'service.remove', key: web })).command).toBe(3);
    const message = read(encodeTableChange({ kind: 'server.remove', key: web, server }));
    expect(message.command).toBe(7);
    expect(message.attributes.nested(2)?.types()).toEqual([1, 2, 11]);
  });

  test('about a mark has no address', () => {
    const key: ServiceKey = { kind: 'mark', family: 'ipv6', mark: 4_294_967_295 };
    const message = read(encodeServerDump(key));
    expect(message.command).toBe(8);
    expect(message.attributes.nested(1)?.types()).toEqual([1, 5]);
    const added = read(
      encodeTableChange({
        kind: 'service.add',
        service: { ...service, key, persistence: undefined },
      }),
    );
    expect(decodeService(added.attributes)).toMatchObject({ ok: true, value: { key } });
  });

  test('carries IPv6 persistence as a prefix length', () => {
    const key: ServiceKey = { ...web, family: 'ipv6', address: ip('2001:db8::1') };
    const persistence = { seconds: 5, prefixLength: 64, engine: undefined };
    const message = read(
      encodeTableChange({ kind: 'service.add', service: { ...service, key, persistence } }),
    );
    expect(message.attributes.nested(1)?.uint32(9)).toBe(64);
    expect(decodeService(message.attributes)).toMatchObject({ ok: true, value: { persistence } });
  });

  test.each([
    ['one client', undefined, 'ffffffff'],
    ['a network', 8, 'ff000000'],
    ['all of IPv4', 0, '00000000'],
  ])('carries IPv4 persistence for %s as a mask', (_, prefixLength, mask) => {
    const persistence = { seconds: 5, prefixLength: prefixLength ?? 32, engine: undefined };
    const message = read(
      encodeTableChange({ kind: 'service.add', service: { ...service, persistence } }),
    );
    expect(toHex(message.attributes.nested(1)?.bytes(9) ?? new Uint8Array())).toBe(mask);
    expect(message.attributes.nested(1)?.types()).not.toContain(11);
  });

  test('carries one-packet scheduling as a flag beside those of the scheduler', () => {
    const plain = { ...service, persistence: undefined, onePacket: true, schedulerFlags: 5 };
    const { attributes } = read(encodeTableChange({ kind: 'service.add', service: plain }));
    expect(toHex(attributes.nested(1)?.bytes(7) ?? new Uint8Array())).toBe('2c0000003d000000');
    expect(decodeService(attributes)).toMatchObject({ ok: true, value: plain });
  });

  test('carries a tunnel', () => {
    const tunnel = { type: 'gre', port: 0, checksum: 'remote' } as const;
    const change = { kind: 'server.add', key: web } as const;
    const message = read(
      encodeTableChange({ ...change, server: { ...server, forwarding: 'tun', tunnel } }),
    );
    expect(decodeServer(message.attributes, 'ipv4')).toMatchObject({ ok: true, value: { tunnel } });
  });
});

describe('a request to the sync daemons', () => {
  const daemon = {
    role: 'backup',
    interface: 'eth1',
    syncId: 55,
    group: ip('224.0.0.81'),
    port: 8848,
    ttl: 1,
    maximumLength: 1400,
  } as const;

  test('starts one with all parameters', () => {
    const message = read(encodeNewDaemon(daemon));
    expect(message.command).toBe(9);
    expect(message.attributes.nested(3)?.types()).toEqual([1, 2, 3, 4, 5, 7, 8]);
    expect(decodeDaemon(message.attributes)).toEqual({ ok: true, value: daemon });
  });

  test('omits what the kernel chooses', () => {
    const rest = { group: undefined, port: undefined, ttl: undefined, maximumLength: undefined };
    const { attributes } = read(encodeNewDaemon({ ...daemon, ...rest }));
    expect(attributes.nested(3)?.types()).toEqual([1, 2, 3]);
  });

  test('accepts an IPv6 group', () => {
    const { attributes } = read(encodeNewDaemon({ ...daemon, group: ip('ff02::81') }));
    expect(attributes.nested(3)?.types()).toEqual([1, 2, 3, 4, 6, 7, 8]);
    expect(decodeDaemon(attributes)).toMatchObject({ ok: true, value: { group: 'ff02::81' } });
  });

  test('stops one by its role', () => {
    const { command, attributes } = read(encodeRemovedDaemon('master'));
    expect(command).toBe(10);
    expect(attributes.nested(3)?.uint32(1)).toBe(1);
  });

  test('sets timeouts', () => {
    const timeouts = { tcp: 900, tcpFin: 0, udp: 300 };
    expect(decodeTimeouts(read(encodeTimeouts(timeouts)).attributes)).toEqual(timeouts);
  });
});
