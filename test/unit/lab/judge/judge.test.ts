import { describe, expect, test } from 'vitest';
import { type Evidence, judge } from '../../../../src/lab/judge/judge.ts';
import type { LaneState, StateSpan } from '../../../../src/lab/judge/record.ts';
import { StepClock } from '../../../../src/lab/run/step-clock.ts';
import type { Condition } from '../../../../src/lab/scenario/expectations.ts';
import { DURATION, node, run } from './samples.ts';

function evidence(more: Partial<Evidence> = {}): Evidence {
  const { nodes } = run();
  return {
    duration: DURATION,
    clock: new StepClock(DURATION),
    nodes,
    probes: [],
    streams: [],
    discarded: 0,
    witnesses: 0,
    events: [],
    steps: [],
    ...more,
  };
}

function verdict(demand: Condition, window = {}, seen = evidence()) {
  return judge({ ...demand, from: 0, to: DURATION, why: '', ...window }, seen);
}

const NO_LIMIT = { atMost: undefined, atLeast: undefined };

describe('owner', () => {
  test('holds when one director has the address for the whole window', () => {
    expect(verdict({ kind: 'owner', owner: 'lb2' }, { from: 900_000 })).toMatchObject({
      holds: true,
      expectation: 'owner lb2 from 900ms',
    });
  });

  test('reports which director had it instead, and since when', () => {
    const { holds, seen } = verdict({ kind: 'owner', owner: 'lb2' });
    expect([holds, seen]).toEqual([false, 'lb1 at 0.000 s until 0.500 s']);
  });

  test('at a moment is the director that has it then', () => {
    const moment = { from: 600_000, to: 600_000 };
    expect(verdict({ kind: 'owner', owner: 'none' }, moment).holds).toBe(true);
    expect(verdict({ kind: 'owner', owner: 'one' }, moment).seen).toBe('none');
  });

  test('does not hold while two have it', () => {
    const both = [node('lb1', [{ from: 0, to: DURATION }]), node('lb2', [{ from: 5, to: 9 }])];
    const { holds, seen } = verdict({ kind: 'owner', owner: 'lb1' }, {}, evidence({ nodes: both }));
    expect(holds).toBe(false);
    expect(seen).toContain('lb1 and lb2');
  });
});

test('dual is the longest uninterrupted time with two owners', () => {
  const nodes = [
    node('lb1', [{ from: 0, to: 1_000_000 }]),
    node('lb2', [
      { from: 100_000, to: 150_000 },
      { from: 400_000, to: DURATION },
    ]),
  ];
  const demand = { kind: 'dual' as const, atMost: 500_000, atLeast: undefined };
  expect(verdict(demand, {}, evidence({ nodes }))).toMatchObject({
    holds: false,
    seen: '600.0 ms at 0.400 s',
  });
});

describe('outage', () => {
  const probes = (times: readonly (number | undefined)[], client = 'client') => [
    {
      ...{ client, type: 'icmp' as const },
      probes: times.map((answeredAt, at) => ({ sentAt: at * 1_000, answeredAt })),
    },
  ];
  const demand = {
    ...{ kind: 'outage' as const, probe: 'icmp' as const, client: 'client' },
    ...NO_LIMIT,
  };

  test('is the time between two answers with a lost request in between', () => {
    const seen = evidence({ probes: probes([100, 1_100, undefined, undefined, 4_100]) });
    expect(verdict({ ...demand, atMost: 3_000 }, {}, seen)).toMatchObject({
      holds: true,
      seen: '3.0 ms at 0.001 s',
    });
  });

  test('lasts until the end when answers stop', () => {
    const seen = evidence({ probes: probes([100, undefined]) });
    expect(verdict({ ...demand, atMost: 3_000 }, {}, seen).holds).toBe(false);
  });

  test('is that of the named client', () => {
    const seen = evidence({
      probes: [
        ...probes([100, undefined, undefined, 3_100]),
        ...probes([100, 1_100, undefined, 3_100], 'client2'),
      ],
    });
    const both = ['client', 'client2'].map((client) =>
      verdict({ ...demand, client, atMost: 2_000 }, {}, seen),
    );
    expect(both.map(({ expectation, seen: time }) => [expectation, time])).toEqual([
      ['icmp outage ≤ 2ms', '3.0 ms at 0.000 s'],
      ['icmp outage of client2 ≤ 2ms', '2.0 ms at 0.001 s'],
    ]);
  });

  test('does not hold without requests', () => {
    const seen = evidence({ probes: probes([]) });
    expect(verdict({ ...demand, atMost: 0 }, {}, seen)).toEqual(
      expect.objectContaining({ holds: false, seen: 'no requests' }),
    );
  });
});

