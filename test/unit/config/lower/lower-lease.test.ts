import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../../src/config/load.ts';
import { seconds } from '../../../../src/net/time.ts';

function load(keys: string) {
  const text = `instances: [{ name: web, interface: eth0, vrid: 1, addresses: [203.0.113.1], ${keys} }]`;
  return loadConfig(text, { hostName: 'lb1' });
}

function leaseOf(keys: string) {
  const loaded = load(keys);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value.settings.instances[0]?.lease;
}

describe('the lease', () => {
  test.each([
    ['advertisement_interval: 10ms', 2],
    ['advertisement_interval: 1s', 4],
    ['advertisement_interval: 3s, version: 2', 10],
    ['advertisement_interval: 40s', 121],
  ])('is as long as the silence before a take-over, in whole seconds: %s', (keys, length) => {
    expect(leaseOf(keys)).toBe(seconds(length));
  });

  test('FR-O4 grows with the number of addresses of all instances, which have to be renewed', () => {
    const instance = (vrid: number) => {
      const addresses = Array.from({ length: 250 }, (_, at) => `10.0.${vrid}.${at + 1}`);
      return `{ name: web${vrid}, vrid: ${vrid}, addresses: [${addresses}] }`;
    };
    const text = (count: number) =>
      `defaults: { interface: eth0, advertisement_interval: 100ms }\n` +
      `instances: [${Array.from({ length: count }, (_, at) => instance(at + 1))}]`;
    const lease = (count: number) => {
      const loaded = loadConfig(text(count), { hostName: 'lb1' });
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
      return loaded.value.settings.instances.map((one) => one.lease);
    };
    expect(lease(4)).toEqual(Array(4).fill(seconds(2)));
    expect(lease(20)).toEqual(Array(20).fill(seconds(10)));
  });

  test('is the configured one, or none', () => {
    expect(leaseOf('lease: 30s')).toBe(seconds(30));
    expect(leaseOf('lease: off')).toBeUndefined();
  });

  test.each(['lease: 1500ms', 'lease: 500ms', 'lease: 2h', 'lease: 0s'])(
    'is refused: %s',
    (keys) => {
      const loaded = load(keys);
      expect(loaded.ok ? [] : loaded.error.map(({ column }) => column > 60)).toEqual([true]);
    },
  );

  test('shorter than the Master_Down_Interval gives a warning', () => {
    const loaded = load('lease: 2s');
    expect(loaded.ok && loaded.value.warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('3.003906s'),
    ]);
  });
});
