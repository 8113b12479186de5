/** State and addresses of a director over time, from its events, its kernel, the wire and the steps. */
import type { AddressChange } from '../run/address-monitor.ts';
import type { MachineStateChange } from '../run/lab-node.ts';
import type { StateChange } from '../run/state-follower.ts';
import type { Advert } from './observe.ts';
import type { LaneState, Span, StateSpan } from './record.ts';
import { within, without } from './spans.ts';

export interface Change<Value> {
  readonly at: number;
  readonly value: Value;
}

/** Each value lasts until the next one. */
export function spansOf<Value>(
  changes: readonly Change<Value>[],
  end: number,
): (Span & { readonly value: Value })[] {
  return changes.flatMap(({ at, value }, index) => {
    const to = Math.min(changes[index + 1]?.at ?? end, end);
    return to > at ? [{ from: at, to, value }] : [];
  });
}

/** States as the agent reports them; while the machine is down or frozen, the machine's state. */
export function statesFromEvents(
  events: readonly StateChange[],
  machineStates: readonly MachineStateChange[],
  end: number,
): StateSpan[] {
  const reported = events.map(({ at, to }) => ({ at, value: to as LaneState }));
  const states = spansOf(
    [...reported, ...agentStarts(machineStates)].sort((a, b) => a.at - b.at),
    end,
  );
  return overlaid(machineStates, end, (span) => {
    const known = within(states, span).map(({ from, to, value }) => ({ from, to, state: value }));
    const first = known[0]?.from ?? span.to;
    return first > span.from ? [{ from: span.from, to: first, state: 'INIT' }, ...known] : known;
  });
}

/** A new agent starts in INIT, whatever its predecessor reported last. */
function agentStarts(machineStates: readonly MachineStateChange[]): Change<LaneState>[] {
  return machineStates.flatMap(({ at, machineState }, index) => {
    const before = machineStates[index - 1]?.machineState;
    const isNew = machineState === 'runs' && before !== 'hung' && before !== 'frozen';
    return isNew ? [{ at, value: 'INIT' as const }] : [];
  });
}

/**
 * States of other programs, from the wire: MASTER from the first advertisement to the resignation, or
 * to one interval after the last advertisement.
 */
export function statesFromWire(
  adverts: readonly Advert[],
  machineStates: readonly MachineStateChange[],
  end: number,
): StateSpan[] {
  const periods = masterPeriodsOf(adverts, end);
  return overlaid(machineStates, end, (span) => {
    const masters = within(periods, span).map((period) => ({
      ...period,
      state: 'MASTER' as const,
    }));
    const others = without([span], masters).map((rest) => ({ ...rest, state: 'BACKUP' as const }));
    return [...masters, ...others].sort((a, b) => a.from - b.from);
  });
}

/** A gap of this many intervals between advertisements separates two periods as MASTER. */
const GAP_INTERVALS = 3;

export function masterPeriodsOf(adverts: readonly Advert[], end: number): Span[] {
  const periods: { from: number; to: number }[] = [];
  for (const { at, priority, interval } of adverts) {
    const open = periods.at(-1);
    const isOpen = open !== undefined && open.to + (GAP_INTERVALS - 1) * interval >= at;
    if (priority === 0) {
      if (isOpen) open.to = Math.min(at, open.to);
    } else if (isOpen) {
      open.to = Math.min(at + interval, end);
    } else {
      periods.push({ from: at, to: Math.min(at + interval, end) });
    }
  }
  return periods;
}

/**
 * When a director became MASTER. A machine that was paused as MASTER still is when it continues, until
 * its agent notices: that is no transition, and neither is the state that it had at the start.
 */
export function transitionsToMaster(states: readonly StateSpan[]): number[] {
  let wasMaster = false;
  return states.flatMap(({ state, from }) => {
    if (state === 'frozen' || state === 'hung') return [];
    const isNew = state === 'MASTER' && !wasMaster && from > 0;
    wasMaster = state === 'MASTER';
    return isNew ? [from] : [];
  });
}

function overlaid(
  machineStates: readonly MachineStateChange[],
  end: number,
  running: (span: Span) => readonly StateSpan[],
): StateSpan[] {
  const spans = spansOf(
    machineStates.map(({ at, machineState }) => ({ at, value: machineState })),
    end,
  );
  return spans.flatMap(({ from, to, value }) =>
    value === 'runs' ? running({ from, to }) : [{ from, to, state: value }],
  );
}

/** When the address was present on any interface but `lo`, where it is not for other hosts. */
export function holdsFromKernel(changes: readonly AddressChange[], end: number): Span[] {
  const interfaces = new Set<string>();
  const onWires = changes.filter(({ interfaceName }) => interfaceName !== 'lo');
  const presence = onWires.map(({ at, interfaceName, isPresent }) => {
    if (isPresent) interfaces.add(interfaceName);
    else interfaces.delete(interfaceName);
    return { at, value: interfaces.size > 0 };
  });
  const joined = presence.filter(({ value }, index) => value !== presence[index - 1]?.value);
  return spansOf(joined, end).flatMap(({ from, to, value }) => (value ? [{ from, to }] : []));
}

/** When the director was frozen, crashed or without link. */
export function unreachable(
  machineStates: readonly MachineStateChange[],
  links: readonly Change<boolean>[],
  end: number,
): Span[] {
  const stopped = spansOf(
    machineStates.map(({ at, machineState }) => ({
      at,
      value: machineState === 'frozen' || machineState === 'crashed',
    })),
    end,
  );
  return [
    ...stopped.filter(({ value }) => value),
    ...spansOf(links, end).filter((one) => !one.value),
  ];
}
