import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { step, stepByXstate, type VrrpState, vrrpTable } from '../../../fsm/step.ts';
import type { VrrpContext } from '../../../fsm/vrrp/context.ts';
import { FAULT_EVENTS, RECOVERY_EVENTS, type VrrpEvent } from '../../../fsm/vrrp/events.ts';
import { centiseconds, type Duration, seconds } from '../../../src/net/time.ts';

const STATES: VrrpState[] = [
  'initialize',
  'backup',
  'holding.master',
  'holding.releasing',
  'fault',
];

const interval = fc.integer({ min: 1, max: 4095 }).map(centiseconds);

const contexts: fc.Arbitrary<VrrpContext> = fc.record({
  version: fc.constantFrom(2 as const, 3 as const),
  priority: fc.integer({ min: 1, max: 255 }),
  preempt: fc.boolean(),
  preemptDelay: fc.constantFrom(0 as Duration, seconds(30)),
  advertisementInterval: interval,
  masterInterval: interval,
  holding: fc.boolean(),
  heldBack: fc.boolean(),
  leaving: fc.constantFrom('stop' as const, 'hand-over' as const, 'insisting' as const),
});

const events: fc.Arbitrary<VrrpEvent> = fc.oneof(
  fc.constantFrom<VrrpEvent>(
    { type: 'startup' },
    { type: 'shutdown', linger: true },
    { type: 'shutdown', linger: false },
    { type: 'master-timeout' },
    { type: 'adver-timer' },
    { type: 'preempt-hold-timeout' },
    { type: 'release-timeout', expired: true },
    { type: 'release-timeout', expired: false },
    { type: 'hand-over', insist: true },
    { type: 'hand-over', insist: false },
    { type: 'hold-back' },
    { type: 'release' },
    { type: 'stall' },
    { type: 'group-master' },
    { type: 'group-backup' },
  ),
  fc.record({
    type: fc.constant('advertisement' as const),
    priority: fc.integer({ min: 0, max: 255 }),
    interval,
    greaterSource: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('priority-changed' as const),
    priority: fc.integer({ min: 1, max: 254 }),
  }),
  fc.constantFrom(...FAULT_EVENTS).map((type) => ({ type })),
  fc.record({
    type: fc.constantFrom(...RECOVERY_EVENTS),
    remaining: fc.integer({ min: 0, max: 2 }),
  }),
);

describe('the table', () => {
  test('agrees with xstate on state, context and effects for every event', {
    timeout: 30_000,
  }, () => {
    fc.assert(
      fc.property(fc.constantFrom(...STATES), contexts, events, (state, context, event) => {
        const { taken: _, ...ours } = step(state, context, event);
        const { taken: __, ...theirs } = stepByXstate(state, context, event);
        expect(ours).toEqual(theirs);
      }),
      { numRuns: 3_000 },
    );
  });

  test('has a description for every transition', () => {
    for (const state of vrrpTable.states.values()) {
      for (const rows of state.transitions.values()) {
        for (const row of rows) expect(row.description, `${state.name} ${row.event}`).not.toBe('');
      }
    }
  });

  test('releases the addresses on every way out of the states that hold them, and only there', () => {
    for (const state of vrrpTable.states.values()) {
      for (const row of [...state.transitions.values()].flat()) {
        if (row.target === undefined) continue;
        const types = row.actions.map((action) => action.type);
        const leaves = state.name.startsWith('holding') && !row.target.startsWith('holding');
        const enters = !state.name.startsWith('holding') && row.target.startsWith('holding');
        expect(types.includes('releaseAddresses'), `${state.name} -> ${row.target}`).toBe(leaves);
        expect(types.includes('acquireAddresses'), `${state.name} -> ${row.target}`).toBe(enters);
      }
    }
  });

  test('starts in initialize', () => {
    expect(vrrpTable.initial).toBe('initialize');
    expect([...vrrpTable.states.keys()]).toEqual(STATES);
  });
});