test('lost counts the requests of one client in the window that got no answer', () => {
  const probes = [
    {
      ...{ client: 'client', type: 'icmp' as const },
      probes: [0, 1, undefined, 3, undefined].map((answer, at) => ({
        ...{ sentAt: at * 1_000, answeredAt: answer === undefined ? undefined : at * 1_000 + 50 },
      })),
    },
  ];
  const demand = {
    ...{ kind: 'lost' as const, probe: 'icmp' as const, client: 'client' },
    ...{ atMost: 1, atLeast: undefined },
  };
  const seen = evidence({ probes });
  expect(verdict(demand, {}, seen)).toMatchObject({
    ...{ expectation: 'icmp requests lost ≤ 1', holds: false, seen: '2' },
  });
  expect(verdict(demand, { to: 3_500 }, seen)).toMatchObject({ holds: true, seen: '1' });
  expect(verdict(demand, { from: 5_000 }, seen)).toMatchObject({ seen: 'no requests' });
});

test('an event counts where and when it was reported', () => {
  const events = [
    { at: 200_000, node: 'lb1', kind: 'vrrp-path-lost' },
    { at: 700_000, node: 'lb2', kind: 'vrrp-path-lost' },
    { at: 800_000, node: 'lb2', kind: 'transition' },
  ];
  const seen = evidence({ events });
  const demand = { kind: 'event' as const, event: 'vrrp-path-lost', ...NO_LIMIT };
  expect(verdict({ ...demand, atLeast: 2 }, {}, seen)).toMatchObject({
    ...{ expectation: 'event vrrp-path-lost ≥ 2', holds: true },
    seen: '2: lb1 at 0.200 s, lb2 at 0.700 s',
  });
  const onLb2 = { ...demand, node: 'lb2', atMost: 0, atLeast: 0 };
  expect(verdict(onLb2, {}, seen)).toMatchObject({
    ...{ expectation: 'event vrrp-path-lost of lb2 = 0', holds: false },
  });
  expect(verdict(onLb2, { to: 600_000 }, seen).holds).toBe(true);
});

test('masters counts the directors that advertise in the window', () => {
  const demand = { kind: 'masters' as const, atMost: 1, atLeast: 1 };
  expect(verdict(demand, { from: 300_000 })).toMatchObject({ holds: true, seen: '1: lb2' });
  expect(verdict(demand)).toMatchObject({ holds: false, seen: '2: lb1, lb2' });
});

test('a director that was MASTER before the clock started has no transition', () => {
  const demand = { kind: 'transitions' as const, atMost: 1, atLeast: 1 };
  expect(verdict(demand)).toMatchObject({ holds: true, seen: '1: lb2 at 0.850 s' });
});

test('a MASTER that was paused has no transition when it continues and notices', () => {
  const span = (state: LaneState, from: number, to: number): StateSpan => ({ state, from, to });
  const paused = [
    span('MASTER', 0, 50_000),
    span('frozen', 50_000, 250_000),
    span('MASTER', 250_000, 254_000),
    span('BACKUP', 254_000, 300_000),
    span('MASTER', 300_000, 500_000),
  ];
  const demand = { kind: 'transitions' as const, atMost: 0, atLeast: 0 };
  const seen = evidence({ nodes: [node('lb2', [], { states: paused })] });
  expect(verdict(demand, {}, seen)).toMatchObject({ holds: false, seen: '1: lb2 at 0.300 s' });
});

test('the ARP owner of a client is the director that answers that client', () => {
  const nodes = [
    node('lb1', [], { arpAnswers: { client: [1_000], client2: [] } }),
    node('lb2', [], { arpAnswers: { client: [], client2: [1_000, 2_000] } }),
  ];
  const seen = evidence({ nodes });
  const owner = (client: string) =>
    verdict({ kind: 'arp_owner', owner: 'lb2', client }, {}, seen).seen;
  expect([owner('client'), owner('client2')]).toEqual(['lb1', 'lb2']);
});

test('a stream that never connected does not survive', () => {
  expect(verdict({ kind: 'stream', fate: 'survives', client: 'client' })).toMatchObject({
    holds: false,
    seen: 'never-connected',
  });
});
