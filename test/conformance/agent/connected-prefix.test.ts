/** VIPs configured with the prefix of a subnet: a single host in the kernel, and at most a route. */
import { describe, expect, test } from 'vitest';
import { ip, mac } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings, VirtualAddress } from '../../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import { addressOf, advert, defaultRoute, INDEX, instanceOf, linkOf, Rig, VIP } from '../rig.ts';

const EEXIST = 17;
const CONNECTED = 'route 203.0.113.0/24 dev eth0 src 203.0.113.100';
const CONNECTED6 = 'route 2001:db8::/64 dev eth0';
const FE80 = addressOf('fe80::11/64');
const OWN4 = addressOf('192.0.2.11/24');

function at(text: string, interfaceName = 'eth0'): VirtualAddress {
  const { address, prefixLength } = addressOf(text);
  return { address, prefixLength, interface: interfaceName };
}

const WIDE = { addresses: [at('203.0.113.100/24')] };
const WIDE6 = {
  family: 'ipv6' as const,
  addresses: [at('fe80::100/64'), at('2001:db8::100/64')],
};

function master(...instances: Partial<InstanceSettings>[]): Rig {
  const rig = new Rig(instances);
  rig.start();
  rig.becomeMaster();
  return rig;
}

const added = (text: string) =>
  ({ kind: 'address.added', index: INDEX, address: addressOf(text) }) as const;

function removed(text: string) {
  const { address, prefixLength } = addressOf(text);
  return { kind: 'address.removed', index: INDEX, address, prefixLength } as const;
}

/** The changes requested from the kernel. */
function changes(lines: readonly string[]): string[] {
  return lines.filter((line) => /^(add|remove) /.test(line));
}

