import { afterEach, beforeEach, expect, test } from 'vitest';
import { errnoNumber } from '../../src/kernel/ffi/errno.ts';
import { Routes } from '../../src/kernel/rtnetlink/routes.ts';
import { ip as ipAddress } from '../../src/net/address.ts';
import type { LinkEvent } from '../../src/net/link.ts';
import { type Route, type RoutingEntry, type Rule, routingKey } from '../../src/net/routing.ts';
import { inNamespace } from './namespace.ts';
import { ip, kernelSuite, linkIn, NamespacePair, until } from './support.ts';

const EEXIST = errnoNumber('EEXIST');
const ESRCH = errnoNumber('ESRCH');
const ENETUNREACH = errnoNumber('ENETUNREACH');

let pair: NamespacePair;
let routes: Routes;
let index: number;

beforeEach(() => {
  pair = new NamespacePair();
  index = linkIn(pair.a, 'v0').index;
  routes = inNamespace(pair.a, () => new Routes());
});

afterEach(() => {
  routes.close();
  pair.remove();
});

function routeTo(address: string, length: number, more: Partial<Route> = {}): Route {
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  return {
    kind: 'route',
    family,
    destination: { address: ipAddress(address), length },
    via: ipAddress(family === 'ipv4' ? '192.0.2.2' : '2001:db8::2'),
    interface: 'v0',
    source: undefined,
    metric: family === 'ipv4' ? 0 : 1024,
    table: 254,
    onlink: false,
    mtu: undefined,
    ...more,
  };
}

const RULE: Rule = {
  kind: 'rule',
  family: 'ipv4',
  from: { address: ipAddress('203.0.113.100'), length: 32 },
  to: undefined,
  incoming: 'v0',
  outgoing: undefined,
  priority: 1000,
  table: 1000,
};

function change(operation: 'add' | 'remove', ...entries: RoutingEntry[]): number[] {
  const changes = entries.map((entry) => ({
    operation,
    entry,
    index: entry.kind === 'route' ? index : 0,
  }));
  return routes.changeKernel(changes).map(({ errno }) => errno);
}

/** Routes and rules of ours as ip(8) shows them. */
function ours(): string[] {
  const shown = [
    ip('-n', pair.a, 'route', 'show', 'table', 'all', 'proto', '112'),
    ...ip('-n', pair.a, 'rule')
      .split('\n')
      .filter((line) => line.includes('proto 112')),
  ];
  return shown.flatMap((text) => text.split('\n').filter((line) => line !== ''));
}

async function eventsUntil(kind: LinkEvent['kind']): Promise<LinkEvent[]> {
  const events: LinkEvent[] = [];
  await until(() => {
    routes.drain((event) => events.push(event));
    return events.some((event) => event.kind === kind);
  });
  return events.filter((event) => 'key' in event);
}

