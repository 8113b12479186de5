import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { type Rule, routingKey } from '../../../src/net/routing.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import {
  addressOf,
  advert,
  defaultRoute,
  INDEX,
  linkOf,
  NO_GARP,
  PEER,
  Rig,
  VIP,
  VIP6,
} from '../rig.ts';

const EEXIST = 17;
const ESRCH = 3;
const ENETUNREACH = 101;
const GARP = { ...NO_GARP, repeat: 1 };

const ROUTE = defaultRoute(ip('192.0.2.1'), { source: VIP, table: 100 });
const ROUTE_TEXT = 'route default via 192.0.2.1 dev eth0 src 203.0.113.100 table 100';

const RULE: Rule = {
  kind: 'rule',
  family: 'ipv4',
  from: { address: VIP, length: 32 },
  to: undefined,
  incoming: undefined,
  outgoing: undefined,
  priority: 1000,
  table: 100,
};
const RULE_TEXT = 'rule from 203.0.113.100 priority 1000 table 100';

const OURS = addressOf('203.0.113.100/32', { ours: true });
const VIP_GONE = {
  kind: 'address.removed',
  ...{ index: INDEX, address: VIP, prefixLength: 32 },
} as const;
const MOVED = { routes: [ROUTE], rules: [RULE], garp: GARP };

function master(more: object = MOVED): Rig {
  const rig = new Rig([more]);
  rig.start();
  rig.becomeMaster();
  return rig;
}

describe('routes and rules', () => {
  test('of which the kernel refuses to say whether they exist are removed on release', () => {
    const ENOBUFS = 105;
    const rig = master();
    rig.errnoOf = (change) => (change.operation === 'add' ? ENOBUFS : 0);
    expect(rig.start([linkOf({ addresses: [addressOf('192.0.2.11/24'), OURS] })])).toEqual([
      `add ${ROUTE_TEXT}`,
      `add ${RULE_TEXT}`,
      `failed add ${ROUTE_TEXT} ${ENOBUFS}`,
      `failed add ${RULE_TEXT} ${ENOBUFS}`,
    ]);
    const released = rig.hear(advert({ priority: 200 }));
    expect(released).toContain(`remove ${ROUTE_TEXT}`);
    expect(released).toContain(`remove ${RULE_TEXT}`);
  });

  test('are added after the addresses in one batch, before the announcement, and removed before them', () => {
    const rig = new Rig([MOVED]);
    rig.start();
    const lines = rig.becomeMaster();
    expect(lines.slice(0, 6)).toEqual([
      'add 203.0.113.100/32',
      `add ${ROUTE_TEXT}`,
      `add ${RULE_TEXT}`,
      'advert 100 to 224.0.0.18',
      'BACKUP -> MASTER (master-timeout)',
      'arp request 203.0.113.100',
    ]);
    expect(rig.hear(advert({ priority: 200 }))).toEqual([
      'advert 100 to 224.0.0.18',
      `remove ${RULE_TEXT}`,
      `remove ${ROUTE_TEXT}`,
      'remove 203.0.113.100/32',
      'MASTER -> BACKUP (higher-priority-backup)',
    ]);
  });

  test('that are already gone do not fail a release', () => {
    const rig = master();
    rig.errnoOf = (change) => ('entry' in change ? ESRCH : 0);
    const lines = rig.hear(advert({ priority: 200 }));
    expect(lines.filter((line) => line.startsWith('failed'))).toEqual([]);
    expect(rig.view().routing.map(({ present }) => present)).toEqual([false, false]);
  });

  test('a router stops only when they are gone', () => {
    const rig = master();
    rig.errnoOf = (change) => ('entry' in change ? 1 : 0);
    expect(rig.handle({ kind: 'shutdown' })).not.toContain('finished');
    rig.errnoOf = () => 0;
    expect(rig.elapse(seconds(1))).toContain('finished');
  });

  test('wait for an address whose repair has to wait, as their source', () => {
    const rig = master();
    rig.errnoOf = (change) => ('entry' in change ? EEXIST : 0);
    rig.handle(VIP_GONE);
    rig.errnoOf = () => 0;
    expect(rig.handle(VIP_GONE)).toEqual([]);
    const gone = { kind: 'routing.removed', key: routingKey(ROUTE) } as const;
    expect(rig.handle(gone)).toEqual([]);
    const later = rig.elapse(milliseconds(500)).filter((line) => line.startsWith('add'));
    expect(later).toEqual(['add 203.0.113.100/32', `add ${ROUTE_TEXT}`, `add ${RULE_TEXT}`]);
  });

  test('after more IPv6 addresses than one turn adds wait for the last of them', () => {
    const addresses = [VIP6, ...Array.from({ length: 20 }, (_, i) => ip(`2001:db8::${i + 1}`))];
    const six = addresses.map((address) => ({ address, prefixLength: 128, interface: 'eth0' }));
    const rig = new Rig([{ ...MOVED, family: 'ipv6', addresses: six }]);
    rig.start();
    const lines = rig.becomeMaster().filter((line) => line.startsWith('add '));
    expect(lines).toHaveLength(23);
    expect(lines.slice(-3)).toEqual([
      'add 2001:db8::20/128',
      `add ${ROUTE_TEXT}`,
      `add ${RULE_TEXT}`,
    ]);
  });
});

