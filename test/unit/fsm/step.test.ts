import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { initialTransition, transition } from 'xstate';
import { type Step, step, type TableTransition, vrrpTable } from '../../../fsm/step.ts';
import type { Effect } from '../../../fsm/vrrp/effects.ts';
import { IGNORED, vrrpMachine } from '../../../fsm/vrrp/machine.ts';
import {
  CAUSES,
  type Cause,
  FAULT_EVENTS,
  RECOVERY_EVENTS,
  STATES,
  type VrrpContext,
  type VrrpEvent,
  type VrrpEventType,
  type VrrpState,
} from '../../../fsm/vrrp/model.ts';
import { centiseconds, type Duration, instant, seconds } from '../../../src/net/time.ts';
import { routerOf } from './router.ts';

/** The fields of each event; the compiler demands every event. */
const EVENTS: { readonly [Type in VrrpEventType]: fc.Arbitrary<object> } = {
  startup: fc.constant({}),
  restarted: fc.record({ silence: fc.integer({ min: 0, max: 20_000_000 }) }),
  shutdown: fc.record({ linger: fc.boolean() }),
  'master-timeout': fc.constant({}),
  'adver-timer': fc.constant({}),
  'preempt-hold-timeout': fc.constant({}),
  'release-timeout': fc.record({ expired: fc.boolean() }),
  'hand-over': fc.record({ force: fc.boolean(), until: someInstant() }),
  'inhibit-preemption': fc.constant({}),
  'allow-preemption': fc.constant({}),
  stall: fc.constant({}),
  'peer-answered': fc.constant({}),
  'master-resigned': fc.constant({}),
  'master-cut-off': fc.constant({}),
  'master-dead': fc.constant({}),
  'master-alive': fc.constant({}),
  'segment-broken': fc.constant({}),
  'cut-off': fc.constant({}),
  outranked: fc.constant({}),
  'witness-lost': fc.constant({}),
  'successor-serves': fc.constant({}),
  'priority-changed': fc.record({ priority: fc.integer({ min: 1, max: 254 }) }),
  'interval-changed': fc.record({ interval: someInterval(), hearsMaster: fc.boolean() }),
  'preemption-changed': fc.record({ preempt: fc.boolean(), preemptDelay: someDelay() }),
  'connections-synced': fc.record({ preemptDelay: someDelay() }),
  'connections-lagging': fc.record({ preemptDelay: someDelay() }),
  'before-master-changed': fc.record({ beforeMaster: someGate(), at: someInstant() }),
  'before-master-granted': fc.constant({}),
  'before-master-refused': fc.constant({}),
  'before-master-timeout': fc.constant({}),
  'group-master': fc.record({ cause: fc.constantFrom(...CAUSES) }),
  'group-backup': fc.constant({}),
  'group-waits': fc.record({ until: someInstant() }),
  'group-withdraws': fc.constant({}),
  'group-aborts': fc.constant({}),
  'group-changed': fc.record({ inGroup: fc.boolean(), at: someInstant() }),
  resumed: fc.record({ at: someInstant() }),
  advertisement: fc.record({
    priority: fc.oneof(fc.constantFrom(0, 100, 255), fc.integer({ min: 0, max: 255 })),
    interval: someInterval(),
    greaterSource: fc.boolean(),
    unheard: fc.boolean(),
  }),
  'interface-down': fc.constant({}),
  'no-primary-ip-address': fc.constant({}),
  'no-virtual-ip-addresses': fc.constant({}),
  fault: fc.constant({}),
  'interface-up': someRemaining(),
  'primary-ip-address': someRemaining(),
  'virtual-ip-addresses': someRemaining(),
  'fault-cleared': someRemaining(),
};

const EVENT_TYPES = Object.keys(EVENTS) as VrrpEventType[];

const contexts: fc.Arbitrary<VrrpContext> = fc.record({
  version: fc.constantFrom(2 as const, 3 as const),
  priority: fc.oneof(fc.constantFrom(100, 255), fc.integer({ min: 1, max: 255 })),
  preempt: fc.boolean(),
  preemptDelay: someDelay(),
  advertisementInterval: someInterval(),
  masterInterval: someInterval(),
  preemptInhibited: fc.boolean(),
  beforeMaster: someGate(),
  inGroup: fc.boolean(),
  claim: fc.constantFrom(undefined, 'silence' as const, 'preemption' as const, 'group' as const),
  releasing: fc.constantFrom(undefined, 'stop' as const, 'hand-over' as const, 'forced' as const),
  releaseUntil: someInstant(),
});

const events = fc.constantFrom(...EVENT_TYPES).chain(eventsOf);

function eventsOf(type: VrrpEventType): fc.Arbitrary<VrrpEvent> {
  return EVENTS[type].map((more) => ({ type, ...more }) as VrrpEvent);
}

function someInterval() {
  return fc.integer({ min: 1, max: 4095 }).map(centiseconds);
}

function someDelay() {
  return fc.constantFrom(0 as Duration, seconds(30), seconds(60));
}

function someInstant() {
  return fc.integer({ min: 0, max: 1e12 }).map(instant);
}

function someGate() {
  return fc.option(
    fc.record({
      deadline: fc.constant(seconds(5)),
      onFailure: fc.constantFrom('proceed' as const, 'abort' as const),
    }),
    { nil: undefined },
  );
}

function someRemaining() {
  return fc.record({ remaining: fc.integer({ min: 0, max: 2 }) });
}

