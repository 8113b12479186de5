import { describe, expect, test } from 'vitest';
import { brokenInvariants, type InvariantInput } from '../../../../src/lab/judge/invariants.ts';
import type { Action } from '../../../../src/lab/scenario/steps.ts';
import { DURATION, node } from './samples.ts';

const BOUND = 300_000;

function watched(more: Partial<InvariantInput>): InvariantInput {
  const nodes = [node('lb1', [{ from: 0, to: DURATION }]), node('lb2', [])];
  return { duration: DURATION, nodes, probes: [], steps: [], witnesses: 0, ...more };
}

function step(at: number, action: Action) {
  return { from: at, to: at, action };
}

function silentFrom(from: number): InvariantInput['probes'] {
  const probes = Array.from({ length: DURATION / 10_000 }, (_, index) => {
    const sentAt = index * 10_000;
    return { sentAt, answeredAt: sentAt < from ? sentAt + 100 : undefined };
  });
  return [{ client: 'client', type: 'icmp', probes }];
}

const OTHER_SUBNET = '203.0.113.22/24';
const STOP_ETCD: Action = { kind: 'stop', node: 'etcd' };
const START_ETCD: Action = { kind: 'start', node: 'etcd' };
const CUT_PEERS: Action = {
  ...{ kind: 'partition', traffic: 'all', isOneWay: false, network: 'peers' },
  ...{ from: ['lb1'], to: ['lb2'] },
};

