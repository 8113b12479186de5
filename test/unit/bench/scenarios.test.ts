import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  fullRouters,
  fullRouters6,
  manyRouters,
  ONE_IPV6_ROUTER,
} from '../../../bench/harness/routers.ts';
import { scenarioNamed, withRouters } from '../../../bench/harness/scenario-run.ts';

const FOLDER = new URL('../../../bench/scenarios/', import.meta.url);
const NAMES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.slice(0, -'.yaml'.length));

test.each(NAMES)('the scenario %s of the bench is one that the lab can play', (name) => {
  const scenario = scenarioNamed(name);
  // keepalived has no witness to compare with.
  const compare = scenario.witness === undefined ? ['keepalived'] : [];
  expect(scenario).toMatchObject({ name, compare });
});

test('other virtual routers replace the one in the file, and are watched', () => {
  const ipv6 = withRouters(scenarioNamed('planned'), {
    routers: ONE_IPV6_ROUTER,
    virtualMac: true,
  });
  expect(ipv6.watched).toEqual({ vrid: 55, address: '2001:db8::100' });
  expect(ipv6.probes[0]?.address).toBe('2001:db8::100');
  expect(ipv6.nodes[1]?.instances).toEqual([
    expect.objectContaining({
      ...{ vrid: 55, priority: 100, virtual_mac: true, advertisement_interval: '1s' },
      addresses: ['fe80::55:1/128', '2001:db8::100/128'],
    }),
  ]);
  const many = withRouters(scenarioNamed('many'), { routers: manyRouters() });
  expect(new Set(many.nodes[0]?.instances.map(({ name }) => name)).size).toBe(255);
});

test('the large sets have as many addresses as they say, each once, link-local ones first', () => {
  const four = fullRouters(20).flatMap(({ addresses }) => addresses);
  expect([four.length, new Set(four).size]).toEqual([5_000, 5_000]);
  const six = fullRouters6(8);
  expect(new Set(six.flatMap(({ addresses }) => addresses)).size).toBe(2_000);
  expect(six.every(({ addresses }) => addresses[0]?.startsWith('fe80:'))).toBe(true);
});
