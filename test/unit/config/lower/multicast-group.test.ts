import { expect, test } from 'vitest';
import { effectiveConfig } from '../../../../src/config/effective/effective.ts';
import { errors, instanceOf, value, web } from '../one-instance.ts';

test('a multicast group is kept, and that of the RFC is the default', () => {
  const result = web('multicast_group: 224.0.0.100');
  expect(instanceOf(result)?.multicastGroup).toBe('224.0.0.100');
  const { settings, agent, warnings } = value(result);
  expect(effectiveConfig(settings, agent).instances?.[0]?.multicast_group).toBe('224.0.0.100');
  expect(warnings).toEqual([]);
  expect(instanceOf(web('multicast_group: 224.0.0.18'))).not.toHaveProperty('multicastGroup');
});

test('one that routers forward gives a warning', () => {
  expect(value(web('multicast_group: 239.1.2.3')).warnings.map(({ message }) => message)).toEqual([
    '239.1.2.3 is not limited to a link: use one of 224.0.0.0/24, or of ff02::/16',
  ]);
});

test.each([
  ['192.0.2.1', 'expected a multicast address, found "192.0.2.1"'],
  ['x', 'expected a multicast address, found "x"'],
  ['"ff02::100"', 'ff02::100 is IPv6, but the instance is IPv4'],
])('%s is refused', (group, message) => {
  expect(errors(web(`multicast_group: ${group}`))).toEqual([message]);
});

test('it excludes unicast and strict', () => {
  const group = 'multicast_group: 224.0.0.100';
  expect(errors(web(`${group}, unicast: { peers: [192.0.2.12] }`))).toEqual([
    '"multicast_group" has no effect with "unicast": remove one',
  ]);
  expect(errors(web(`${group}, strict: true`))).toEqual(
    expect.arrayContaining([
      expect.stringContaining('remove "multicast_group" (RFC 9568 section 5.1.1.2)'),
    ]),
  );
});
