import { describe, expect, test } from 'vitest';
import {
  holdsFromKernel,
  statesFromEvents,
  statesFromWire,
  unreachable,
} from '../../../../src/lab/judge/lanes.ts';
import type { Advert } from '../../../../src/lab/judge/observe.ts';
import { parseMonitor } from '../../../../src/lab/run/address-monitor.ts';
import { ip } from '../../../../src/net/address.ts';

const END = 1_000;

function event(at: number, to: string) {
  return { at, node: 'lb1', instance: 'web', from: 'INIT', to, reason: '' };
}

function advert(at: number, priority = 100): Advert {
  return { at, node: 'lb1', vrid: 55, priority, interval: 100 };
}

describe('the state of a director from its events', () => {
  test('is INIT until the first event, and then as the events say', () => {
    const states = statesFromEvents(
      [event(50, 'BACKUP'), event(400, 'MASTER')],
      [{ at: 0, machineState: 'runs' }],
      END,
    );
    expect(states).toEqual([
      { from: 0, to: 50, state: 'INIT' },
      { from: 50, to: 400, state: 'BACKUP' },
      { from: 400, to: END, state: 'MASTER' },
    ]);
  });

  test('continues after a freeze, and starts again after a crash', () => {
    const machineStates = [
      { at: 0, machineState: 'runs' },
      { at: 100, machineState: 'frozen' },
      { at: 200, machineState: 'runs' },
      { at: 300, machineState: 'crashed' },
      { at: 400, machineState: 'runs' },
    ] as const;
    const states = statesFromEvents(
      [event(10, 'MASTER'), event(500, 'BACKUP')],
      machineStates,
      END,
    );
    expect(states.map(({ state }) => state)).toEqual([
      ...['INIT', 'MASTER', 'frozen', 'MASTER', 'crashed', 'INIT', 'BACKUP'],
    ]);
  });
});

describe('the state of a director from the wire', () => {
  const machineStates = [{ at: 0, machineState: 'runs' as const }];

  test('is MASTER until one interval after its last advertisement', () => {
    expect(statesFromWire([advert(200), advert(300)], machineStates, END)).toEqual([
      { from: 0, to: 200, state: 'BACKUP' },
      { from: 200, to: 400, state: 'MASTER' },
      { from: 400, to: END, state: 'BACKUP' },
    ]);
  });

  test('ends with its resignation, but not with one lost advertisement', () => {
    const adverts = [advert(100), advert(300), advert(350, 0)];
    const masters = statesFromWire(adverts, machineStates, END).filter(
      ({ state }) => state === 'MASTER',
    );
    expect(masters).toEqual([{ from: 100, to: 350, state: 'MASTER' }]);
  });
});

test('an address on two interfaces is present until both have lost it', () => {
  const change = (at: number, interfaceName: string, isPresent: boolean) => ({
    ...{ at, interfaceName, isPresent },
    address: ip('192.0.2.100'),
  });
  const changes = [
    ...[change(100, 'eth0', true), change(200, 'vrrp0', true)],
    ...[change(300, 'eth0', false), change(400, 'vrrp0', false)],
  ];
  expect(holdsFromKernel(changes, END)).toEqual([{ from: 100, to: 400 }]);
});

test('a director that is frozen or has no link is unreachable', () => {
  const machineStates = [
    { at: 0, machineState: 'runs' },
    { at: 100, machineState: 'frozen' },
    { at: 200, machineState: 'runs' },
  ] as const;
  expect(
    unreachable(
      machineStates,
      [
        { at: 500, value: false },
        { at: 600, value: true },
      ],
      END,
    ),
  ).toEqual([
    { from: 100, to: 200, value: true },
    { from: 500, to: 600, value: false },
  ]);
});

test('ip monitor is read with microseconds', () => {
  const text = [
    '[2026-11-21T12:39:43.114330] 2: eth0    inet 192.0.2.100/32 scope global eth0\\       valid_lft',
    '[2026-11-21T12:39:44.000001] Deleted 2: eth0    inet 192.0.2.100/32 scope global eth0',
    '[2026-11-21T12:39:45.5] 2: eth0    inet6 fe80::55:1/64 scope link',
    'Timestamp: something else',
  ].join('\n');
  const second = Date.parse('2026-11-21T12:39:43Z') * 1_000;
  expect(parseMonitor(text)).toMatchObject([
    { at: second + 114_330, address: '192.0.2.100', isPresent: true },
    { at: second + 1_000_001, address: '192.0.2.100', isPresent: false },
    { at: second + 2_500_000, address: 'fe80::55:1', interfaceName: 'eth0', isPresent: true },
  ]);
});
