/** Compared with messages that ip(8) of iproute2 6.1 sent and Linux 6.18 returned in a network namespace. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip } from '../../../../../src/net/address.ts';
import type { Prefix, Route, Rule } from '../../../../../src/net/routing.ts';
import { decodeAttributes } from '../../../../../src/wire/netlink/attributes.ts';
import {
  decodeRoute,
  encodeRoute,
  encodeRouteDump,
  encodeRouteRemoval,
} from '../../../../../src/wire/netlink/route/route.ts';
import { decodeRule, encodeRule } from '../../../../../src/wire/netlink/route/rule.ts';
import { fromHex, toHex } from '../../hex.ts';

const INDEX = 3;

function prefix(text: string): Prefix {
  const [address = '', length] = text.split('/');
  return { address: ip(address), length: Number(length) };
}

function routeTo(destination: string, more: Partial<Route> = {}): Route {
  return {
    kind: 'route',
    family: destination.includes(':') ? 'ipv6' : 'ipv4',
    destination: prefix(destination),
    via: undefined,
    interface: 'v0',
    source: undefined,
    metric: 0,
    table: 254,
    onlink: false,
    mtu: undefined,
    ...more,
  };
}

function ruleOf(more: Partial<Rule>): Rule {
  const none = { from: undefined, to: undefined, incoming: undefined, outgoing: undefined };
  return { kind: 'rule', family: 'ipv4', ...none, priority: 7, table: 100, ...more };
}

/** The header, and the attributes in the order of their types. */
function parts(payload: Uint8Array) {
  const decoded = decodeAttributes(payload, 12);
  if (!decoded.ok) throw new Error(decoded.error.code);
  const types = decoded.value.types().toSorted((a, b) => a - b);
  return {
    header: toHex(payload.subarray(0, 12)),
    attributes: types.map(
      (type) => `${type}=${toHex(decoded.value.bytes(type) ?? new Uint8Array())}`,
    ),
  };
}

const FULL_ROUTE = routeTo('198.51.100.0/24', {
  via: ip('192.0.2.254'),
  source: ip('203.0.113.100'),
  metric: 50,
  table: 100,
  mtu: 1400,
  onlink: true,
});

const FULL_RULE = ruleOf({
  from: prefix('203.0.113.100/32'),
  to: prefix('198.51.100.0/24'),
  incoming: 'v0',
  outgoing: 'v1',
  table: 1000,
  priority: 1000,
});

const IPV6_RULE = ruleOf({ family: 'ipv6', to: prefix('2001:db8:1::/48') });

describe('a route is requested as ip(8) does', () => {
  test.each([
    [
      'with everything',
      FULL_ROUTE,
      '02180000647000010400000008000100c633640008000500c00002fe08000700cb0071640800060032000000' +
        '08000400030000000c0008000800020078050000',
    ],
    [
      'default',
      routeTo('0.0.0.0/0', { via: ip('192.0.2.254') }),
      '02000000fe7000010000000008000500c00002fe0800040003000000',
    ],
    [
      'on the link, in a table beyond 255',
      routeTo('198.51.100.0/24', { table: 1000 }),
      '021800000070fd010000000008000100c633640008000f00e80300000800040003000000',
    ],
    [
      'IPv6',
      routeTo('2001:db8:1::/48', { via: ip('2001:db8::fe'), metric: 7 }),
      '0a300000fe700001000000001400010020010db80001000000000000000000001400050020010db800000000' +
        '00000000000000fe08000600070000000800040003000000',
    ],
  ])('%s', (_, route, recorded) => {
    expect(parts(encodeRoute(route, INDEX, 'add'))).toEqual(parts(fromHex(recorded)));
  });

  test('to remove it, whatever its scope', () => {
    const route = routeTo('0.0.0.0/0', { via: ip('192.0.2.254') });
    const recorded = '02000000fe70ff000000000008000500c00002fe0800040003000000';
    const { header, attributes } = parts(fromHex(recorded));
    const own = parts(encodeRoute(route, INDEX, 'remove'));
    expect(own.attributes).toEqual(attributes);
    // The type, which ip(8) omits, is that of the route.
    expect(own.header).toBe(header.replace('fe70ff00', 'fe70ff01'));
  });
});

