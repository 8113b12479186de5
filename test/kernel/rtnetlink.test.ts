import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realNames } from '../../src/daemon/host/real-names.ts';
import { NETLINK_ROUTE } from '../../src/kernel/ffi/constants.ts';
import { errnoNumber } from '../../src/kernel/ffi/errno.ts';
import { KernelError } from '../../src/kernel/ffi/kernel-error.ts';
import { NetlinkSocket } from '../../src/kernel/netlink/netlink-socket.ts';
import { Routes, type RoutesOptions } from '../../src/kernel/rtnetlink/routes.ts';
import { measureTakeover } from '../../src/kernel/rtnetlink/takeover-cost.ts';
import { ip as ipAddress } from '../../src/net/address.ts';
import type { AddressChange, LinkEvent } from '../../src/net/link.ts';
import { RTM_NEWADDR } from '../../src/wire/netlink/route/address.ts';
import { inNamespace } from './namespace.ts';
import { ip, kernelSuite, linkIn, NamespacePair, until } from './support.ts';

const EEXIST = errnoNumber('EEXIST');
const EADDRNOTAVAIL = errnoNumber('EADDRNOTAVAIL');
const ENODEV = errnoNumber('ENODEV');
const EINVAL = errnoNumber('EINVAL');

let pair: NamespacePair;
let routes: Routes;
let index: number;

beforeEach(() => {
  pair = new NamespacePair();
  index = linkIn(pair.a, 'v0').index;
  routes = open();
});

afterEach(() => {
  routes.close();
  pair.remove();
});

function open(options?: RoutesOptions): Routes {
  return inNamespace(pair.a, () => new Routes(options));
}

function change(
  operation: 'add' | 'remove',
  address: string,
  prefixLength = address.includes(':') ? 128 : 32,
): AddressChange {
  return { operation, index, address: ipAddress(address), prefixLength };
}

function shown(address: string): string {
  return ip('-n', pair.a, '-details', 'address', 'show', 'dev', 'v0', 'to', address);
}

/** Events until one satisfies the condition. */
async function eventsUntil(last: (event: LinkEvent) => boolean): Promise<LinkEvent[]> {
  const events: LinkEvent[] = [];
  await until(() => {
    expect(routes.drain((event) => events.push(event))).toBe('drained');
    return events.some(last);
  });
  return events;
}

function errnosOf(changes: readonly AddressChange[]): number[] {
  return routes.changeKernel(changes).map(({ errno }) => errno);
}

kernelSuite('the default gateway of a link', () => {
  test('is that of its default route, for each family', () => {
    expect([routes.gateway(index, 'ipv4'), routes.gateway(index, 'ipv6')]).toEqual([null, null]);
    ip('-n', pair.a, 'route', 'add', 'default', 'via', '192.0.2.2');
    ip('-n', pair.a, '-6', 'route', 'add', 'default', 'via', 'fe80::2', 'dev', 'v0');
    expect(routes.gateway(index, 'ipv4')).toBe('192.0.2.2');
    expect(routes.gateway(index, 'ipv6')).toBe('fe80::2');
  });

  test('is none on a link that the default route does not use', () => {
    ip('-n', pair.a, 'link', 'add', 'd0', 'type', 'veth', 'peer', 'name', 'd1');
    ip('-n', pair.a, 'address', 'add', '198.51.100.1/24', 'dev', 'd0');
    for (const link of ['d0', 'd1']) ip('-n', pair.a, 'link', 'set', link, 'up');
    ip('-n', pair.a, 'route', 'add', 'default', 'via', '192.0.2.2');
    const other = linkIn(pair.a, 'd0').index;
    expect(routes.gateway(other, 'ipv4')).toBeNull();
    expect(routes.gateway(other, 'ipv6')).toBeNull();
  });
});