kernelSuite('routes and rules', () => {
  test('are added after the address they need, in one batch, and removed before it', () => {
    const vip = { index, address: ipAddress('203.0.113.100'), prefixLength: 32 };
    const route = routeTo('0.0.0.0', 0, {
      source: vip.address,
      table: 1000,
      metric: 50,
      mtu: 1400,
    });
    const six = routeTo('2001:db8:1::', 48, { metric: 7 });
    const answers = routes.changeKernel([
      { operation: 'add', ...vip },
      { operation: 'add', entry: route, index },
      { operation: 'add', entry: six, index },
      { operation: 'add', entry: RULE, index: 0 },
    ]);
    expect(answers.map(({ errno }) => errno)).toEqual([0, 0, 0, 0]);
    expect(ours().map((line) => line.trim())).toEqual([
      'default via 192.0.2.2 dev v0 table 1000 src 203.0.113.100 metric 50 mtu 1400',
      '2001:db8:1::/48 via 2001:db8::2 dev v0 metric 7 pref medium',
      '1000:\tfrom 203.0.113.100 iif v0 lookup 1000 proto 112',
    ]);
    expect(change('remove', RULE, six, route)).toEqual([0, 0, 0]);
    expect(ours()).toEqual([]);
  });

  test('of every type, with several ways, a scope and a mark, leave no rest', () => {
    ip('-n', pair.a, 'address', 'add', '203.0.113.1/24', 'dev', 'v0');
    const hop = (via: string, weight: number) =>
      ({ via: ipAddress(via), interface: 'v0', weight, onlink: false }) as const;
    const several = { via: undefined, interface: undefined } as const;
    const four = routeTo('198.51.100.0', 25, {
      ...several,
      hops: [hop('192.0.2.2', 1), hop('203.0.113.2', 2)],
    });
    const six = routeTo('2001:db8:1::', 48, {
      ...several,
      hops: [hop('2001:db8::2', 1), hop('2001:db8::3', 1)],
    });
    const refusing = (['blackhole', 'unreachable', 'prohibit'] as const).flatMap((refuses, at) => [
      routeTo(`198.51.100.${128 + at}`, 32, { ...several, refuses }),
      routeTo(`2001:db8:${at + 2}::`, 48, { ...several, refuses }),
    ]);
    const scoped = routeTo('198.51.100.200', 32, { via: undefined, scope: 0 });
    const marked: Rule = { ...RULE, mark: { value: 0x10, mask: 0xff } };
    const changes = [four, six, ...refusing, scoped, RULE, marked].map((entry) => {
      const isDirect = entry.kind === 'route' && entry.interface !== undefined;
      return { entry, index: isDirect ? index : 0, hops: [index, index] };
    });
    const errnos = (operation: 'add' | 'remove') =>
      routes.changeKernel(changes.map((one) => ({ operation, ...one }))).map(({ errno }) => errno);
    expect(new Set(errnos('add'))).toEqual(new Set([0]));
    const shown = ours().join('\n');
    expect(shown).toMatch(/nexthop via 203\.0\.113\.2 dev v0 weight 2/);
    expect(shown).toMatch(/blackhole 198\.51\.100\.128/);
    expect(shown).toMatch(/prohibit 2001:db8:4::\/48/);
    expect(shown).toContain('fwmark 0x10/0xff');
    expect(ip('-n', pair.a, 'route', 'show', '198.51.100.200')).not.toContain('scope');
    const seen = new Set<string>();
    routes.drain((event) => 'key' in event && seen.add(event.key));
    expect([...seen].sort()).toEqual(changes.map(({ entry }) => routingKey(entry)).sort());
    expect(new Set(errnos('remove'))).toEqual(new Set([0]));
    expect(ours()).toEqual([]);
    errnos('add');
    expect(routes.clearRouting()).toHaveLength(changes.length);
    expect(ours()).toEqual([]);
  });

  test('that exist already, are missing or cannot be reached have an errno', () => {
    const route = routeTo('198.51.100.0', 24);
    expect(change('add', route, RULE)).toEqual([0, 0]);
    expect(change('add', route, RULE)).toEqual([EEXIST, EEXIST]);
    expect(change('remove', routeTo('198.51.100.128', 25))).toEqual([ESRCH]);
    const lost = routeTo('203.0.113.0', 24, { via: ipAddress('198.18.0.1') });
    expect(change('add', lost)).toEqual([ENETUNREACH]);
    expect(change('add', { ...lost, onlink: true })).toEqual([0]);
  });

  test('of other programs are neither removed nor reported', async () => {
    ip('-n', pair.a, 'route', 'add', '198.51.100.0/24', 'via', '192.0.2.2');
    ip(
      '-n',
      pair.a,
      'rule',
      'add',
      'from',
      '203.0.113.100',
      'iif',
      'v0',
      'table',
      '1000',
      'pref',
      '1000',
    );
    const route = routeTo('198.51.100.0', 24);
    expect(change('add', route)).toEqual([EEXIST]);
    expect(change('remove', route)).toEqual([ESRCH]);
    expect(change('remove', RULE)).not.toEqual([0]);
    expect(ip('-n', pair.a, 'route')).toContain('198.51.100.0/24');
    expect(ip('-n', pair.a, 'rule')).toContain('203.0.113.100');
    const own = routeTo('198.51.100.128', 25);
    change('add', own);
    expect(await eventsUntil('routing.added')).toEqual([
      { kind: 'routing.added', key: routingKey(own), hop: { index, source: undefined } },
    ]);
  });

  test('that another program deletes are reported, in both families', async () => {
    const entries = [routeTo('198.51.100.0', 24), routeTo('2001:db8:1::', 48), RULE];
    change('add', ...entries);
    await eventsUntil('routing.added');
    ip('-n', pair.a, 'route', 'delete', '198.51.100.0/24');
    ip('-n', pair.a, '-6', 'route', 'delete', '2001:db8:1::/48');
    ip('-n', pair.a, 'rule', 'delete', 'priority', '1000');
    const removed: LinkEvent[] = [];
    await until(() => {
      routes.drain((event) => {
        if (event.kind === 'routing.removed') removed.push(event);
      });
      return removed.length === 3;
    });
    expect(removed).toMatchObject(
      entries.map((entry) => ({ kind: 'routing.removed', key: routingKey(entry) })),
    );
  });

  test('that an earlier run has left are removed, and no others', () => {
    const table = { table: 1000, metric: 7 };
    change('add', routeTo('198.51.100.0', 24), routeTo('0.0.0.0', 0, table), RULE);
    change('add', routeTo('2001:db8:1::', 48), routeTo('2001:db8:2::', 48, { mtu: 1400 }));
    ip('-n', pair.a, 'route', 'add', '203.0.113.0/24', 'via', '192.0.2.2');
    const cleared = inNamespace(pair.a, () => routes.clearRouting());
    expect(cleared.toSorted()).toEqual([
      'route 0.0.0.0/0 table 1000',
      'route 198.51.100.0/24 table 254',
      'route 2001:db8:1::/48 table 254',
      'route 2001:db8:2::/48 table 254',
      'rule from 203.0.113.100 iif v0 priority 1000 table 1000',
    ]);
    expect(ours()).toEqual([]);
    expect(ip('-n', pair.a, 'route')).toContain('203.0.113.0/24');
  });
});

