import { describe, expect, test } from 'vitest';
import type { EventDocument } from '../../../../src/control/protocol.ts';
import {
  type MibSource,
  mibObjects,
  notificationOf,
  ProtocolErrors,
} from '../../../../src/observe/snmp/vrrp-mib.ts';
import type { Binding, Value } from '../../../../src/wire/agentx/value.ts';
import { modelOf } from '../../control/samples.ts';
import { AT, settingsOf, viewOf } from '../samples.ts';

function sourceOf(...names: string[]): MibSource & { readonly model: ReturnType<typeof modelOf> } {
  const model = modelOf(...names);
  const { instances } = settingsOf(...names);
  return {
    model,
    status: () => model.status(),
    instance: (name) => model.instance(name),
    instances: () => instances,
    linkIndex: (name) => (name === 'eth0' ? 2 : 0),
    now: () => new Date(AT.getTime() + 5_000),
  };
}

function textOf(value: Value): string {
  if ('number' in value) return `${value.type} ${value.number}`;
  if ('bytes' in value) return `octets ${Buffer.from(value.bytes).toString('hex')}`;
  return 'oid' in value ? `oid ${value.oid.join('.')}` : value.type;
}

function textsOf(objects: readonly Binding[]): Record<string, string> {
  return Object.fromEntries(
    objects.map(({ oid, value }) => [oid.slice(7).join('.'), textOf(value)]),
  );
}

describe('VRRPV3-MIB', () => {
  test('has a row for each router, named by link, VRID and family, in order', () => {
    const source = sourceOf('web');
    source.model.apply({ kind: 'view', view: viewOf('web', { state: 'MASTER' }) }, AT);
    const objects = mibObjects(source, new ProtocolErrors());
    const vrid = source.status().instances[0]?.vrid;
    const names = objects.map(({ oid }) => oid.map((part) => String(part).padStart(5)).join());
    expect(names).toEqual([...names].sort());
    expect(textsOf(objects)).toMatchObject({
      [`1.1.1.1.6.2.${vrid}.1`]: 'integer 3',
      [`1.1.1.1.5.2.${vrid}.1`]: `octets 00005e0001${vrid?.toString(16).padStart(2, '0')}`,
      [`1.1.1.1.13.2.${vrid}.1`]: 'integer 1',
      [`1.1.2.1.2.2.${vrid}.1.4.203.0.113.100`]: 'integer 1',
      [`1.2.5.1.13.2.${vrid}.1`]: 'gauge 1000',
      '1.2.1.0': 'counter64 0',
    });
  });

  test('has no address where none is known, and no row without a link', () => {
    const source = sourceOf('web');
    source.model.apply({ kind: 'view', view: viewOf('web', { state: 'INIT', master: null }) }, AT);
    const [first] = source.status().instances;
    const objects = textsOf(mibObjects(source, new ProtocolErrors()));
    expect(objects[`1.1.1.1.3.2.${first?.vrid}.1`]).toBe('octets ');
    expect(objects[`1.1.1.1.12.2.${first?.vrid}.1`]).toBe('ticks 0');
    const without = { ...source, linkIndex: () => 0 };
    expect(mibObjects(without, new ProtocolErrors())).toHaveLength(4);
  });

  function event(facts: object): EventDocument {
    return { seq: 1, at: AT.toISOString(), message: '', ...facts } as EventDocument;
  }

  test('notifies of a new MASTER', () => {
    const source = sourceOf('web');
    source.model.apply({ kind: 'view', view: viewOf('web') }, AT);
    const errors = new ProtocolErrors();
    const taken = event({ kind: 'transition', instance: 'web', from: 'BACKUP', to: 'MASTER' });
    const bindings = notificationOf(taken, source, errors) ?? [];
    expect(bindings.map(({ value }) => textOf(value))[0]).toBe('oid 1.3.6.1.2.1.207.0.1');
    expect(bindings).toHaveLength(3);
    const lost = event({ kind: 'transition', instance: 'web', from: 'MASTER', to: 'BACKUP' });
    expect(notificationOf(lost, source, errors)).toBeUndefined();
    const gone = event({ kind: 'transition', instance: 'gone', from: 'BACKUP', to: 'MASTER' });
    expect(notificationOf(gone, source, errors)).toBeUndefined();
  });

  test.each([
    ['ip-ttl-error', 1],
    ['version-error', 2],
    ['checksum-error', 3],
  ])('notifies of the error %s, and remembers it', (reason, number) => {
    const source = sourceOf('web');
    source.model.apply({ kind: 'view', view: viewOf('web') }, AT);
    const errors = new ProtocolErrors();
    const bindings = notificationOf(
      event({ kind: 'discard', instance: 'web', reason }),
      source,
      errors,
    );
    expect(bindings?.map(({ value }) => textOf(value))).toEqual([
      'oid 1.3.6.1.2.1.207.0.2',
      `integer ${number}`,
    ]);
    expect(errors.of('web')).toBe(number);
  });

  test.each([
    { kind: 'discard', instance: 'web', reason: 'address-list-error' },
    { kind: 'discard', instance: null, reason: 'vrid-error' },
    { kind: 'stall' },
  ])('is silent about %j', (facts) => {
    const source = sourceOf('web');
    expect(notificationOf(event(facts), source, new ProtocolErrors())).toBeUndefined();
  });
});