describe('the prefix of a VIP', () => {
  test('is a route unless another address has it: added after the VIP, removed before it', () => {
    const rig = new Rig([WIDE]);
    rig.start();
    expect(changes(rig.becomeMaster())).toEqual(['add 203.0.113.100/32', `add ${CONNECTED}`]);
    expect(rig.view().addresses).toEqual(['203.0.113.100/24']);
    expect(rig.view().routing).toEqual([{ text: CONNECTED, present: true, refusal: 0 }]);
    expect(changes(rig.hear(advert({ priority: 200 })))).toEqual([
      `remove ${CONNECTED}`,
      'remove 203.0.113.100/32',
    ]);
  });

  test('is not a route if an address of the host has it', () => {
    const rig = new Rig([WIDE]);
    rig.start([linkOf({ addresses: [OWN4, addressOf('203.0.113.11/24')] })]);
    expect(changes(rig.becomeMaster())).toEqual(['add 203.0.113.100/32']);
    expect(rig.view().routing).toEqual([]);
  });

  test('follows the addresses of the host, whatever becomes of them', () => {
    const rig = master(WIDE);
    expect(changes(rig.handle(added('203.0.113.11/24')))).toEqual([`remove ${CONNECTED}`]);
    expect(changes(rig.handle(added('203.0.113.12/24')))).toEqual([]);
    expect(changes(rig.handle(removed('203.0.113.11/24')))).toEqual([]);
    expect(changes(rig.handle(removed('203.0.113.12/24')))).toEqual([`add ${CONNECTED}`]);
    expect(rig.count('routes-restored')).toBe(0);
  });

  test('of another length is another prefix', () => {
    const rig = master(WIDE);
    rig.errnoOf = () => EEXIST;
    rig.handle(added('203.0.113.11/25'));
    expect(rig.view().routing).toMatchObject([{ text: CONNECTED, present: true }]);
  });

  test('is seen in a new dump of the kernel', () => {
    const rig = master(WIDE);
    const vip = addressOf('203.0.113.100/32', { ours: true });
    const own = addressOf('203.0.113.11/24');
    expect(changes(rig.start([linkOf({ addresses: [OWN4, vip, own] })]))).toEqual([
      `remove ${CONNECTED}`,
    ]);
  });

  test('is restored when it is deleted by hand, unlike routes of others', () => {
    const rig = master(WIDE);
    const key = 'route ipv4 203.0.113.0/24 254 0';
    const hop = { index: INDEX, source: VIP };
    const foreign = { ...hop, source: ip('203.0.113.9') };
    expect(rig.handle({ kind: 'routing.removed', key, hop: foreign })).toEqual([]);
    expect(rig.handle({ kind: 'routing.removed', key, hop })).toEqual([
      `add ${CONNECTED}`,
      `restored ${CONNECTED}`,
    ]);
  });

  test('precedes the routes that need it, and yields to a configured route', () => {
    const route = defaultRoute(ip('203.0.113.50'));
    const rig = new Rig([{ ...WIDE, routes: [route] }]);
    rig.start();
    const gateway = 'route default via 203.0.113.50 dev eth0';
    expect(changes(rig.becomeMaster())).toEqual([
      'add 203.0.113.100/32',
      `add ${CONNECTED}`,
      `add ${gateway}`,
    ]);
    const destination = { address: ip('203.0.113.0'), length: 24 };
    const same = new Rig([{ ...WIDE, routes: [{ ...route, destination, via: undefined }] }]);
    same.start();
    expect(changes(same.becomeMaster()).slice(1)).toEqual(['add route 203.0.113.0/24 dev eth0']);
  });

  test('that two VIPs share is one route', () => {
    const rig = new Rig([{ addresses: [at('203.0.113.100/24'), at('203.0.113.101/24')] }]);
    rig.start();
    expect(changes(rig.becomeMaster()).slice(2)).toEqual([`add ${CONNECTED}`]);
  });

  test('of closed VIPs names none of them as the source', () => {
    const rig = new Rig([{ ...WIDE, accept: false }]);
    rig.start();
    expect(changes(rig.becomeMaster())).toContain('add route 203.0.113.0/24 dev eth0');
  });

  test('over IPv6 is a route beside a link-local address alone', () => {
    const rig = new Rig([WIDE6]);
    rig.start();
    expect(changes(rig.becomeMaster())).toEqual([
      'add fe80::100/128',
      'add 2001:db8::100/128',
      `add ${CONNECTED6}`,
    ]);
    expect(changes(rig.handle(added('2001:db8::11/64')))).toEqual([`remove ${CONNECTED6}`]);
  });

  test('over IPv6 for which another program has a route is not a failure, and is checked again', () => {
    const rig = new Rig([WIDE6]);
    rig.errnoOf = (change) => ('entry' in change ? EEXIST : 0);
    rig.start();
    expect(rig.becomeMaster().join()).not.toContain('failed');
    expect(rig.view().routing).toEqual([]);
    expect(rig.hear(advert({ source: ip('fe80::12'), priority: 200 }))).not.toContain(
      `remove ${CONNECTED6}`,
    );
    const again = new Rig([WIDE6]);
    again.errnoOf = rig.errnoOf;
    again.start();
    again.becomeMaster();
    again.errnoOf = () => 0;
    expect(changes(again.elapse(seconds(5)))).toEqual([`add ${CONNECTED6}`]);
  });

  test('on a virtual link is not a route if the interface itself has it', () => {
    const name = 'vr4-55-eth0';
    const virtual = linkOf({ index: 7, name, addresses: [], running: false, up: false });
    const more = {
      addresses: [at('192.0.2.100/24', name), at('203.0.113.100/24', name)],
      virtualMac: { interface: name, mac: mac('00:00:5e:00:01:37') },
    };
    const rig = new Rig([more]);
    rig.start([linkOf(), virtual]);
    expect(changes(rig.becomeMaster())).toEqual([
      'add 192.0.2.100/32',
      'add 203.0.113.100/32',
      `add route 203.0.113.0/24 dev ${name} src 203.0.113.100`,
    ]);
  });

  test('of a link-local VIP on a virtual link is a route of that link', () => {
    const name = 'vr6-55-eth0';
    const virtual = linkOf({ index: 7, name, addresses: [], running: false, up: false });
    const more = {
      family: 'ipv6' as const,
      addresses: [at('fe80::100/64', name)],
      virtualMac: { interface: name, mac: mac('00:00:5e:00:02:37') },
    };
    const rig = new Rig([more]);
    rig.start([linkOf(), virtual]);
    expect(changes(rig.becomeMaster())).toContain(`add route fe80::/64 dev ${name}`);
  });
});

