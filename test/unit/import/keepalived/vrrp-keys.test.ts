/** Keys of addresses, announcements, routes and delivery, as the importer carries them. */
import { describe, expect, test } from 'vitest';
import { errorsOf, imported, instanceWith } from '../import-tool.ts';

function withAddresses(lines: string, more = '') {
  return imported(`vrrp_instance web {
  interface eth0
  virtual_router_id 51
  virtual_ipaddress {
${lines}
  }
${more}
}
`);
}

test('a VRF is carried', () => {
  const { instance, notes, yaml } = withAddresses('203.0.113.1', '  vrf blue');
  expect([instance.vrf, notes, errorsOf(yaml)]).toEqual(['blue', [], []]);
});

describe('a label', () => {
  test('is carried with its address', () => {
    const { instance, notes, yaml } = withAddresses(
      '203.0.113.1/24 label eth0:1\n203.0.113.2/24 dev eth1 label eth1:1',
    );
    expect(instance.addresses).toEqual([
      { address: '203.0.113.1/24', label: 'eth0:1' },
      { address: '203.0.113.2/24', interface: 'eth1', label: 'eth1:1' },
    ]);
    expect(notes).toEqual([]);
    expect(errorsOf(yaml)).toEqual([]);
  });

  test('that is too long leaves the address out, as in keepalived', () => {
    const list = '203.0.113.1/24 label a-label-that-is-too-long\n203.0.113.2/24';
    const { instance, of } = withAddresses(list);
    expect(instance.addresses).toEqual(['203.0.113.2/24']);
    expect([of('lost'), of('ignored')]).toMatchObject([[], { length: 1 }]);
  });

  test('of an IPv6 address has no effect, and an address with an interface is IPv6', () => {
    const { instance, of } = withAddresses('fe80::1/64 dev eth0 label eth0:1');
    expect(instance.version).toBe(3);
    expect(instance.addresses).toEqual([{ address: 'fe80::1/64', interface: 'eth0' }]);
    expect(of('ignored')).toEqual([expect.stringContaining('no labels for IPv6')]);
  });
});

describe('announcements', () => {
  test('spacing, refreshes and the bursts after a lower priority are carried', () => {
    const { instance, notes } = instanceWith(`garp_lower_prio_delay 10
garp_lower_prio_repeat 0
garp_master_refresh_repeat 2
}
global_defs {
vrrp_garp_interval 0.001
vrrp_gna_interval 0.002
vrrp_garp_lower_prio_repeat 3`);
    expect(instance.garp).toEqual({
      refresh_repeat: 2,
      interval: '1ms',
      contested: { repeat: 0, second_burst_after: '10s' },
    });
    expect(notes).toEqual([]);
  });

  test('the spacing of IPv6 is that of Neighbor Advertisements, in whole milliseconds', () => {
    const { instance, of } = imported(`global_defs {
  vrrp_garp_interval 0.005
  vrrp_gna_interval 0.000001
}
vrrp_instance web {
  interface eth0
  virtual_router_id 51
  virtual_ipaddress {
    fe80::1
  }
}
`);
    expect(instance.garp).toEqual({ interval: '1ms' });
    expect(of('changed')).toEqual([expect.stringContaining('becomes 1ms')]);
  });
});

describe('an instance without addresses', () => {
  const peers = (address: string) => `unicast_peer {\n ${address}\n}`;

  test('is carried with unicast, in the family of its peers', () => {
    const text = (more: string) =>
      imported(`vrrp_instance web {\ninterface eth0\nvirtual_router_id 51\n${more}\n}\n`);
    const four = text(`${peers('192.0.2.12')}\nno_virtual_ipaddress\nnotify_master /bin/true`);
    expect(four.instance).toMatchObject({ addresses: [], version: 2 });
    expect(four.instance.notify).toEqual({ master: ['/bin/true'] });
    expect(four.of('lost')).toEqual([]);
    expect(errorsOf(four.yaml)).toEqual([]);
    expect(text(peers('fe80::12')).instance).toMatchObject({ addresses: [], version: 3 });
  });

  test('is left out with multicast, and the note says why', () => {
    const { instance, of } = withAddresses('');
    expect(instance).toBeUndefined();
    expect(of('lost')).toEqual([expect.stringContaining('Only an instance with "unicast"')]);
  });
});

