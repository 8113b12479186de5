import { describe, expect, test } from 'vitest';
import { errors, instanceOf, load, web } from '../one-instance.ts';

describe('an IPv6 virtual router', () => {
  const six = (keys = '', addresses = '["fe80::55:1", "2001:db8::100"]') =>
    web(keys, '', addresses);

  test('has a link-local address first, and /128 by default', () => {
    const instance = instanceOf(six());
    expect(instance?.family).toBe('ipv6');
    expect(instance?.addresses.map((one) => `${one.address}/${one.prefixLength}`)).toEqual([
      'fe80::55:1/128',
      '2001:db8::100/128',
    ]);
  });

  test('P-07 whose first address is global is refused at that address', () => {
    const result = load('{ name: a, interface: eth0, vrid: 1, addresses: ["2001:db8::1"] }');
    expect(result.ok ? [] : result.error).toEqual([
      expect.objectContaining({
        line: 3,
        column: 54,
        code: 'conflict',
        message: expect.stringContaining('must be link-local'),
      }),
    ]);
  });

  test.each([
    ['', 'auto'],
    ['neighbor_advertisement: { router: auto }', 'auto'],
    ['neighbor_advertisement: { router: true }', true],
    ['neighbor_advertisement: { router: false }', false],
  ])('%s: the Router flag is %s', (keys, router) => {
    expect(instanceOf(six(keys))?.neighborAdvertisement).toEqual({ router });
  });

  test('refuses an unknown value of the Router flag', () => {
    expect(errors(six('neighbor_advertisement: { router: maybe }'))).toEqual([
      expect.stringContaining('must be auto, true or false'),
    ]);
  });

  test('advertises only from a link-local address', () => {
    expect(instanceOf(six('source_address: "fe80::11"'))?.sourceAddress).toBe('fe80::11');
    expect(errors(six('source_address: "2001:db8::11"'))).toEqual([
      'the source of IPv6 advertisements must be link-local, and 2001:db8::11 is not',
    ]);
    expect(errors(six('source_address: "fe80::55:1"'))).toEqual([
      'fe80::55:1 is a virtual address: use a permanent one',
    ]);
  });

  test('reaches unicast peers of one scope', () => {
    expect(errors(six('unicast: { peers: ["2001:db8::12"] }'))).toEqual([]);
    expect(errors(six('unicast: { peers: ["fe80::12", "2001:db8::13"] }'))).toEqual([
      '2001:db8::13 and fe80::12 cannot reach each other: only one is link-local',
    ]);
    expect(errors(six('unicast: { source: "2001:db8::11", peers: ["fe80::12"] }'))).toEqual([
      'fe80::12 and 2001:db8::11 cannot reach each other: only one is link-local',
    ]);
  });

  test('may share a link-local address with an instance on another link only', () => {
    const pair = (link: string) =>
      load(
        `{ name: a, interface: eth0, vrid: 1, addresses: ["fe80::1"] }\n` +
          `  - { name: b, interface: ${link}, vrid: 2, addresses: ["fe80::1"] }`,
      );
    expect(errors(pair('eth1'))).toEqual([]);
    expect(errors(pair('eth0'))).toEqual(['fe80::1 is already used by "a"']);
  });

  test('may share its VRID with an IPv4 one', () => {
    const result = load(
      `{ name: a, interface: eth0, vrid: 1, addresses: [203.0.113.1] }\n` +
        `  - { name: b, interface: eth0, vrid: 1, addresses: ["fe80::1"] }`,
    );
    expect(errors(result)).toEqual([]);
  });
});
