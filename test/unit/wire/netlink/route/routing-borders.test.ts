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
