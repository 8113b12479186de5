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

function told(at: number, to: string) {
  return { at, node: 'lb1', instance: 'web', from: 'INIT', to, reason: '' };
}

function advert(at: number, priority = 100): Advert {
  return { at, node: 'lb1', vrid: 55, priority, interval: 100 };
}

describe('the state of a director that tells it', () => {
  test('is INIT until it has told something, and then what it has told', () => {
    const states = statesFromEvents(
      [told(50, 'BACKUP'), told(400, 'MASTER')],
      [{ at: 0, life: 'runs' }],
      END,
    );
    expect(states).toEqual([
      { from: 0, to: 50, state: 'INIT' },
      { from: 50, to: 400, state: 'BACKUP' },
      { from: 400, to: END, state: 'MASTER' },
    ]);
  });

  test('goes on after a freeze, and begins anew after a crash', () => {
    const lives = [
      { at: 0, life: 'runs' },
      { at: 100, life: 'frozen' },
      { at: 200, life: 'runs' },
      { at: 300, life: 'crashed' },
      { at: 400, life: 'runs' },
    ] as const;
    const states = statesFromEvents([told(10, 'MASTER'), told(500, 'BACKUP')], lives, END);
    expect(states.map(({ state }) => state)).toEqual([
      ...['INIT', 'MASTER', 'frozen', 'MASTER', 'crashed', 'INIT', 'BACKUP'],
    ]);
  });
});

describe('the state of a director that only the wire tells of', () => {
  const lives = [{ at: 0, life: 'runs' as const }];

  test('is MASTER until one interval after its last advertisement', () => {
    expect(statesFromWire([advert(200), advert(300)], lives, END)).toEqual([
      { from: 0, to: 200, state: 'BACKUP' },
      { from: 200, to: 400, state: 'MASTER' },
      { from: 400, to: END, state: 'BACKUP' },
    ]);
  });

  test('ends with its resignation, and one lost advertisement ends nothing', () => {
    const adverts = [advert(100), advert(300), advert(350, 0)];
    const masters = statesFromWire(adverts, lives, END).filter(({ state }) => state === 'MASTER');
    expect(masters).toEqual([{ from: 100, to: 350, state: 'MASTER' }]);
  });
});

test('an address on two interfaces is held until it has left both', () => {
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

test('who is frozen, or has no carrier, cannot be reached', () => {
  const lives = [
    { at: 0, life: 'runs' },
    { at: 100, life: 'frozen' },
    { at: 200, life: 'runs' },
  ] as const;
  expect(
    unreachable(
      lives,
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

test("rtnetlink's messages are read with their microseconds", () => {
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