kernelSuite('changing addresses', () => {
  test('255 addresses are added and removed, with one errno for each', () => {
    const addresses = Array.from({ length: 255 }, (_, i) => `198.51.100.${i}`);
    const none = addresses.map(() => 0);
    expect(errnosOf(addresses.map((address) => change('add', address)))).toEqual(none);
    expect(linkIn(pair.a, 'v0').addresses.filter(({ ours }) => ours)).toHaveLength(255);
    const removals = addresses.map((address) => change('remove', address));
    expect(errnosOf(removals)).toEqual(none);
    expect(linkIn(pair.a, 'v0').addresses.filter(({ ours }) => ours)).toEqual([]);
  });

  test('a failed change has an errno and does not stop the rest', () => {
    const missing = { ...change('add', '198.51.100.3'), index: 9_999 };
    expect(
      errnosOf([
        change('add', '198.51.100.1'),
        change('add', '198.51.100.1'),
        change('remove', '198.51.100.2'),
        missing,
        change('add', '2001:db8::100'),
        change('add', '2001:db8::100'),
        change('remove', '2001:db8::101'),
        change('remove', '198.51.100.1'),
      ]),
    ).toEqual([0, EEXIST, EADDRNOTAVAIL, ENODEV, 0, EEXIST, EADDRNOTAVAIL, 0]);
  });

  test('a refusal has the explanation of the kernel', () => {
    const [answer] = routes.changeKernel([change('add', '198.51.100.1', 33)]);
    expect(answer).toEqual({ errno: EINVAL, text: expect.stringMatching(/prefix length/i) });
  });

  test('40 IPv6 addresses are usable immediately', () => {
    const changes = Array.from({ length: 40 }, (_, i) => change('add', `2001:db8::${i + 100}`));
    expect(errnosOf(changes)).toEqual(changes.map(() => 0));
    const added = linkIn(pair.a, 'v0').addresses.filter(({ ours }) => ours);
    expect(added).toHaveLength(40);
    expect(added.filter(({ tentative, duplicate }) => tentative || duplicate)).toEqual([]);
  });

  test('F-A2 an IPv6 address brings its solicited-node group, and takes it away', () => {
    const groups = () =>
      inNamespace(pair.a, () => readFileSync('/proc/thread-self/net/igmp6', 'utf8'));
    expect(groups()).not.toContain('ff0200000000000000000001ff550001');
    routes.changeKernel([change('add', 'fe80::55:1')]);
    expect(groups()).toContain('ff0200000000000000000001ff550001');
    routes.changeKernel([change('remove', 'fe80::55:1')]);
    expect(groups()).not.toContain('ff0200000000000000000001ff550001');
  });

  test('virtual addresses carry the marks that keep them harmless', () => {
    routes.changeKernel([
      change('add', '198.51.100.1'),
      change('add', '198.51.100.130', 25),
      change('add', '2001:db8::100'),
    ]);
    expect(shown('198.51.100.1')).toMatch(/198\.51\.100\.1\/32 scope global/);
    expect(shown('198.51.100.130')).toContain('noprefixroute');
    expect(errnosOf([{ ...change('add', '198.51.100.2'), label: 'v0:web' }])).toEqual([0]);
    expect(shown('198.51.100.2')).toContain('scope global v0:web');
    expect(shown('2001:db8::100')).toMatch(
      /2001:db8::100\/128 scope global.*nodad.*\n.*preferred_lft 0sec/,
    );
  });

  test('addresses of other programs do not count as ours', () => {
    expect(linkIn(pair.a, 'v0').addresses.filter(({ ours }) => ours)).toEqual([]);
  });

  test('FR-H without marks, the addresses that are remembered or were added here are ours', () => {
    ip('-n', pair.a, 'address', 'add', '203.0.113.7/32', 'dev', 'v0');
    ip('-n', pair.a, 'address', 'add', '203.0.113.8/32', 'dev', 'v0');
    const remembered = new Set([ipAddress('203.0.113.7')]);
    const other = open({ remembered });
    const oursIn = (from: Routes) =>
      from
        .snapshot()
        .links.flatMap(({ addresses }) => addresses)
        .flatMap(({ address, ours }) => (ours ? [address] : []));
    expect(oursIn(other)).toEqual(['203.0.113.7']);
    expect(oursIn(routes)).toEqual([]);
    const claimed = [ipAddress('203.0.113.8')];
    expect([other.claim(claimed), routes.claim(claimed)]).toEqual([true, false]);
    expect(oursIn(other)).toEqual(['203.0.113.7', '203.0.113.8']);
    ip('-n', pair.a, 'address', 'add', '203.0.113.7/32', 'dev', 'lo');
    expect(oursIn(other)).toEqual(['203.0.113.7', '203.0.113.8']);
    other.close();
  });
});

