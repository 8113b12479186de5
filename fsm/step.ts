/**
 * One step of the VRRP table: (state, context, event) -> state, context, effects. Pure; the only
 * way in which the engine moves a virtual router from state to state.
 */
import { initialTransition, transition } from 'xstate';
import { type Table, type TableTransition, tableOf } from './table.ts';
import type { VrrpContext } from './vrrp/context.ts';
import { type Effect, type UpdateName, updates } from './vrrp/effects.ts';
import type { VrrpEvent } from './vrrp/events.ts';
import { type GuardArguments, type GuardName, guards } from './vrrp/guards.ts';
import { vrrpMachine } from './vrrp/machine.ts';

export type VrrpState = 'initialize' | 'backup' | 'holding.master' | 'holding.releasing' | 'fault';

export interface Step {
  readonly state: VrrpState;
  readonly context: VrrpContext;
  readonly effects: readonly Effect[];
  /** The row of the table that was taken; undefined: the event means nothing in this state. */
  readonly taken: TableTransition | undefined;
}

export const vrrpTable: Table = tableOf(vrrpMachine);

export const INITIAL_STATE: VrrpState = 'initialize';

const NO_EFFECTS: readonly Effect[] = [];

/** Takes the first row of (state, event) whose guard holds. */
export function step(state: VrrpState, context: VrrpContext, event: VrrpEvent): Step {
  const rows = vrrpTable.states.get(state)?.transitions.get(event.type) ?? [];
  for (const row of rows) {
    if (row.guard !== undefined && !guards[row.guard as GuardName]({ context, event })) continue;
    return take(row, state, context, event);
  }
  return { state, context, effects: NO_EFFECTS, taken: undefined };
}

function take(row: TableTransition, state: VrrpState, before: VrrpContext, event: VrrpEvent): Step {
  let context = before;
  const effects: Effect[] = [];
  for (const { type, params } of row.actions) {
    if (type in updates) {
      context = { ...context, ...updates[type as UpdateName]({ context, event }) };
      continue;
    }
    effects.push({ type, ...resolved(params, { context, event }) } as Effect);
  }
  return { state: (row.target as VrrpState | undefined) ?? state, context, effects, taken: row };
}

function resolved(params: unknown, given: GuardArguments): object {
  if (typeof params !== 'function') return (params as object | undefined) ?? {};
  return (params as (given: GuardArguments) => object)(given);
}

/** The same step by xstate itself: the judge in tests, too slow for the protocol thread. */
export function stepByXstate(state: VrrpState, context: VrrpContext, event: VrrpEvent): Step {
  const [initial] = initialTransition(vrrpMachine, context);
  const snapshot = vrrpMachine.resolveState({ value: stateValue(state), context });
  const [next, actions] = transition(vrrpMachine, { ...initial, ...snapshot }, event);
  return {
    state: stateName(next.value),
    context: next.context,
    effects: actions.map(({ type, params }) => ({ type, ...(params as object) }) as Effect),
    taken: undefined,
  };
}

function stateValue(state: VrrpState) {
  const dot = state.indexOf('.');
  return (dot < 0 ? state : { [state.slice(0, dot)]: state.slice(dot + 1) }) as never;
}

function stateName(value: string | Record<string, unknown>): VrrpState {
  if (typeof value === 'string') return value as VrrpState;
  return Object.entries(value).flat().join('.') as VrrpState;
}