describe('a prefix of several instances on one link', () => {
  const second = { name: 'second', vrid: 56 };

  test('over IPv4 is a route for each, with its own source', () => {
    const rig = master(WIDE, { ...second, addresses: [at('203.0.113.101/24')] });
    expect(changes(rig.hear(advert({ priority: 200 })))).toEqual([
      `remove ${CONNECTED}`,
      'remove 203.0.113.100/32',
    ]);
    expect(rig.view(1).routing).toMatchObject([{ present: true }]);
  });

  test('over IPv6 stays until the last of them leaves', () => {
    const addresses = [at('fe80::101/64'), at('2001:db8::101/64')];
    const rig = master(WIDE6, { ...second, family: 'ipv6', addresses });
    const source = ip('fe80::12');
    rig.errnoOf = (change) => ('entry' in change && change.operation === 'add' ? EEXIST : 0);
    const first = changes(rig.hear(advert({ source, priority: 200 })));
    expect(first).toEqual([
      `add ${CONNECTED6}`,
      'remove fe80::100/128',
      'remove 2001:db8::100/128',
    ]);
    expect(rig.view(1).routing).toEqual([{ text: CONNECTED6, present: true, refusal: 0 }]);
    const last = changes(rig.hear(advert({ source, vrid: 56, priority: 200 })));
    expect(last).toContain(`remove ${CONNECTED6}`);
  });
});

describe('a wide VIP in the kernel', () => {
  const wide = addressOf('203.0.113.100/24', { ours: true });

  test('of a former run is removed from a BACKUP at startup', () => {
    const rig = new Rig([WIDE]);
    const lines = rig.start([linkOf({ addresses: [OWN4, FE80, wide] })]);
    expect(changes(lines)).toEqual(['remove 203.0.113.100/24']);
    expect(lines).toContain('cleaned 203.0.113.100');
  });

  test('of the process before is replaced by a single host without a gap', () => {
    const old = master({ addresses: [at('203.0.113.100/32')] });
    const next = new Rig([WIDE], {
      links: [linkOf({ addresses: [OWN4, FE80, wide] })],
      standby: true,
    });
    next.now = old.now;
    next.start();
    const capture = JSON.parse(
      JSON.stringify(old.engine.capture()).replaceAll('.100/32', '.100/24'),
    );
    const lines = next.handle({ kind: 'adopt', capture });
    expect(changes(lines)).toEqual([
      'add 203.0.113.100/32',
      `add ${CONNECTED}`,
      'remove 203.0.113.100/24',
    ]);
    expect(lines.join()).not.toMatch(/restored|cleaned/);
    expect(changes(next.hear(advert({ priority: 200 })))).toContain('remove 203.0.113.100/32');
  });

  test('over IPv6 is taken over as it is, and removed as it is', () => {
    const six = [
      addressOf('fe80::100/64', { ours: true }),
      addressOf('2001:db8::100/64', { ours: true }),
    ];
    const old = master({ ...WIDE6, addresses: [at('fe80::100/128'), at('2001:db8::100/128')] });
    const next = new Rig([WIDE6], {
      links: [linkOf({ addresses: [OWN4, FE80, ...six] })],
      standby: true,
    });
    next.now = old.now;
    next.start();
    const capture = JSON.parse(JSON.stringify(old.engine.capture()).replaceAll('/128', '/64'));
    expect(changes(next.handle({ kind: 'adopt', capture }))).toEqual([`add ${CONNECTED6}`]);
    const lines = changes(next.hear(advert({ source: ip('fe80::12'), priority: 200 })));
    expect(lines).toEqual([
      `remove ${CONNECTED6}`,
      'remove fe80::100/64',
      'remove 2001:db8::100/64',
    ]);
  });

  test('of another program satisfies the owner of the address', () => {
    const rig = new Rig([{ ...WIDE, priority: 255 }]);
    const own = addressOf('203.0.113.100/24');
    expect(changes(rig.start([linkOf({ addresses: [OWN4, own] })]))).toEqual([]);
    expect(rig.state).toBe('MASTER');
    expect(changes(rig.handle({ kind: 'shutdown' }))).toEqual([]);
  });
});