kernelSuite('changes from the kernel', () => {
  test('an address that another program adds and deletes', async () => {
    ip('-n', pair.a, 'address', 'add', '203.0.113.7/32', 'dev', 'v0');
    ip('-n', pair.a, 'address', 'delete', '203.0.113.7/32', 'dev', 'v0');
    const address = ipAddress('203.0.113.7');
    const events = await eventsUntil((event) => event.kind === 'address.removed');
    const state = { address, prefixLength: 32, ours: false, tentative: false, duplicate: false };
    expect(events.filter((event) => JSON.stringify(event).includes(address))).toEqual([
      { kind: 'address.added', index, address: state },
      { kind: 'address.removed', index, address, prefixLength: 32 },
    ]);
  });

  test('forwarding of IPv6 that another program enables', async () => {
    expect(linkIn(pair.a, 'v0').forwarding).toBe(false);
    inNamespace(pair.a, () => writeFileSync('/proc/sys/net/ipv6/conf/all/forwarding', '1'));
    const events = await eventsUntil((event) => event.kind === 'forwarding.changed');
    expect(events).toContainEqual({ kind: 'forwarding.changed', index, forwarding: true });
    expect(linkIn(pair.a, 'v0').forwarding).toBe(true);
  });

  test('a link that goes down and comes up again', async () => {
    await pair.settled();
    ip('-n', pair.a, 'link', 'set', 'v0', 'down');
    await eventsUntil((event) => event.kind === 'link.changed' && !event.link.running);
    expect(linkIn(pair.a, 'v0').running).toBe(false);
    ip('-n', pair.a, 'link', 'set', 'v0', 'up');
    await eventsUntil((event) => event.kind === 'link.changed' && event.link.running);
    expect(linkIn(pair.a, 'v0').running).toBe(true);
  });

  test('a carrier that is lost because the other end went down', async () => {
    await pair.settled();
    ip('-n', pair.b, 'link', 'set', 'v0', 'down');
    await eventsUntil((event) => event.kind === 'link.changed' && !event.link.running);
  });

  test('a link that is deleted and created again with another index', async () => {
    ip('-n', pair.a, 'link', 'delete', 'v0');
    await eventsUntil((event) => event.kind === 'link.removed' && event.index === index);
    ip('-n', pair.a, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'w0', 'netns', pair.b);
    const events = await eventsUntil(
      (event) => event.kind === 'link.changed' && event.link.name === 'v0',
    );
    expect(events).toContainEqual(expect.objectContaining({ kind: 'link.changed' }));
    expect(linkIn(pair.a, 'v0').index).not.toBe(index);
  });

  test('FR-I3 a link that becomes a port of a bridge, and leaves it', async () => {
    ip('-n', pair.a, 'link', 'add', 'br1', 'type', 'bridge');
    const bridge = linkIn(pair.a, 'br1').index;
    const portOf = (event: LinkEvent) =>
      event.kind === 'link.changed' && event.link.index === index ? event.link.portOf : -1;
    ip('-n', pair.a, 'link', 'set', 'v0', 'master', 'br1');
    await eventsUntil((event) => portOf(event) === bridge);
    expect(routes.snapshot().links.find((link) => link.index === index)?.portOf).toBe(bridge);
    ip('-n', pair.a, 'link', 'set', 'v0', 'nomaster');
    await eventsUntil((event) => portOf(event) === undefined);
  });

  test('FR-L4 an alternative name leads to the interface', () => {
    ip('-n', pair.a, 'link', 'property', 'add', 'dev', 'v0', 'altname', 'lan0');
    const names = inNamespace(pair.a, () =>
      ['lan0', 'v0', 'nowhere', 'a-name-that-is-too-long'].map(realNames()),
    );
    expect(names).toEqual(['v0', 'v0', 'nowhere', 'a-name-that-is-too-long']);
  });

  test('FR-C5 another MAC address of a link', async () => {
    ip('-n', pair.a, 'link', 'set', 'v0', 'address', '02:00:00:00:00:99');
    await eventsUntil(
      (event) => event.kind === 'link.changed' && event.link.mac === '02:00:00:00:00:99',
    );
  });

  test('leaving a bridge does not count as the end of the link', async () => {
    ip('-n', pair.a, 'link', 'add', 'br0', 'type', 'bridge');
    ip('-n', pair.a, 'link', 'set', 'v0', 'master', 'br0');
    ip('-n', pair.a, 'link', 'set', 'v0', 'nomaster');
    ip('-n', pair.a, 'link', 'delete', 'br0');
    const events = await eventsUntil((event) => event.kind === 'link.removed');
    expect(events.filter((e) => e.kind === 'link.removed' && e.index === index)).toEqual([]);
  });

  test('lost messages are reported once as overrun, and no old ones are left', () => {
    const small = open({ monitorReceiveBuffer: 1 });
    const addresses = Array.from({ length: 200 }, (_, i) => `198.51.100.${i}`);
    routes.changeKernel(addresses.map((address) => change('add', address)));
    const results = [small.drain(() => undefined), small.drain(() => expect.unreachable())];
    small.close();
    expect(results).toEqual(['overrun', 'drained']);
  });
});

