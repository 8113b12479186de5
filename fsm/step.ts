/**
 * The VRRP machine as a plain table, and one step of it. xstate is the notation and the reference
 * (charts, reachability, tests); a step through its `transition()` takes about 30 us, too long for 255
 * routers that take over in one turn. The table is read from the machine once, at startup; a property
 * test verifies that both always agree.
 */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { assert } from '../src/net/assert.ts';
import type { Effect, Given } from './vrrp/effects.ts';
import { vrrpMachine } from './vrrp/machine.ts';
import type { RowMeta, VrrpContext, VrrpEvent, VrrpState } from './vrrp/model.ts';
import { type GuardName, guards, type UpdateName, updates } from './vrrp/rules.ts';

export interface Step {
  readonly state: VrrpState;
  readonly context: VrrpContext;
  readonly effects: readonly Effect[];
  /** The row that was taken; undefined: the state ignores the event. */
  readonly taken: TableTransition | undefined;
}

export interface TableTransition {
  readonly event: string;
  readonly guard: string | undefined;
  /** The leaf state that is entered; undefined: the state stays, only the actions run. */
  readonly target: string | undefined;
  /** Exit, transition and entry actions in order of execution. */
  readonly actions: readonly TableAction[];
  readonly description: string;
  readonly meta: RowMeta;
}

interface TableAction {
  readonly type: string;
  readonly params: unknown;
}

interface TableState {
  /** Path of the leaf: `holding.master`. */
  readonly name: string;
  readonly description: string;
  readonly transitions: ReadonlyMap<string, readonly TableTransition[]>;
}

export interface Table {
  readonly initial: string;
  readonly states: ReadonlyMap<string, TableState>;
}

/** Takes the first row of (state, event) whose guard is true. */
export function step(state: VrrpState, context: VrrpContext, event: VrrpEvent): Step {
  const known = vrrpTable.states.get(state);
  assert(known !== undefined, `no state ${state} in the table`);
  for (const row of known.transitions.get(event.type) ?? []) {
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

function resolved(params: unknown, given: Given): object {
  if (typeof params !== 'function') return (params as object | undefined) ?? {};
  return (params as (given: Given) => object)(given);
}

/** Reads the table from a machine of nested states without parallel or history states. */
export function tableOf(machine: AnyStateMachine): Table {
  const states = new Map<string, TableState>();
  for (const leaf of leavesOf(machine.root)) {
    states.set(nameOf(leaf), {
      name: nameOf(leaf),
      description: leaf.description ?? '',
      transitions: transitionsOf(leaf),
    });
  }
  return { initial: nameOf(initialLeaf(machine.root)), states };
}

function transitionsOf(leaf: AnyStateNode): Map<string, TableTransition[]> {
  const found = new Map<string, TableTransition[]>();
  for (const source of pathOf(leaf).reverse()) {
    for (const [event, candidates] of source.transitions) {
      const rows = found.get(event) ?? [];
      for (const candidate of candidates) {
        // A row without a guard is always taken: the rows of the parents behind it are unreachable.
        if (rows.some(({ guard }) => guard === undefined)) break;
        const target = candidate.target?.[0];
        const reached = target === undefined ? undefined : initialLeaf(target);
        rows.push({
          event,
          guard: typeof candidate.guard === 'string' ? candidate.guard : undefined,
          target: reached === undefined ? undefined : nameOf(reached),
          actions: [
            ...(reached === undefined ? [] : exitActions(leaf, source, reached)),
            ...candidate.actions.map(actionOf),
            ...(reached === undefined ? [] : entryActions(leaf, source, reached)),
          ],
          description: candidate.description ?? '',
          meta: (candidate.meta ?? NO_META) as RowMeta,
        });
      }
      found.set(event, rows);
    }
  }
  return found;
}

function exitActions(
  leaf: AnyStateNode,
  source: AnyStateNode,
  target: AnyStateNode,
): TableAction[] {
  const domain = domainOf(source, target);
  return pathOf(leaf)
    .filter((node) => !domain.includes(node))
    .reverse()
    .flatMap((node) => node.exit.map(actionOf));
}

function entryActions(
  leaf: AnyStateNode,
  source: AnyStateNode,
  target: AnyStateNode,
): TableAction[] {
  const domain = domainOf(source, target);
  const active = pathOf(leaf).filter((node) => domain.includes(node));
  return pathOf(target)
    .filter((node) => !active.includes(node))
    .flatMap((node) => node.entry.map(actionOf));
}

/** The compound states that stay active; the source is one of them if the target lies inside it. */
function domainOf(source: AnyStateNode, target: AnyStateNode): AnyStateNode[] {
  const parents = pathOf(target).slice(0, -1);
  return pathOf(source).filter((node) => parents.includes(node));
}

function actionOf(action: unknown): TableAction {
  if (typeof action === 'string') return { type: action, params: undefined };
  const { type, params } = action as { type: string; params?: unknown };
  return { type, params };
}

function leavesOf(node: AnyStateNode): AnyStateNode[] {
  const children = Object.values(node.states) as AnyStateNode[];
  return children.length === 0 ? [node] : children.flatMap(leavesOf);
}

function initialLeaf(node: AnyStateNode): AnyStateNode {
  if (Object.keys(node.states).length === 0) return node;
  const child = node.initial.target[0] as AnyStateNode;
  return initialLeaf(child);
}

function pathOf(node: AnyStateNode): AnyStateNode[] {
  return node.parent === undefined ? [node] : [...pathOf(node.parent), node];
}

function nameOf(node: AnyStateNode): string {
  return node.path.join('.');
}

const NO_EFFECTS: readonly Effect[] = [];

const NO_META: RowMeta = {};

export const vrrpTable: Table = tableOf(vrrpMachine);
