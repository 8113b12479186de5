import { expect, test } from 'vitest';
import { effectiveConfig } from '../../../../src/config/effective/effective.ts';
import { errors, instanceOf, load, value } from '../one-instance.ts';

function without(keys: string) {
  return load(`{ name: web, interface: eth0, vrid: 1, addresses: [], ${keys} }`);
}

test('an instance without addresses has the family of its source, or of its first peer', () => {
  const four = without('unicast: { peers: [192.0.2.12] }');
  expect(instanceOf(four)).toMatchObject({ family: 'ipv4', addresses: [] });
  expect(instanceOf(without('unicast: { peers: [{ address: "fe80::12" }] }'))?.family).toBe('ipv6');
  expect(instanceOf(without('unicast: { source: "fe80::11", peers: ["fe80::12"] }'))?.family).toBe(
    'ipv6',
  );
  const { settings, agent } = value(four);
  expect(effectiveConfig(settings, agent).instances?.[0]?.addresses).toEqual([]);
});

test('it may move other addresses, and is refused without unicast or with a wrong peer', () => {
  const moved = without('unicast: { peers: [192.0.2.12] }, extra_addresses: [203.0.113.1]');
  expect(instanceOf(moved)?.extraAddresses).toHaveLength(1);
  expect(errors(without('priority: 100'))).toEqual([
    expect.stringContaining('must not be empty: what is sent to the multicast group'),
  ]);
  expect(errors(without('unicast: { peers: [x] }'))).toEqual([
    expect.stringContaining('expected an IP address'),
  ]);
});
