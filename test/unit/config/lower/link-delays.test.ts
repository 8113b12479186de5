import { expect, test } from 'vitest';
import { effectiveConfig } from '../../../../src/config/effective/effective.ts';
import { milliseconds, seconds } from '../../../../src/net/time.ts';
import { errors, load, value, web } from '../one-instance.ts';

test('delays of links and of the start are settings of the agent', () => {
  const top =
    'start: { delay: 5s }\nlink_delays: [{ interface: eth0, up: 2s, down: 100ms }, { interface: eth1 }]';
  const { settings, agent, warnings } = value(web('', top));
  expect(settings.startDelay).toBe(seconds(5));
  expect(settings.linkDelays).toEqual([
    { interface: 'eth0', up: seconds(2), down: milliseconds(100) },
    { interface: 'eth1', up: 0, down: 0 },
  ]);
  expect(warnings).toEqual([]);
  expect(effectiveConfig(settings, agent)).toMatchObject({
    start: { delay: '5s' },
    link_delays: [
      { interface: 'eth0', up: '2s', down: '100ms' },
      { interface: 'eth1', up: '0s' },
    ],
  });
  expect(value(web('')).settings).not.toHaveProperty('startDelay');
});

test('a delay that outlasts the patience of a peer gives a warning, a second entry an error', () => {
  const warned = value(web('', 'link_delays: [{ interface: eth0, down: 2s }]'));
  expect(warned.warnings.map(({ message }) => message)).toEqual([
    expect.stringContaining('write less than 2s, twice the advertisement interval'),
  ]);
  const keys = '{ name: web, interface: eth0, vrid: 1, addresses: [203.0.113.1] }';
  const twice = 'link_delays: [{ interface: eth1 }, { interface: eth1 }]';
  expect(errors(load(keys, twice))).toEqual(['eth1 already has an entry']);
  expect(errors(load(keys, 'start: { delay: 11m }'))).toEqual([expect.stringContaining('11m')]);
});
