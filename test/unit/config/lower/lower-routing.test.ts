import { describe, expect, test } from 'vitest';
import { effectiveConfig } from '../../../../src/config/effective/effective.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import { routingText } from '../../../../src/net/routing.ts';
import { managedRouting } from '../../../../src/protocol/engine/addresses/managed-routing.ts';

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

  test.each([
    ['{ destination: 198.51.100.0/24, type: blackhole }', 'route blackhole 198.51.100.0/24'],
    ['{ destination: default, type: prohibit, metric: 5 }', 'route prohibit default metric 5'],
    ['{ destination: 198.51.100.7, scope: host }', 'route 198.51.100.7 dev eth0 scope host'],
    [
      '{ destination: 198.51.100.7, scope: 7, table: local }',
      'route 198.51.100.7 dev eth0 scope 7 table 255',
    ],
    [
      '{ destination: default, nexthops: [{ via: 192.0.2.1 }, { dev: tun0, weight: 3 }] }',
      'route default nexthop via 192.0.2.1 dev eth0 weight 1 nexthop dev tun0 weight 3',
    ],
    [
      '{ destination: default, nexthops: [{ via: "fe80::1", onlink: true }, { via: "fe80::2" }] }',
      'route default nexthop via fe80::1 dev eth0 weight 1 onlink nexthop via fe80::2 dev eth0 weight 1',
    ],
  ])('%s means what ip-route makes of it, and survives the way back', (entry, text) => {
    expect(texts(`routes: [${entry}]`)).toEqual([text]);
    const loaded = load(`routes: [${entry}]`);
    if (!loaded.ok) throw new Error('refused');
    const { settings, agent } = loaded.value;
    const again = loadConfig(JSON.stringify(effectiveConfig(settings, agent)), {
      hostName: 'host',
    });
    expect(again.ok && again.value.settings).toEqual(settings);
  });

  test.each([
    [
      '{ destination: default, type: blackhole, via: 192.0.2.1 }',
      'a route of type blackhole forwards nothing: remove "via"',
    ],
    [
      '{ destination: default, nexthops: [{ via: 192.0.2.1 }] }',
      'must have two entries or more: one way is "via" and "dev"',
    ],
    [
      '{ destination: default, dev: eth1, nexthops: [{ via: 192.0.2.1 }, { dev: tun0 }] }',
      '"dev" belongs into each entry of "nexthops"',
    ],
    [
      '{ destination: default, nexthops: [{ via: 192.0.2.1 }, { via: "fe80::1" }] }',
      'fe80::1 is IPv6, but the route is IPv4',
    ],
    [
      '{ destination: default, nexthops: [{ via: 192.0.2.1 }, { onlink: true }] }',
      '"onlink" needs "via", the gateway',
    ],
    [
      '{ destination: 2001:db8::/32, scope: link }',
      'only IPv4 routes have a scope: remove "scope"',
    ],
    [
      '{ destination: default, scope: 255 }',
      'expected a whole number from 0 to 254, found the number 255',
    ],
  ])('%s is refused', (entry, message) => {
    expect(errors(`routes: [${entry}]`)).toEqual([`2: ${message}`]);
  });

  test('and rules have the tables of this host by name; of another host they differ', () => {
    const keys =
      'routes: [{ destination: default, table: uplink }], rules: [{ priority: 1, table: other }]';
    const [one = '', other = ''] = texts(keys);
    expect(/table (\d+)/.exec(one)?.[1]).not.toBe(/table (\d+)/.exec(other)?.[1]);
    const text = `instances:
  - { name: web, interface: eth0, vrid: 1, addresses: [203.0.113.1], ${keys} }
`;
    const tableNumber = (name: string) => (name === 'uplink' ? 100 : undefined);
    const loaded = loadConfig(text, { hostName: 'host', tableNumber });
    expect(loaded.ok ? [] : loaded.error.map(({ message }) => message)).toEqual([
      expect.stringContaining('no routing table has the name "other" here'),
    ]);
  });

  test('go into the table of the VRF, which check looks for on the host', () => {
    const text = `instances:
  - { name: web, interface: eth0, vrf: blue, vrid: 1, addresses: [203.0.113.1/24], routes: [{ destination: default, via: 203.0.113.9 }, { destination: 198.51.100.0/24, table: 7 }] }
`;
    const onHost = (vrf: string, table: number) =>
      loadConfig(text, {
        hostName: 'host',
        vrfTable: (name) => (name === vrf ? table : undefined),
      });
    const loaded = onHost('blue', 1_000);
    if (!loaded.ok) throw new Error('refused');
    const [instance] = loaded.value.settings.instances;
    if (instance === undefined) throw new Error('none');
    expect(instance.vrf).toEqual({ name: 'blue', table: 1_000 });
    const entries = managedRouting(instance).map(({ entry }) => routingText(entry));
    expect(entries).toEqual([
      'route 203.0.113.0/24 dev eth0 src 203.0.113.1 table 1000',
      'route 203.0.113.0/24 dev eth0 metric 2048 table 1000',
      'route default via 203.0.113.9 dev eth0 table 1000',
      'route 198.51.100.0/24 dev eth0 table 7',
    ]);
    const missing = onHost('red', 1_000);
    expect(missing.ok ? [] : missing.error.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^there is no VRF "blue" here: .*ip link set eth0 master blue/),
    ]);
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
    ['{ fwmark: 16, priority: 7, table: 1 }', 'rule from all fwmark 0x10 priority 7 table 1'],
    [
      '{ fwmark: 0x10/0xff, iif: eth1, priority: 7, table: 1 }',
      'rule from all fwmark 0x10/0xff iif eth1 priority 7 table 1',
    ],
    [
      '{ from: 203.0.113.0/24, to: 198.51.100.0/24, oif: eth2, priority: 7, table: 1000 }',
      'rule from 203.0.113.0/24 to 198.51.100.0/24 oif eth2 priority 7 table 1000',
    ],
  ])('%s', (entry, text) => {
    expect(texts(`rules: [${entry}]`)).toEqual([text]);
  });

  test.each([
    [
      '{ fwmark: 0x100/0xff, priority: 7, table: 1 }',
      'the mask 0xff does not have all bits of 0x100: no packet matches',
    ],
    ['{ fwmark: 0x100000000/0xff, priority: 7, table: 1 }', 'mark and mask have 32 bits'],
    [
      '{ fwmark: ff, priority: 7, table: 1 }',
      'expected a number, or a mark and a mask like 0x10/0xff, found "ff"',
    ],
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