kernelSuite('a lifetime', () => {
  const ADDRESSES = ['198.51.100.7', '2001:db8::7'] as const;
  const isThere = (address: string) => shown(address).includes(address);

  test.each(ADDRESSES)('ends unless it is renewed in time: %s', async (address) => {
    const limited = { ...change('add', address), lifetime: 2 };
    expect(errnosOf([limited])).toEqual([0]);
    expect(shown(address)).toContain('valid_lft 2sec');
    for (let renewal = 0; renewal < 6; renewal++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(errnosOf([{ ...limited, operation: 'renew' }])).toEqual([0]);
    }
    expect(isThere(address)).toBe(true);
    expect(shown(address).includes('deprecated')).toBe(address.includes(':'));
    await until(() => !isThere(address));
  });

  test.each(ADDRESSES)('can be removed, and added again: %s', (address) => {
    routes.changeKernel([change('add', address)]);
    expect(shown(address)).toContain('valid_lft forever');
    const renewal = { ...change('add', address), operation: 'renew' as const };
    routes.changeKernel([{ ...renewal, lifetime: 60 }]);
    expect(shown(address)).toMatch(/valid_lft (60|59)sec/);
    routes.changeKernel([{ ...renewal, lifetime: 0xffffffff }]);
    expect(shown(address)).toContain('valid_lft forever');
  });
});

kernelSuite('netlink requests', () => {
  test('answers are right even if the receive buffer holds few of them', () => {
    const requests = Array.from({ length: 100 }, () => ({
      type: RTM_NEWADDR,
      flags: 0,
      payload: new Uint8Array(8),
    }));
    const socket = inNamespace(
      pair.a,
      () => new NetlinkSocket({ protocol: NETLINK_ROUTE, name: 'small', receiveBuffer: 1 }),
    );
    const answers = socket.transact(requests);
    socket.close();
    expect(answers.map(({ errno }) => errno)).toEqual(
      requests.map(() => errnoNumber('EOPNOTSUPP')),
    );
  });

  test('a refused request has the explanation of the kernel', () => {
    const socket = inNamespace(
      pair.a,
      () => new NetlinkSocket({ protocol: NETLINK_ROUTE, name: 'route' }),
    );
    const request = { type: 0xffff, flags: 0, payload: new Uint8Array(0) };
    expect(() => socket.query('ask the impossible', request)).toThrow(KernelError);
    expect(() => socket.query('ask the impossible', request)).toThrow(
      'ask the impossible: EOPNOTSUPP',
    );
    socket.close();
  });
});

kernelSuite('the cost of a takeover', () => {
  test('FR-O4 is measured with every address, in a namespace of its own', () => {
    const home = readlinkSync('/proc/thread-self/ns/net');
    const four = Array.from({ length: 300 }, (_, at) => ipAddress(`10.0.${at % 2}.${at >> 1}`));
    const six = Array.from({ length: 20 }, (_, at) => ipAddress(`2001:db8::${at + 1}`));
    const cost = measureTakeover([four, six]);
    expect(cost?.addresses).toBe(320);
    expect(cost?.milliseconds).toBeGreaterThan(0);
    expect(cost?.renewalMicroseconds.map((each) => (each ?? 0) > 0)).toEqual([true, true]);
    expect(readlinkSync('/proc/thread-self/ns/net')).toBe(home);
    expect(ip('address', 'show', 'dev', 'lo')).not.toContain('10.0.1.');
  });
});