/** The same step by xstate itself. */
function stepByXstate(
  state: VrrpState,
  context: VrrpContext,
  event: VrrpEvent,
): Omit<Step, 'taken'> {
  const [initial] = initialTransition(vrrpMachine, context);
  const [parent = '', child] = state.split('.');
  const value = (child === undefined ? parent : { [parent]: child }) as never;
  const snapshot = vrrpMachine.resolveState({ value, context });
  const [next, actions] = transition(vrrpMachine, { ...initial, ...snapshot }, event);
  const name = typeof next.value === 'string' ? [next.value] : Object.entries(next.value).flat();
  return {
    state: name.join('.') as VrrpState,
    context: next.context,
    effects: actions.map(({ type, params }) => ({ type, ...(params as object) }) as Effect),
  };
}

function everyRow(): { readonly state: string; readonly row: TableTransition }[] {
  return [...vrrpTable.states.values()].flatMap((state) =>
    [...state.transitions.values()].flat().map((row) => ({ state: state.name, row })),
  );
}

/** The states as operators see them. */
function shown(state: string): string {
  return state.split('.')[0] ?? '';
}

describe('the table', () => {
  test('agrees with xstate on state, context and effects for every event', {
    timeout: 60_000,
  }, () => {
    fc.assert(
      fc.property(fc.constantFrom(...STATES), contexts, events, (state, context, event) => {
        const { taken: _, ...ours } = step(state, context, event);
        expect(ours).toEqual(stepByXstate(state, context, event));
      }),
      { numRuns: 5_000 },
    );
  });

  test('has no unreachable row', () => {
    const rows = new Set(everyRow().map(({ row }) => row));
    for (const state of STATES) {
      for (const type of EVENT_TYPES) {
        const given = fc.sample(fc.tuple(contexts, eventsOf(type)), { numRuns: 300, seed: 1 });
        for (const [context, event] of given) {
          const { taken } = step(state, context, event);
          if (taken !== undefined) rows.delete(taken);
        }
      }
    }
    expect([...rows].map(({ event, description }) => `${event}: ${description}`)).toEqual([]);
  });

  test('has a row for each state and event, or ignores it on purpose', () => {
    for (const state of STATES) {
      const handled = vrrpTable.states.get(state)?.transitions ?? new Map();
      const unanswered = EVENT_TYPES.filter((type) => !handled.has(type));
      expect([...IGNORED[state]].sort(), state).toEqual(unanswered.sort());
    }
  });

  test('takes a row of every event that it handles, in any context', () => {
    for (const [name, { transitions }] of vrrpTable.states) {
      for (const [event, rows] of transitions) {
        expect(rows.at(-1)?.guard, `${name} ${event}`).toBeUndefined();
      }
    }
  });

  test('has a description for every row', () => {
    for (const { state, row } of everyRow()) {
      expect(row.description, `${state} ${row.event}`).not.toBe('');
    }
  });

  test('knows the cause of every change that operators see, and of no other', () => {
    for (const { state, row } of everyRow()) {
      const isSeen = row.target !== undefined && shown(row.target) !== shown(state);
      const { cause } = row.meta;
      expect(cause !== undefined, `${state} ${row.event} ${row.description}`).toBe(isSeen);
      const isOfTheGroup = cause === 'of-the-group';
      if (isOfTheGroup) expect(row.event).toBe('group-master');
      else if (isSeen) expect(CAUSES).toContain(cause as Cause);
    }
  });

  test('releases the addresses on every exit from the states that have them, and only there', () => {
    for (const { state, row } of everyRow()) {
      if (row.target === undefined) continue;
      const types = row.actions.map((action) => action.type);
      const leaves = shown(state) === 'holding' && shown(row.target) !== 'holding';
      const enters = shown(state) !== 'holding' && shown(row.target) === 'holding';
      expect(types.includes('releaseAddresses'), `${state} -> ${row.target}`).toBe(leaves);
      expect(types.includes('acquireAddresses'), `${state} -> ${row.target}`).toBe(enters);
    }
  });

  test('stops every timer of a state on exit', () => {
    const timers = { backup: 'Down', asking: 'BeforeMaster', delaying: 'PreemptDelay' };
    for (const { state, row } of everyRow()) {
      for (const [part, timer] of Object.entries(timers)) {
        const isLeft = state.includes(part) && row.target?.includes(part) === false;
        if (!isLeft) continue;
        const types = row.actions.map((action) => action.type);
        expect(types, `${state} -> ${row.target}`).toContain(`cancel${timer}Timer`);
      }
    }
  });

  test('does the same again where a row says that it repeats', () => {
    const repeating = everyRow().filter(({ row }) => row.meta.repeats === true);
    expect(repeating.map(({ state, row }) => `${state} ${row.event}`)).toEqual([
      'backup.listening advertisement',
      'holding.master adver-timer',
    ]);
    for (const { state, row } of repeating) {
      const own = eventsOf(row.event as VrrpEventType);
      fc.assert(
        fc.property(contexts, own, (context, event) => {
          const first = step(state as VrrpState, context, event);
          fc.pre(first.taken === row);
          expect(step(first.state, first.context, event)).toEqual(first);
        }),
      );
    }
  });

  test('starts in initialize, with the context that the machine is given', () => {
    expect(vrrpTable.initial).toBe('initialize');
    const [initial] = initialTransition(vrrpMachine, routerOf({ priority: 42 }));
    expect(initial).toMatchObject({ value: 'initialize', context: routerOf({ priority: 42 }) });
    expect([...vrrpTable.states.keys()].sort()).toEqual([...STATES].sort());
  });

  test('knows every event that raises or clears FAULT', () => {
    for (const type of [...FAULT_EVENTS, ...RECOVERY_EVENTS]) expect(EVENT_TYPES).toContain(type);
  });
});