describe('a prefix whose route another program has removed, and not its address', () => {
  const GIVEN = [OWN4, addressOf('203.0.113.11/24')];
  const STAND_IN = 'route 203.0.113.0/24 dev eth0 metric 2048';
  const RESTORED = 'route 203.0.113.0/24 dev eth0';

  /** A MASTER whose host gives the prefix; its VIPs are renewed each second. */
  function given(...more: Partial<InstanceSettings>[]): Rig {
    const instances = more.length === 0 ? [{}] : more;
    const rig = new Rig(instances.map((one) => ({ ...WIDE, lease: seconds(4), ...one })));
    rig.start([linkOf({ addresses: GIVEN })]);
    rig.becomeMaster();
    return rig;
  }

  test('is connected again within two renewals, behind every other route, and reported', () => {
    const rig = given();
    expect(changes(rig.elapse(seconds(5))).filter((line) => line.includes('route'))).toEqual([]);
    rig.prefixRoute = 'none';
    expect(changes(rig.elapse(seconds(2)))).toEqual([`add ${STAND_IN}`]);
    expect(rig.reports.filter(({ kind }) => kind === 'route-restored')).toEqual([
      { kind: 'route-restored', instance: 'web', route: RESTORED, count: 1 },
    ]);
    rig.prefixRoute = 'ours';
    expect(changes(rig.elapse(seconds(5)))).toEqual([]);
    expect(rig.view().routing).toEqual([{ text: STAND_IN, present: true, refusal: 0 }]);
    expect(rig.count('routes-restored')).toBe(1);
  });

  test('is connected again as soon as a router becomes MASTER, except without leases', () => {
    const lease = seconds(40);
    for (const [settings, expected] of [
      [{ lease }, [`add ${STAND_IN}`]],
      [{}, []],
    ] as const) {
      const rig = new Rig([{ ...WIDE, ...settings }]);
      rig.start([linkOf({ addresses: GIVEN })]);
      rig.prefixRoute = 'none';
      rig.becomeMaster();
      expect(changes(rig.elapse(milliseconds(1_500)))).toEqual(expected);
    }
  });

  test('is left to the other route when there is one again, and to no route on release', () => {
    const rig = given();
    rig.prefixRoute = 'none';
    rig.elapse(seconds(2));
    rig.prefixRoute = 'other';
    expect(changes(rig.elapse(seconds(2)))).toEqual([`remove ${STAND_IN}`]);
    rig.prefixRoute = 'none';
    expect(changes(rig.elapse(seconds(2)))).toEqual([`add ${STAND_IN}`]);
    expect(changes(rig.hear(advert({ priority: 200 })))).toEqual([
      `remove ${STAND_IN}`,
      'remove 203.0.113.100/32',
    ]);
    expect(changes(rig.elapse(seconds(2)))).toEqual([]);
  });

  test('is connected by the VIP once the address is gone as well', () => {
    const rig = given();
    rig.prefixRoute = 'none';
    rig.elapse(seconds(2));
    const lines = changes(rig.handle(removed('203.0.113.11/24')));
    expect(lines.toSorted()).toEqual([`add ${CONNECTED}`, `remove ${STAND_IN}`]);
    expect(changes(rig.handle(added('203.0.113.11/24')))).toEqual([`remove ${CONNECTED}`]);
  });

  test('is not judged by a host that has its own route', () => {
    const rig = given();
    rig.prefixRoute = null;
    expect(changes(rig.elapse(seconds(5)))).toEqual([]);
  });

  test('is not missed while the link of the address is down', () => {
    const rig = given({ onInterfaceDown: 'ignore' });
    const link = (up: boolean) =>
      ({ kind: 'link.changed', link: linkOf({ addresses: GIVEN, up, running: up }) }) as const;
    rig.handle(link(false));
    rig.prefixRoute = 'none';
    expect(changes(rig.elapse(seconds(5))).filter((line) => line.includes('route'))).toEqual([]);
    rig.prefixRoute = 'other';
    rig.handle(link(true));
    expect(changes(rig.elapse(seconds(5))).filter((line) => line.includes('route'))).toEqual([]);
    rig.prefixRoute = 'none';
    expect(changes(rig.elapse(seconds(2)))).toContain(`add ${STAND_IN}`);
    expect(changes(rig.handle(link(false)))).toContain(`remove ${STAND_IN}`);
    rig.prefixRoute = 'other';
    expect(changes(rig.handle(link(true))).filter((line) => line.includes('add'))).toEqual([]);
  });

  test('is restored ever more slowly while the other program continues', () => {
    const rig = given();
    const additions = [];
    for (let round = 0; round < 60; round++) {
      rig.prefixRoute = round % 2 === 0 ? 'none' : 'other';
      const lines = changes(rig.elapse(seconds(1)));
      if (lines.includes(`add ${STAND_IN}`)) additions.push(round);
    }
    expect(additions.length).toBeGreaterThan(3);
    const counts = rig.reports.flatMap((one) => (one.kind === 'route-restored' ? one.count : []));
    expect(counts).toEqual([1, 2, 4, 8, 16].filter((count) => count <= additions.length));
  });

  test('is connected by the link of the address, not by a virtual link above it', () => {
    const name = 'vr4-55-eth0';
    const rig = new Rig([
      {
        addresses: [at('203.0.113.100/24', name), at('203.0.113.101/24')],
        lease: seconds(4),
        virtualMac: { interface: name, mac: mac('00:00:5e:00:01:37') },
      },
    ]);
    const upper = linkOf({ index: 9, name, addresses: [], running: false, up: false });
    rig.start([linkOf({ addresses: GIVEN }), upper]);
    rig.becomeMaster();
    rig.elapse(seconds(2));
    rig.prefixRoute = 'none';
    expect(changes(rig.elapse(seconds(2)))).toEqual([`add ${STAND_IN}`]);
  });

  test('of many routers is asked for a few times in a turn', () => {
    const many = Array.from({ length: 40 }, (_, at) => ({
      ...{ name: `i${at}`, vrid: at + 1, priority: 255 - at, lease: seconds(4) },
      addresses: [{ address: ip(`10.0.${at}.100`), prefixLength: 24, interface: 'eth0' }],
    }));
    const rig = new Rig(many);
    const own = many.map((_, at) => addressOf(`10.0.${at}.11/24`));
    rig.start([linkOf({ addresses: [OWN4, ...own] })]);
    rig.becomeMaster();
    rig.elapse(seconds(1));
    rig.prefixRoute = 'none';
    let most = 0;
    for (let turn = 0; turn < 5_000; turn++) {
      const lines = changes(rig.elapse(milliseconds(1)));
      most = Math.max(most, lines.length);
    }
    expect(most).toBeLessThanOrEqual(4);
    expect(rig.count('routes-restored')).toBe(1);
  });

  test('is judged by all its hosts in turn, however many prefixes there are', () => {
    const hosts = Array.from({ length: 6 }, (_, at) => `10.0.0.${at + 1}`);
    for (const more of [1, 2, 3]) {
      const extraAddresses = Array.from({ length: more }, (_, place) => place + 1).map((net) =>
        at(`10.0.${net}.4/29`),
      );
      const rig = new Rig([
        { ...WIDE, addresses: [at('10.0.0.4/29')], extraAddresses, lease: seconds(4) },
      ]);
      const own = extraAddresses.map((_, place) => addressOf(`10.0.${place + 1}.5/29`));
      rig.start([linkOf({ addresses: [OWN4, addressOf('10.0.0.5/29'), ...own] })]);
      rig.becomeMaster();
      rig.elapse(seconds(10));
      const asked = rig.asked.filter((host) => host.startsWith('10.0.0.'));
      expect([...new Set(asked)].toSorted()).toEqual(hosts);
    }
  });

  test('is known to the next process', () => {
    const old = given();
    old.prefixRoute = 'none';
    old.elapse(seconds(2));
    const vip = addressOf('203.0.113.100/32', { ours: true });
    const next = new Rig([{ ...WIDE, lease: seconds(4) }], {
      links: [linkOf({ addresses: [...GIVEN, vip] })],
      standby: true,
    });
    next.now = old.now;
    next.start();
    next.errnoOf = (change) => ('entry' in change ? EEXIST : 0);
    const capture = JSON.parse(JSON.stringify(old.engine.capture()));
    const lines = next.handle({ kind: 'adopt', capture });
    expect(changes(lines)).toEqual([`add ${STAND_IN}`]);
    expect(lines.join()).not.toMatch(/restored/);
    next.errnoOf = () => 0;
    expect(changes(next.hear(advert({ priority: 200 })))).toContain(`remove ${STAND_IN}`);
  });
});

describe('another configured prefix length', () => {
  test('changes the route, and the address stays', () => {
    const rig = master(WIDE);
    const before = { router: 'lb1', linger: 'off' as const, syncGroups: [] };
    const change = settingsChange(
      { ...before, instances: [instanceOf(WIDE)] },
      { ...before, instances: [instanceOf({ addresses: [at('203.0.113.100/25')] })] },
    );
    expect(changes(rig.handle({ kind: 'settings.changed', change }))).toEqual([
      'add route 203.0.113.0/25 dev eth0 src 203.0.113.100',
      `remove ${CONNECTED}`,
    ]);
    expect(rig.state).toBe('MASTER');
    expect(rig.view().addresses).toEqual(['203.0.113.100/25']);
  });
});
