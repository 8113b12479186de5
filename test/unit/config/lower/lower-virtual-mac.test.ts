import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../../src/config/load.ts';

function load(...instances: string[]) {
  const list = instances.map((instance) => `  - { ${instance} }\n`).join('');
  return loadConfig(`instances:\n${list}`, { hostName: 'host' });
}

function instanceOf(keys: string) {
  const result = load(`name: web, ${keys}`);
  if (!result.ok) throw new Error(result.error.map(({ message }) => message).join('\n'));
  return result.value.settings.instances[0];
}

function errorsOf(result: ReturnType<typeof load>) {
  return result.ok ? [] : result.error;
}

const FOUR = 'interface: eth0, vrid: 55, addresses: [203.0.113.1]';
const SIX = 'interface: eth0, vrid: 255, addresses: ["fe80::1:1", "2001:db8::1"]';

describe('virtual_mac', () => {
  test('M-01 is 00:00:5e:00:01:VRID over IPv4 and 00:00:5e:00:02:VRID over IPv6', () => {
    expect(instanceOf(`${FOUR}, virtual_mac: true`)?.virtualMac).toEqual({
      interface: 'vr4-55-eth0',
      mac: '00:00:5e:00:01:37',
    });
    expect(instanceOf(`${SIX}, virtual_mac: true`)?.virtualMac).toEqual({
      interface: 'vr6-255-eth0',
      mac: '00:00:5e:00:02:ff',
    });
  });

  test('is off by default', () => {
    expect(instanceOf(FOUR)?.virtualMac).toBeUndefined();
    expect(instanceOf(`${FOUR}, virtual_mac: false`)?.virtualMac).toBeUndefined();
  });

  test('uses the configured name of the link', () => {
    const keys = `${FOUR}, virtual_mac: { interface: vrrp.55 }`;
    expect(instanceOf(keys)?.virtualMac?.interface).toBe('vrrp.55');
  });

  test.each(['enp3s0f1np1.1002', 'enp3s0f1np1.100', 'enp3s0f1np1.101'])(
    'shortens the name of the link on %s to what the kernel accepts',
    (name) => {
      const keys = `interface: ${name.slice(0, 15)}, vrid: 255, addresses: [203.0.113.1]`;
      const link = instanceOf(`${keys}, virtual_mac: true`)?.virtualMac?.interface ?? '';
      expect(link).toMatch(/^vr4-255-[0-9a-z]{7}$/);
    },
  );

  test('gives links on interfaces with long names different names', () => {
    const nameOn = (link: string) =>
      instanceOf(`interface: ${link}, vrid: 5, addresses: [203.0.113.1], virtual_mac: true`)
        ?.virtualMac?.interface;
    expect(nameOn('enp3s0f1np1.100')).not.toBe(nameOn('enp3s0f1np1.101'));
  });

  test('moves only the addresses of the interface to its link', () => {
    const addresses = '[203.0.113.1, { address: 203.0.113.2, interface: eth1 }]';
    const keys = `interface: eth0, vrid: 55, addresses: ${addresses}, virtual_mac: true`;
    const more = 'extra_addresses: [{ address: 203.0.113.3, interface: eth0 }]';
    const instance = instanceOf(`${keys}, ${more}`);
    expect(instance?.addresses.map((one) => one.interface)).toEqual(['vr4-55-eth0', 'eth1']);
    expect(instance?.extraAddresses.map((one) => one.interface)).toEqual(['vr4-55-eth0']);
  });

  test('gives a link-local address the prefix length 64', () => {
    expect(instanceOf(`${SIX}, virtual_mac: true`)?.addresses).toEqual([
      { address: 'fe80::1:1', prefixLength: 64, interface: 'vr6-255-eth0' },
      { address: '2001:db8::1', prefixLength: 128, interface: 'vr6-255-eth0' },
    ]);
  });

  test.each([
    ['virtual_mac: { interface: eth0 }', 'cannot be on eth0 itself'],
    ['virtual_mac: { interface: name-of-16-chars }', 'an interface name of 1 to 15'],
    ['virtual_mac: { name: vrrp.55 }', 'unknown key "name"'],
    ['virtual_mac: maybe', 'expected true, false, or { interface, advertise_with }'],
  ])('%s is refused where it is written', (keys, message) => {
    const [error] = errorsOf(load(`name: web, ${FOUR}, ${keys}`));
    expect(error).toMatchObject({ line: 2, message: expect.stringContaining(message) });
    expect(error?.column).toBeGreaterThan(60);
  });

  test('needs a separate link for each instance', () => {
    const shared = 'virtual_mac: { interface: vrrp.55 }';
    const second = 'name: other, interface: eth1, vrid: 6, addresses: [203.0.113.6]';
    const errors = errorsOf(load(`name: web, ${FOUR}, ${shared}`, `${second}, ${shared}`));
    expect(errors).toEqual([
      expect.objectContaining({
        line: 3,
        message: expect.stringContaining('already has the virtual MAC of "web"'),
      }),
    ]);
  });

  test('may advertise with the MAC of the interface, which strict refuses', () => {
    const keys = `${FOUR}, garp: { refresh: 60s }, virtual_mac: { advertise_with: interface }`;
    expect(instanceOf(keys)?.virtualMac).toMatchObject({ advertisesWith: 'interface' });
    const unlearnt = load(`name: web, ${FOUR}, virtual_mac: { advertise_with: interface }`);
    expect(unlearnt.ok && unlearnt.value.warnings).toEqual([
      expect.objectContaining({ message: expect.stringContaining('garp.refresh') }),
    ]);
    expect(
      errorsOf(load(`name: web, strict: true, ${keys}`)).map(({ message }) => message),
    ).toEqual(expect.arrayContaining([expect.stringContaining('RFC 9568 section 7.2')]));
  });

  test('with unicast and without garp.refresh gives a warning', () => {
    const keys = `${FOUR}, unicast: { peers: [192.0.2.12] }, virtual_mac: true`;
    const warned = load(`name: web, ${keys}`);
    expect(warned.ok && warned.value.warnings).toEqual([
      expect.objectContaining({ message: expect.stringContaining('garp.refresh') }),
    ]);
    const calm = load(`name: web, ${keys}, garp: { refresh: 60s }`);
    expect(calm.ok && calm.value.warnings).toEqual([]);
  });
});
