import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../../src/config/load.ts';

const REAL: ReadonlyMap<string, string> = new Map([
  ['lan0', 'eth0'],
  ['wan0', 'eth1'],
]);

function load(text: string) {
  const realName = (name: string) => REAL.get(name) ?? name;
  return loadConfig(text, { hostName: 'host', realName });
}

describe('FR-L4 an alternative name of an interface', () => {
  test('is the interface itself, wherever a file names one', () => {
    const loaded = load(`
defaults: { interface: lan0 }
instances:
  - name: web
    vrid: 1
    addresses: [203.0.113.1, { address: 203.0.113.2, interface: wan0 }]
    routes: [{ destination: 198.51.100.0/24, dev: wan0 }]
    rules: [{ iif: lan0, table: 100, priority: 100 }]
    track: [{ interface: wan0 }]
    virtual_mac: { interface: lan0 }
`);
    expect(loaded.ok && loaded.value.settings.instances[0]).toMatchObject({
      interface: 'eth0',
      addresses: [{ interface: 'lan0' }, { interface: 'eth1' }],
      routes: [{ interface: 'eth1' }],
      rules: [{ incoming: 'eth0' }],
      track: [{ source: { interface: 'eth1' } }],
      virtualMac: { interface: 'lan0' },
    });
  });

  test('makes two instances on one interface meet', () => {
    const loaded = load(`
instances:
  - { name: a, interface: lan0, vrid: 1, addresses: [203.0.113.1] }
  - { name: b, interface: eth0, vrid: 1, addresses: [203.0.113.2] }
`);
    expect(loaded).toMatchObject({ ok: false });
  });

  test('that no interface has stays', () => {
    const loaded = load(
      'instances: [{ name: a, interface: dmz0, vrid: 1, addresses: [203.0.113.1] }]',
    );
    expect(loaded.ok && loaded.value.settings.instances[0]?.interface).toBe('dmz0');
  });
});