describe('a route that another program removes', () => {
  test('from a MASTER is restored', () => {
    const rig = master();
    const removed = { kind: 'routing.removed', key: routingKey(ROUTE) } as const;
    expect(rig.handle(removed)).toEqual([`add ${ROUTE_TEXT}`, `restored ${ROUTE_TEXT}`]);
    expect(rig.count('routes-restored')).toBe(1);
  });

  test('from a BACKUP is not reported, and neither is one of another program', () => {
    const rig = master();
    rig.hear(advert({ priority: 200 }));
    expect(rig.handle({ kind: 'routing.removed', key: routingKey(ROUTE) })).toEqual([]);
    expect(rig.handle({ kind: 'routing.removed', key: 'route ipv4 192.0.2.0/24 254 0' })).toEqual(
      [],
    );
  });

  test('silently, with an address it depends on, is found missing and restored', () => {
    const rig = master();
    rig.errnoOf = (change) => ('entry' in change && change.entry.kind === 'rule' ? EEXIST : 0);
    const lines = rig.handle({
      ...{ kind: 'address.removed', index: INDEX, address: VIP, prefixLength: 32 },
    });
    expect(lines).toContain(`restored ${ROUTE_TEXT}`);
    expect(lines.join()).not.toContain('failed');
    expect(rig.count('routes-restored')).toBe(1);
  });

  test('and whose removal is reported late, after it was restored, is not mistaken for a foreign one', () => {
    const rig = master();
    rig.errnoOf = (change) => ('entry' in change ? EEXIST : 0);
    const lines = rig.handle({ kind: 'routing.removed', key: routingKey(ROUTE) });
    expect(lines).toEqual([`add ${ROUTE_TEXT}`]);
    expect(rig.view().routing[0]).toMatchObject({ present: true, refusal: 0 });
  });
});

describe('a route that is refused', () => {
  test('is reported once, tried again every five seconds, and not a reason for FAULT', () => {
    const rig = new Rig([MOVED]);
    rig.errnoOf = (change) =>
      'entry' in change && change.entry.kind === 'route' ? ENETUNREACH : 0;
    rig.start();
    expect(rig.becomeMaster()).toContain(`failed add ${ROUTE_TEXT} ${ENETUNREACH}`);
    expect(rig.state).toBe('MASTER');
    expect(rig.view().routing).toEqual([
      { text: ROUTE_TEXT, present: false, refusal: ENETUNREACH },
      { text: RULE_TEXT, present: true, refusal: 0 },
    ]);
    const later = rig.elapse(seconds(11)).filter((line) => !line.startsWith('advert'));
    expect(later).toEqual([`add ${ROUTE_TEXT}`, `add ${ROUTE_TEXT}`]);
    rig.errnoOf = () => 0;
    rig.elapse(seconds(5));
    expect(rig.view().routing[0]).toMatchObject({ present: true, refusal: 0 });
    expect(rig.count('routes-refused')).toBe(1);
  });

  test('because a foreign one exists does not remove that one on release', () => {
    const rig = new Rig([{ ...MOVED, rules: [] }]);
    rig.errnoOf = (change) => ('entry' in change ? EEXIST : 0);
    rig.start();
    expect(rig.becomeMaster()).toContain(`failed add ${ROUTE_TEXT} ${EEXIST}`);
    expect(rig.hear(advert({ priority: 200 }))).not.toContain(`remove ${ROUTE_TEXT}`);
  });

  test('because its interface is missing is not added until the interface appears', () => {
    const rig = new Rig([{ ...MOVED, routes: [{ ...ROUTE, interface: 'eth1' }], rules: [] }]);
    rig.start();
    expect(rig.becomeMaster().join()).toContain('failed add route default');
    const eth1 = linkOf({ index: 3, name: 'eth1', addresses: [] });
    const lines = rig.handle({ kind: 'link.changed', link: eth1 });
    expect(lines).toContain('add route default via 192.0.2.1 dev eth1 src 203.0.113.100 table 100');
  });
});

describe('extra addresses', () => {
  const EXTRA6 = { address: ip('2001:db8::7'), prefixLength: 128, interface: 'eth0' };

  test('of the other family move, and are announced in the way of their family', () => {
    const rig = new Rig([{ garp: GARP, extraAddresses: [EXTRA6] }]);
    rig.start();
    const lines = rig.becomeMaster();
    expect(lines).toContain('add 2001:db8::7/128');
    expect(lines).toContain('na 2001:db8::7');
    expect(rig.view().addresses).toEqual(['203.0.113.100/32']);
    expect(rig.hear(advert({ priority: 200, source: PEER }))).toContain('remove 2001:db8::7/128');
  });

  test('of IPv4 beside IPv6 addresses are never the source of advertisements', () => {
    const extra = { address: ip('203.0.113.7'), prefixLength: 32, interface: 'eth0' };
    const rig = new Rig([{ family: 'ipv6', garp: GARP, extraAddresses: [extra] }]);
    rig.start([linkOf({ addresses: [addressOf('fe80::11/64')] })]);
    expect(rig.becomeMaster()).toContain('arp request 203.0.113.7');
    expect(rig.state).toBe('MASTER');
  });

  test('are adopted by the next process as they are, and a missing one is restored', () => {
    const old = master();
    const own = linkOf();
    const links = [
      { ...own, addresses: [...own.addresses, addressOf(`${VIP}/32`, { ours: true })] },
    ];
    const next = new Rig([MOVED], { links, standby: true });
    next.now = old.now;
    next.start();
    next.errnoOf = (change) => ('entry' in change && change.entry.kind === 'route' ? EEXIST : 0);
    const capture = JSON.parse(JSON.stringify(old.engine.capture()));
    const lines = next.handle({ kind: 'adopt', capture });
    expect(lines.filter((line) => line.includes('route') || line.includes('rule'))).toEqual([
      `add ${ROUTE_TEXT}`,
      `add ${RULE_TEXT}`,
      `restored ${RULE_TEXT}`,
    ]);
  });
});
