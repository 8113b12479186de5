import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../../src/config/load.ts';
import { routingText } from '../../../../src/net/routing.ts';

/** One instance with these keys, and others after it. */
function load(keys: string, others = '') {
  const text = `instances:
  - { name: web, interface: eth0, vrid: 1, addresses: [203.0.113.1], ${keys} }
${others}`;
  return loadConfig(text, { hostName: 'host' });
}

function texts(keys: string): string[] {
  const result = load(keys);
  if (!result.ok) throw new Error(result.error.map(({ message }) => message).join('\n'));
  const [instance] = result.value.settings.instances;
  return [...(instance?.routes ?? []), ...(instance?.rules ?? [])].map(routingText);
}

function errors(keys: string, others = ''): string[] {
  const result = load(keys, others);
  return result.ok ? [] : result.error.map(({ line, message }) => `${line}: ${message}`);
}

describe('routes', () => {
  test.each([
    ['{ destination: default, via: 192.0.2.1 }', 'route default via 192.0.2.1 dev eth0'],
    ['{ destination: default, via: fe80::1 }', 'route default via fe80::1 dev eth0'],
    ['{ destination: default, dev: tun0 }', 'route default dev tun0'],
    ['{ destination: 198.51.100.7 }', 'route 198.51.100.7 dev eth0'],
    [
      '{ destination: 2001:db8::/32, via: "2001:db8::1", src: "2001:db8::2", metric: 7, table: 1000, mtu: 1400, onlink: true }',
      'route 2001:db8::/32 via 2001:db8::1 dev eth0 src 2001:db8::2 metric 7 table 1000 mtu 1400 onlink',
    ],
  ])('%s', (entry, text) => {
    expect(texts(`routes: [${entry}]`)).toEqual([text]);
  });

  test.each([
    ['{ destination: 198.51.100.7/24 }', '198.51.100.7 has host bits set: write 198.51.100.0/24'],
    ['{ destination: 2001:db8::1/127 }', '2001:db8::1 has host bits set: write 2001:db8::/127'],
    ['{ destination: 0.0.0.0/0 }', 'the prefix length of 0.0.0.0 must be a number from 1 to 32'],
    [
      '{ destination: somewhere }',
      'expected a prefix like 198.51.100.0/24 or 2001:db8::/64, found "somewhere"',
    ],
    [
      '{ destination: 198.51.100.0/24, via: "2001:db8::1" }',
      '2001:db8::1 is IPv6, but the route is IPv4',
    ],
    ['{ destination: default, onlink: true }', '"onlink" needs "via", the gateway'],
    ['{ destination: 2001:db8::/32, mtu: 1000 }', 'must be at least 1280 for IPv6'],
    ['{ via: 192.0.2.1 }', '"destination" is missing'],
    ['{ destination: default, gateway: 192.0.2.1 }', 'unknown key "gateway"'],
  ])('%s is refused', (entry, message) => {
    expect(errors(`routes: [${entry}]`)).toEqual([`2: ${message}`]);
  });

  test('that are the same to the kernel are refused, within an instance and between two', () => {
    const route = '{ destination: default, via: 192.0.2.1 }';
    const other = `  - { name: mail, interface: eth0, vrid: 2, addresses: [203.0.113.2], routes: [${route}] }`;
    expect(errors(`routes: [${route}, { destination: default, via: 192.0.2.2 }]`)).toEqual([
      '2: "route default via 192.0.2.2 dev eth0" already belongs to this instance: give it another "metric"',
    ]);
    expect(errors(`routes: [${route}]`, other)).toEqual([
      '3: "route default via 192.0.2.1 dev eth0" already belongs to "web": give it another "metric"',
    ]);
  });
});

describe('rules', () => {
  test.each([
    ['{ priority: 7, table: 100 }', 'rule from all priority 7 table 100'],
    [
      '{ from: all, iif: eth1, priority: 7, table: main }',
      'rule from all iif eth1 priority 7 table 254',
    ],
    [
      '{ from: 203.0.113.0/24, to: 198.51.100.0/24, oif: eth2, priority: 7, table: 1000 }',
      'rule from 203.0.113.0/24 to 198.51.100.0/24 oif eth2 priority 7 table 1000',
    ],
  ])('%s', (entry, text) => {
    expect(texts(`rules: [${entry}]`)).toEqual([text]);
  });

  test.each([
    ['{ table: 100 }', '"priority" is missing'],
    ['{ priority: 7 }', '"table" is missing'],
    [
      '{ priority: 32766, table: 100 }',
      'expected a whole number from 1 to 32765, found the number 32766',
    ],
    [
      '{ from: 203.0.113.0/24, to: 2001:db8::/32, priority: 7, table: 1 }',
      '"from" and "to" must have the same family',
    ],
  ])('%s is refused', (entry, message) => {
    expect(errors(`rules: [${entry}]`)).toEqual([`2: ${message}`]);
  });
});