describe('routes and rules', () => {
  const routing = (kind: string, lines: string) => instanceWith(`virtual_${kind} {\n${lines}\n}`);

  test('with types, scopes, several ways, marks and names of tables are carried', () => {
    const { instance, notes, yaml } = routing(
      'routes',
      `blackhole 198.51.100.0/24
unreachable to 198.51.101.0/24 table uplink
unicast 198.51.102.0/24 dev eth0 scope link table 0x10
0.0.0.0/0 nexthop via 203.0.113.1 dev eth0 weight 2 nexthop via inet 192.0.2.1 dev eth1 onlink
}
virtual_rules {
fwmark 0x10/0xff table uplink priority 7`,
    );
    expect(instance.routes).toEqual([
      { type: 'blackhole', destination: '198.51.100.0/24' },
      { type: 'unreachable', destination: '198.51.101.0/24', table: 'uplink' },
      { destination: '198.51.102.0/24', dev: 'eth0', scope: 'link', table: 16 },
      {
        destination: 'default',
        nexthops: [
          { via: '203.0.113.1', dev: 'eth0', weight: 2 },
          { via: '192.0.2.1', dev: 'eth1', onlink: true },
        ],
      },
    ]);
    expect(instance.rules).toEqual([{ fwmark: '0x10/0xff', table: 'uplink', priority: 7 }]);
    expect(notes).toEqual([]);
    expect(errorsOf(yaml)).toEqual([]);
  });

  test('with words that have no equivalent are left out', () => {
    const { instance, of } = routing(
      'routes',
      'throw 198.51.100.0/24\n198.51.101.0/24 nexthop via 203.0.113.1 realm 7 nexthop dev eth1\n' +
        '198.51.102.0/24 via 203.0.113.1 dev eth0 track_group g',
    );
    expect(instance.routes).toBeUndefined();
    expect(of('lost')).toHaveLength(3);
  });

  test('of IPv6 have no scope', () => {
    const { instance, of } = routing('routes', '2001:db8::/32 dev eth0 scope link');
    expect(instance.routes).toEqual([{ destination: '2001:db8::/32', dev: 'eth0' }]);
    expect(of('ignored')).toHaveLength(1);
  });
});

test('delays of the start and of interfaces are carried; one delay is both', () => {
  const { document, of, yaml } = instanceWith(`}
interface_up_down_delays {
  eth0 0.2 3
  eth1 1
  eth2 x
}
global_defs {
  vrrp_startup_delay 5.5`);
  expect(document.start).toEqual({ delay: '5500ms' });
  expect(document.link_delays).toEqual([
    { interface: 'eth0', down: '200ms', up: '3s' },
    { interface: 'eth1', down: '1s', up: '1s' },
  ]);
  expect(of('ignored')).toEqual([expect.stringContaining('eth2 x')]);
  expect(of('lost')).toEqual([]);
  expect(errorsOf(yaml)).toEqual([]);
});

test('the TTL of unicast is carried, and has no effect without peers', () => {
  const { instance, of } = instanceWith(
    'unicast_ttl 64\nunicast_peer {\n 192.0.2.12 min_ttl 60\n}',
  );
  expect(instance.unicast).toEqual({ peers: [{ address: '192.0.2.12', min_ttl: 60 }], ttl: 64 });
  expect(of('lost')).toEqual([]);
  expect(instanceWith('unicast_ttl 64').of('ignored')).toEqual([
    expect.stringContaining('without unicast_peer'),
  ]);
});

test('the multicast group of all, or of an instance, is carried; unicast has none', () => {
  const all = '}\nglobal_defs {\n vrrp_mcast_group4 224.0.0.100\n vrrp_mcast_group6 ff02::100';
  const { instance, notes } = instanceWith(all);
  expect(instance.multicast_group).toBe('224.0.0.100');
  expect(notes).toEqual([]);
  expect(instanceWith(`mcast_dst_ip 224.0.0.101\n${all}`).instance.multicast_group).toBe(
    '224.0.0.101',
  );
  const unicast = instanceWith('mcast_dst_ip 224.0.0.101\nunicast_peer {\n 192.0.2.12\n}');
  expect(unicast.instance.multicast_group).toBeUndefined();
  expect(unicast.of('ignored')).toEqual([expect.stringContaining('no effect with unicast_peer')]);
});