kernelSuite('the prefix of an address as a route', () => {
  const vip = ipAddress('203.0.113.100');
  const other = ipAddress('203.0.113.101');
  const connected = (source: Route['source']): Route =>
    routeTo('203.0.113.0', 24, { via: undefined, source, connected: true });
  const six = routeTo('2001:db8:7::', 64, { via: undefined, connected: true });
  const hosts = [vip, other].map((address) => ({ address, prefixLength: 32 }));

  function addHosts(): void {
    const additions = hosts.map((one) => ({ operation: 'add' as const, ...one, index }));
    expect(routes.changeKernel(additions).map(({ errno }) => errno)).toEqual([0, 0]);
  }

  test('comes after the routes of other programs, and beside those of other sources', () => {
    ip('-n', pair.a, 'route', 'add', '203.0.113.0/24', 'dev', 'v0', 'proto', 'static');
    addHosts();
    expect(change('add', connected(vip), connected(other))).toEqual([0, 0]);
    expect(change('add', connected(vip))).toEqual([EEXIST]);
    expect(ip('-n', pair.a, 'route', 'get', '203.0.113.9')).not.toContain('src 203.0.113.100');
    expect(change('remove', connected(vip))).toEqual([0]);
    expect(ours().map((line) => line.trim())).toEqual([
      '203.0.113.0/24 dev v0 scope link src 203.0.113.101',
    ]);
    expect(change('remove', connected(other))).toEqual([0]);
    expect(ip('-n', pair.a, 'route')).toContain('203.0.113.0/24 dev v0 proto static');
  });

  test('over IPv6 does not replace the route of another program', () => {
    ip('-n', pair.a, '-6', 'route', 'add', '2001:db8:7::/64', 'dev', 'v0', 'proto', 'static');
    expect(change('add', six)).toEqual([EEXIST]);
    expect(change('remove', six)).toEqual([ESRCH]);
    ip('-n', pair.a, '-6', 'route', 'del', '2001:db8:7::/64', 'dev', 'v0', 'proto', 'static');
    expect(change('add', six)).toEqual([0]);
    ip('-n', pair.a, 'address', 'add', '2001:db8:7::9/64', 'dev', 'v0', 'nodad');
    expect(change('remove', six)).toEqual([0]);
    expect(ip('-n', pair.a, '-6', 'route')).toContain('2001:db8:7::/64 dev v0 proto kernel');
  });

  test('is reported with its link and its source', async () => {
    addHosts();
    expect(change('add', connected(other))).toEqual([0]);
    expect(await eventsUntil('routing.added')).toEqual([
      { kind: 'routing.added', key: routingKey(connected(other)), hop: { index, source: other } },
    ]);
  });

  test.each([0, 1])(
    'an address of the host goes without a VIP (promote_secondaries=%i)',
    (promote) => {
      const key = `net.ipv4.conf.v0.promote_secondaries=${promote}`;
      ip('netns', 'exec', pair.a, 'sysctl', '-qw', key);
      addHosts();
      ip('-n', pair.a, 'address', 'add', '203.0.113.11/24', 'dev', 'v0');
      ip('-n', pair.a, 'address', 'del', '203.0.113.11/24', 'dev', 'v0');
      const shown = ip('-n', pair.a, '-o', 'address', 'show', 'dev', 'v0');
      expect(shown).toContain('203.0.113.100/32');
      ip('-n', pair.a, 'address', 'add', '203.0.113.11/24', 'dev', 'v0');
      routes.changeKernel(hosts.map((one) => ({ operation: 'remove', ...one, index })));
      expect(ip('-n', pair.a, '-o', 'address', 'show', 'dev', 'v0')).toContain('203.0.113.11/24');
    },
  );
});