describe('invariants', () => {
  test('hold while one director answers', () => {
    expect(brokenInvariants(watched({}), BOUND)).toEqual([]);
  });

  test('are broken when no director answers although one can', () => {
    const steps = [step(500_000, { kind: 'crash', node: 'lb1' })];
    const broken = brokenInvariants(watched({ steps, probes: silentFrom(500_000) }), BOUND);
    expect(broken).toEqual(['no answer from 0.800 s to 2.000 s']);
  });

  test('hold when no director is left that can answer', () => {
    const steps = [
      step(500_000, { kind: 'crash', node: 'lb1' }),
      step(500_000, { kind: 'link_down', node: 'lb2' }),
    ];
    expect(brokenInvariants(watched({ steps, probes: silentFrom(500_000) }), BOUND)).toEqual([]);
  });

  test('allow time to converge after each step', () => {
    const steps = [step(1_750_000, { kind: 'crash', node: 'lb1' })];
    expect(brokenInvariants(watched({ steps, probes: silentFrom(1_750_000) }), BOUND)).toEqual([]);
  });

  const both = [
    node('lb1', [{ from: 0, to: DURATION }]),
    node('lb2', [{ from: 1_000_000, to: DURATION }]),
  ];

  test('are broken by two owners that hear each other', () => {
    expect(brokenInvariants(watched({ nodes: both }), BOUND)).toEqual([
      'two owners from 1.000 s to 2.000 s',
    ]);
  });

  test('allow two owners that cannot hear each other', () => {
    const action: Action = {
      ...{ kind: 'partition', from: ['lb1'], to: ['lb2'] },
      ...{ traffic: 'vrrp', isOneWay: false },
    };
    expect(
      brokenInvariants(watched({ nodes: both, steps: [step(700_000, action)] }), BOUND),
    ).toEqual([]);
  });

  test.each<Action>([
    { kind: 'isolate', nodes: ['lb1', 'lb2'] },
    { kind: 'deaf', node: 'lb2' },
  ])('allow two owners after $kind', (action) => {
    const steps = [step(700_000, action)];
    expect(brokenInvariants(watched({ nodes: both, steps }), BOUND)).toEqual([]);
  });

  test.each<Action>([
    { kind: 'isolate', nodes: ['lb1', 'lb2'], network: 'peers' },
    { kind: 'deaf', node: 'lb2', network: 'peers' },
    {
      ...{ kind: 'partition', from: ['lb1'], to: ['lb2'], network: 'peers' },
      ...{ traffic: 'all', isOneWay: false },
    },
  ])('ask for one owner after $kind in the second network', (action) => {
    const steps = [step(700_000, action)];
    expect(brokenInvariants(watched({ nodes: both, steps }), BOUND)).toHaveLength(1);
  });

  test('ask for an answer while only the cable of the second network is pulled', () => {
    const steps = [
      step(500_000, { kind: 'link_down', node: 'lb1', network: 'peers' }),
      step(500_000, { kind: 'link_down', node: 'lb2', network: 'peers' }),
    ];
    const broken = brokenInvariants(watched({ steps, probes: silentFrom(500_000) }), BOUND);
    expect(broken).toEqual(['no answer from 0.800 s to 2.000 s']);
  });

  test('hold while the interface of the only director is a port of a bridge', () => {
    const steps = [
      step(500_000, { kind: 'stop', node: 'lb2' }),
      step(600_000, { kind: 'bridge_port', node: 'lb1' }),
    ];
    expect(brokenInvariants(watched({ steps, probes: silentFrom(600_000) }), BOUND)).toEqual([]);
    const released = [...steps, step(700_000, { kind: 'bridge_release', node: 'lb1' })];
    const broken = brokenInvariants(
      watched({ steps: released, probes: silentFrom(600_000) }),
      BOUND,
    );
    expect(broken).toEqual(['no answer from 1.000 s to 2.000 s']);
  });

  test('hold while a foreign router outranks a director, and not after its end', () => {
    const foreign = (priority: number): Action => ({
      ...{ kind: 'foreign_router', priority, lasts: 400_000 },
    });
    const brokenBy = (action: Action) => {
      const steps = [{ from: 500_000, to: 1_000_000, action }];
      return brokenInvariants(watched({ steps, probes: silentFrom(500_000) }), BOUND);
    };
    expect(brokenBy(foreign(255))).toEqual(['no answer from 1.300 s to 2.000 s']);
    expect(brokenBy(foreign(1))).toEqual([
      'no answer from 0.800 s to 1.000 s',
      'no answer from 1.300 s to 2.000 s',
    ]);
  });

  test('ask nothing of a director while it is being started, as a busy host needs seconds for it', () => {
    const starting = (to: number): InvariantInput['steps'] => [
      step(100_000, { kind: 'kill', node: 'lb2' }),
      { from: 200_000, to, action: { kind: 'start', node: 'lb2' } },
    ];
    const takesOver = [
      node('lb1', [{ from: 0, to: 1_010_000 }]),
      node('lb2', [{ from: 1_000_000, to: DURATION }]),
    ];
    const brokenBy = (to: number) =>
      brokenInvariants(watched({ nodes: takesOver, steps: starting(to) }), BOUND);
    expect(brokenBy(900_000)).toEqual([]);
    expect(brokenBy(1_100_000)).toEqual([]);
    expect(brokenBy(300_000)).toEqual(['two owners from 1.000 s to 1.010 s']);
  });

  const cut: Action = {
    ...{ kind: 'partition', traffic: 'all', isOneWay: false },
    ...{ from: ['lb1'], to: ['lb2', 'etcd'] },
  };

  test('with a witness are broken by two owners that cannot hear each other', () => {
    const steps = [step(500_000, cut)];
    const input = watched({ nodes: both, steps, witnesses: 1 });
    expect(brokenInvariants(input, BOUND)).toEqual(['two owners from 1.000 s to 2.000 s']);
    const silent = [step(500_000, { kind: 'hang', node: 'lb1' } as const)];
    expect(
      brokenInvariants(watched({ nodes: both, steps: silent, witnesses: 1 }), BOUND),
    ).toHaveLength(1);
  });

  test('with a witness are broken by an overlap that no planned move explains, also right after a step', () => {
    const overlapping = (until: number) => [
      node('lb1', [{ from: 0, to: until }]),
      node('lb2', [{ from: 200_000, to: DURATION }]),
    ];
    const brokenBy = (until: number, witnesses: number) =>
      brokenInvariants(
        watched({ nodes: overlapping(until), steps: [step(100_000, cut)], witnesses }),
        DURATION,
      );
    expect(brokenBy(1_600_000, 1)).toEqual([]);
    expect(brokenBy(1_800_000, 1)).toEqual([
      'two owners from 0.200 s to 1.800 s, longer than a planned move may overlap',
    ]);
    expect(brokenBy(1_800_000, 0)).toEqual([]);
  });

  test.each<[string, number, readonly Action[]]>([
    ['lb2 reaches etcd', 1, [cut]],
    ['etcd is stopped and not needed', 1, [STOP_ETCD]],
    ['no director reaches etcd', 0, [cut, { kind: 'crash', node: 'lb2' }]],
    ['etcd is stopped, and a director is dead', 0, [STOP_ETCD, { kind: 'crash', node: 'lb1' }]],
    ['etcd is started again', 1, [STOP_ETCD, { kind: 'crash', node: 'lb1' }, START_ETCD]],
    ['the peer network is cut without etcd', 0, [STOP_ETCD, CUT_PEERS]],
    ['the peer network is whole again', 1, [STOP_ETCD, CUT_PEERS, { kind: 'heal' }]],
    [
      'lb2 has no descriptors',
      0,
      [cut, CUT_PEERS, { kind: 'descriptors', node: 'lb2', spare: 'none' }],
    ],
    [
      'lb2 is in another subnet',
      0,
      [cut, CUT_PEERS, { kind: 'renumber', node: 'lb2', to: OTHER_SUBNET }],
    ],
  ])('with a witness ask for an answer or not: %s', (_, broken, actions) => {
    const steps = actions.map((action) => step(500_000, action));
    const input = watched({ steps, probes: silentFrom(500_000), witnesses: 1 });
    expect(brokenInvariants(input, BOUND)).toHaveLength(broken);
  });
});
