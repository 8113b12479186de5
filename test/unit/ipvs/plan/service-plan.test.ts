import { describe, expect, test } from 'vitest';
import { planServices } from '../../../../src/ipvs/plan/service-plan.ts';
import { ip } from '../../../../src/net/address.ts';
import type { Server, Service, ServiceKey, ServiceTable } from '../../../../src/net/ipvs.ts';
import { serviceName } from '../../../../src/net/ipvs.ts';

function key(port: number): ServiceKey {
  return { kind: 'address', family: 'ipv4', protocol: 'tcp', address: ip('203.0.113.100'), port };
}

function service(port: number, more: Partial<Service> = {}): Service {
  const base = { scheduler: 'wlc', schedulerFlags: 0, onePacket: false, persistence: undefined };
  return { key: key(port), ...base, ...more };
}

function server(last: number, more: Partial<Server> = {}): Server {
  return {
    address: ip(`10.0.0.${last}`),
    port: 80,
    forwarding: 'nat',
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    tunnel: undefined,
    ...more,
  };
}

const table: ServiceTable = { service: service(80), servers: [server(1), server(2)] };

function plan(
  wanted: readonly ServiceTable[],
  actual: readonly ServiceTable[],
  more: { owned?: ReadonlySet<string>; exclusive?: boolean } = {},
) {
  return planServices({ wanted, actual, owned: new Set(), exclusive: false, ...more });
}

describe('the plan for the service table', () => {
  test('writes nothing where nothing differs', () => {
    expect(plan([table], [table])).toEqual([]);
  });

  test('adds a service before its servers', () => {
    expect(plan([table], []).map(({ kind }) => kind)).toEqual([
      'service.add',
      'server.add',
      'server.add',
    ]);
  });

  test('changes a weight and nothing else', () => {
    const wanted = { ...table, servers: [server(1), server(2, { weight: 0 })] };
    expect(plan([wanted], [table])).toEqual([
      { kind: 'server.edit', key: key(80), server: server(2, { weight: 0 }) },
    ]);
  });

  test('adds a new server before the old one goes', () => {
    const wanted = { ...table, servers: [server(1), server(3)] };
    expect(plan([wanted], [table]).map(({ kind }) => kind)).toEqual([
      'server.add',
      'server.remove',
    ]);
  });

  test('changes a scheduler in place', () => {
    const wanted = { ...table, service: service(80, { scheduler: 'mh', schedulerFlags: 2 }) };
    expect(plan([wanted], [table])).toEqual([{ kind: 'service.edit', service: wanted.service }]);
  });

  test('sees a difference in persistence', () => {
    const persistence = { seconds: 300, prefixLength: 24, engine: undefined };
    const wanted = { ...table, service: service(80, { persistence }) };
    expect(plan([wanted], [table]).map(({ kind }) => kind)).toEqual(['service.edit']);
    const longer = { ...persistence, seconds: 301 };
    const other = { ...table, service: service(80, { persistence: longer }) };
    expect(plan([wanted], [other]).map(({ kind }) => kind)).toEqual(['service.edit']);
    expect(plan([wanted], [wanted])).toEqual([]);
  });

  test('leaves services of other programs alone', () => {
    expect(plan([], [table])).toEqual([]);
  });

  test('removes a service that this agent created', () => {
    const owned = new Set([serviceName(key(80))]);
    expect(plan([], [table], { owned })).toEqual([{ kind: 'service.remove', key: key(80) }]);
  });

  test('removes every unwanted service from an exclusive table', () => {
    expect(plan([], [table], { exclusive: true })).toEqual([
      { kind: 'service.remove', key: key(80) },
    ]);
  });

  test('takes over a service that already exists', () => {
    const bare = { ...table, servers: [server(1)] };
    expect(plan([table], [bare])).toEqual([
      { kind: 'server.add', key: key(80), server: server(2) },
    ]);
  });

  test('recognises a server on this host, which old kernels report as local', () => {
    const local = { ...table, servers: [server(1, { forwarding: 'local' }), server(2)] };
    expect(plan([table], [local])).toEqual([]);
  });

  test('treats a tunnel without a type as ipip', () => {
    const tunnel = { type: 'ipip', port: 0, checksum: 'none' } as const;
    const plain = { ...table, servers: [server(1, { forwarding: 'tun' })] };
    const typed = { ...table, servers: [server(1, { forwarding: 'tun', tunnel })] };
    expect(plan([plain], [typed])).toEqual([]);
    const gre = {
      ...table,
      servers: [server(1, { forwarding: 'tun', tunnel: { ...tunnel, type: 'gre' } })],
    };
    expect(plan([gre], [plain]).map(({ kind }) => kind)).toEqual(['server.edit']);
  });
});