kernelSuite('the route to a prefix', () => {
  const four = { address: ipAddress('192.0.2.0'), length: 24 };
  const six = { address: ipAddress('2001:db8::'), length: 64 };
  const found = () => [
    routes.prefixRoute(index, four, ipAddress('192.0.2.77')),
    routes.prefixRoute(index, six, ipAddress('2001:db8::77')),
  ];

  test.each(['none', 'a default route'])('is missing beside %s once it was removed', (other) => {
    if (other !== 'none') {
      ip('-n', pair.a, 'route', 'add', 'default', 'via', '192.0.2.2');
      ip('-n', pair.a, '-6', 'route', 'add', 'default', 'via', 'fe80::2', 'dev', 'v0');
    }
    expect(found()).toEqual(['other', 'other']);
    ip('-n', pair.a, 'route', 'del', '192.0.2.0/24');
    ip('-n', pair.a, '-6', 'route', 'del', '2001:db8::/64', 'dev', 'v0');
    expect(found()).toEqual(['none', 'none']);
  });

  test('may be ours, unless another one has precedence', () => {
    ip('-n', pair.a, 'route', 'del', '192.0.2.0/24');
    ip('-n', pair.a, '-6', 'route', 'del', '2001:db8::/64', 'dev', 'v0');
    const standIn = { via: undefined, metric: 2048, connected: true, standIn: true } as const;
    const entries = [
      routeTo(four.address, four.length, standIn),
      routeTo(six.address, six.length, standIn),
    ];
    expect(change('add', ...entries)).toEqual([0, 0]);
    expect(found()).toEqual(['ours', 'ours']);
    expect(change('add', ...entries)).toEqual([EEXIST, EEXIST]);
    ip('-n', pair.a, 'route', 'add', '192.0.2.0/24', 'dev', 'v0', 'metric', '100');
    ip('-n', pair.a, '-6', 'route', 'add', '2001:db8::/64', 'dev', 'v0');
    expect(found()).toEqual(['other', 'other']);
    expect(change('remove', ...entries)).toEqual([0, 0]);
    expect(found()).toEqual(['other', 'other']);
  });

  test('is not known from a host with a route of its own', () => {
    expect(routes.prefixRoute(index, four, ipAddress('192.0.2.1'))).toBeNull();
  });

  test.each(['blackhole', 'unreachable', 'prohibit'])(
    'is not known from a host or a part that a %s route refuses',
    (type) => {
      for (const refused of ['192.0.2.77/32', '192.0.2.64/26']) {
        ip('-n', pair.a, 'route', 'add', type, refused);
        expect(found()).toEqual([null, 'other']);
        ip('-n', pair.a, 'route', 'del', type, refused);
      }
      expect(found()).toEqual(['other', 'other']);
    },
  );

  test('is missing beside a default route of another link', () => {
    ip('-n', pair.a, 'link', 'add', 'v9', 'type', 'veth', 'peer', 'name', 'v8');
    for (const name of ['v8', 'v9']) ip('-n', pair.a, 'link', 'set', name, 'up');
    ip('-n', pair.a, 'route', 'add', 'default', 'dev', 'v9');
    expect(found()).toEqual(['other', 'other']);
    ip('-n', pair.a, 'route', 'del', '192.0.2.0/24');
    ip('-n', pair.a, '-6', 'route', 'del', '2001:db8::/64', 'dev', 'v0');
    expect(found()).toEqual(['none', 'none']);
  });
});