describe('a rule is requested as ip(8) does', () => {
  test.each([
    [
      'with everything',
      FULL_RULE,
      '02182000000000010000000008000200cb00716408000100c6336400070003007630000007001100763100' +
        '0008000f00e803000008000600e80300000500150070000000',
    ],
    [
      'IPv6',
      IPV6_RULE,
      '0a30000064000001000000001400010020010db80001000000000000000000000800060007000000' +
        '0500150070000000',
    ],
  ])('%s', (_, rule, recorded) => {
    expect(parts(encodeRule(rule))).toEqual(parts(fromHex(recorded)));
  });
});

describe('a dump of the kernel', () => {
  test('is read as a route', () => {
    const shown = fromHex(
      '02180000647000010400000008000f006400000008000100c633640008000600320000000c00080008000200' +
        '7805000008000700cb00716408000500c00002fe0800040003000000',
    );
    expect(decodeRoute(shown)).toEqual({
      ok: true,
      value: {
        family: 'ipv4',
        destination: prefix('198.51.100.0/24'),
        metric: 50,
        table: 100,
        protocol: 112,
        index: 3,
        source: '203.0.113.100',
      },
    });
  });

  test('of a default route has no destination', () => {
    const decoded = decodeRoute(fromHex('0a000000fe7000010000000008000f00fe000000'));
    expect(decoded).toMatchObject({ ok: true, value: { destination: prefix('::/0') } });
    const four = decodeRoute(fromHex('02000000fe70000100000000'));
    expect(four).toMatchObject({ ok: true, value: { destination: prefix('0.0.0.0/0') } });
  });

  test('has the table of its header if there is no attribute for it', () => {
    const route = decodeRoute(fromHex('020000006470000100000000'));
    expect(route).toMatchObject({ ok: true, value: { table: 100, metric: 0, protocol: 112 } });
    const rule = decodeRule(fromHex('020000006400000100000000'));
    const plain = { table: 100, priority: 0, from: undefined, to: undefined };
    expect(rule).toMatchObject({ ok: true, value: { rule: plain, protocol: 0 } });
  });

  test.each([
    [
      FULL_RULE,
      '02182000fc0000010000000008000f00e803000008000e00ffffffff05001500700000000700030076300000' +
        '070011007631000008000600e803000008000100c633640008000200cb007164',
    ],
    [
      IPV6_RULE,
      '0a300000640000010000000008000f006400000008000e00ffffffff05001500700000000800060007000000' +
        '1400010020010db8000100000000000000000000',
    ],
  ])('is read as a rule', (rule, shown) => {
    expect(decodeRule(fromHex(shown))).toEqual({ ok: true, value: { rule, protocol: 112 } });
  });

  test('of a rule of another program has its protocol', () => {
    const shown = '02000000fe0000010000000008000f00fe00000008000e00ffffffff0500150002000000';
    expect(decodeRule(fromHex(shown))).toMatchObject({ ok: true, value: { protocol: 2 } });
  });

  test('becomes a removal, without its state', () => {
    const shown = fromHex('02180000fc70fd011100000008000100c6336400');
    expect(toHex(encodeRouteRemoval(shown))).toBe('02180000fc70fd010000000008000100c6336400');
  });
});

test('a dump asks for our protocol number only', () => {
  expect(toHex(encodeRouteDump('ipv6'))).toBe('0a0000000070000000000000');
  expect(toHex(encodeRouteDump('ipv4'))).toBe('020000000070000000000000');
});

test.each([
  ['route', decodeRoute],
  ['rule', decodeRule],
] as const)(
  'a %s that is cut short or of another family is an error, and nothing throws',
  (_, decode) => {
    expect(decode(new Uint8Array(11)).ok).toBe(false);
    expect(decode(Uint8Array.from({ length: 12 }, () => 7)).ok).toBe(false);
    expect(decode(fromHex('020000000000000000000000ff000100')).ok).toBe(false);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        decode(bytes);
      }),
    );
  },
);
