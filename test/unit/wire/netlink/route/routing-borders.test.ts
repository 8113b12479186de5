/** Routes and rules at the borders of their fields. */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../../../src/net/address.ts';
import type { Route, Rule } from '../../../../../src/net/routing.ts';
import { AttributeWriter } from '../../../../../src/wire/netlink/attributes.ts';
import {
  decodeRoute,
  encodeRoute,
  encodeRouteRemoval,
} from '../../../../../src/wire/netlink/route/route.ts';
import { decodeRule, encodeRule } from '../../../../../src/wire/netlink/route/rule.ts';
import { fromHex, toHex } from '../../hex.ts';

function routeOf(more: Partial<Route> = {}): Route {
  return {
    kind: 'route',
    family: 'ipv4',
    destination: { address: ip('198.51.100.0'), length: 24 },
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

const RULE: Rule = {
  kind: 'rule',
  family: 'ipv4',
  from: undefined,
  to: undefined,
  incoming: undefined,
  outgoing: undefined,
  priority: 7,
  table: 100,
};

const TABLE = 4;
const SCOPE = 6;

describe('a table', () => {
  const attribute = (table: number) => toHex(new AttributeWriter().uint32(15, table).finish());
  const encoders = [
    ['route', (table: number) => encodeRoute(routeOf({ table }), 3, 'add')],
    ['rule', (table: number) => encodeRule({ ...RULE, table })],
  ] as const;

  test.each(encoders)(
    'of a %s is in the header up to 255, and an attribute beyond',
    (_, encode) => {
      expect(encode(255)[TABLE]).toBe(255);
      expect(toHex(encode(255))).not.toContain(attribute(255));
      expect(encode(256)[TABLE]).toBe(0);
      expect(toHex(encode(256))).toContain(attribute(256));
    },
  );
});

describe('a route', () => {
  test('on the link has the scope of the link over IPv4 only', () => {
    const six = routeOf({ family: 'ipv6', destination: { address: ip('2001:db8::'), length: 32 } });
    expect(encodeRoute(routeOf(), 3, 'add')[SCOPE]).toBe(253);
    expect(encodeRoute(six, 3, 'add')[SCOPE]).toBe(0);
    expect(encodeRoute(routeOf({ via: ip('192.0.2.1') }), 3, 'add')[SCOPE]).toBe(0);
  });

  test('that refuses has its type, no interface and the widest scope', () => {
    const types = (['blackhole', 'unreachable', 'prohibit'] as const).map((refuses) =>
      encodeRoute(routeOf({ interface: undefined, refuses }), 0, 'add'),
    );
    expect(types.map((payload) => payload[7])).toEqual([6, 7, 8]);
    expect(types.map((payload) => payload[SCOPE])).toEqual([0, 0, 0]);
    expect(toHex(types[0] ?? new Uint8Array())).toBe(
      '02180000fe70000600000000' + '08000100c6336400',
    );
  });

  test('has the scope that is asked for', () => {
    expect(encodeRoute(routeOf({ scope: 254 }), 3, 'add')[SCOPE]).toBe(254);
    expect(encodeRoute(routeOf({ scope: 254 }), 3, 'remove')[SCOPE]).toBe(255);
  });

  test('with several ways is requested with all of them, and removed by its key', () => {
    const hops = [
      { via: ip('192.0.2.2'), interface: 'v0', weight: 1, onlink: true },
      { via: undefined, interface: 'v1', weight: 256, onlink: false },
    ];
    const several = routeOf({ interface: undefined, hops });
    const added = encodeRoute(several, 0, 'add', [3, 4]);
    expect(added[SCOPE]).toBe(0);
    expect(toHex(added)).toContain(
      '1c00' + '0900' + '1000040003000000' + '08000500c0000202' + '080000ff04000000',
    );
    const direct = routeOf({ interface: undefined, hops: hops.slice(1) });
    expect(encodeRoute(direct, 0, 'add', [4])[SCOPE]).toBe(253);
    const removed = toHex(encodeRoute(several, 0, 'remove', [3, 4]));
    expect(removed).toBe('02180000fe70ff0100000000' + '08000100c6336400');
  });

  test('of a dump is removed without its state and its ways', () => {
    const shown = encodeRoute(
      routeOf({
        interface: undefined,
        hops: [{ via: ip('192.0.2.2'), interface: 'v0', weight: 1, onlink: false }],
        mtu: 1400,
        metric: 5,
      }),
      0,
      'add',
      [3],
    );
    expect(toHex(encodeRouteRemoval(shown))).toBe(
      '02180000fe70000100000000' + '08000100c6336400' + '0800060005000000',
    );
    expect(encodeRouteRemoval(Uint8Array.of(...shown.slice(0, 12), 99, 0, 1, 0))).toHaveLength(12);
  });

  test('whose destination is of the other family has none', () => {
    const header = fromHex('021800000000000000000000');
    const other = new AttributeWriter().bytes(1, new Uint8Array(16).fill(1)).finish();
    expect(decodeRoute(Uint8Array.of(...header, ...other))).toMatchObject({
      value: { destination: { address: '0.0.0.0' } },
    });
  });

  test('as the kernel has shown it is not changed by the request for its removal', () => {
    const shown = fromHex('02180000fc70fd011100000008000100c6336400');
    encodeRouteRemoval(shown);
    expect(toHex(shown)).toBe('02180000fc70fd011100000008000100c6336400');
  });
});

test('a rule whose prefix is of the other family has none', () => {
  const header = fromHex('021820000000000000000000');
  const other = new AttributeWriter().bytes(2, new Uint8Array(16).fill(1)).finish();
  expect(decodeRule(Uint8Array.of(...header, ...other))).toMatchObject({
    value: { rule: { from: undefined, to: undefined } },
  });
});

describe('the mark of a rule', () => {
  test('is read back, with the mask of all bits if none is shown', () => {
    const mark = { value: 0x10, mask: 0xff };
    expect(decodeRule(encodeRule({ ...RULE, mark }))).toMatchObject({ value: { rule: { mark } } });
    const shown = (type: number, value: number) =>
      Uint8Array.of(...encodeRule(RULE), ...new AttributeWriter().uint32(type, value).finish());
    expect(decodeRule(shown(10, 7))).toMatchObject({
      value: { rule: { mark: { value: 7, mask: 0xffffffff } } },
    });
    expect(decodeRule(shown(16, 7))).toMatchObject({
      value: { rule: { mark: { value: 0, mask: 7 } } },
    });
    expect(decodeRule(encodeRule(RULE))).not.toHaveProperty('value.rule.mark');
  });
});
