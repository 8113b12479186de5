/** What a director was and had, over time: told by itself, its kernel, the wire and the steps. */
import type { AddressChange } from '../run/address-monitor.ts';
import type { Life, LifeChange } from '../run/director.ts';
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

/** An agent that can be asked has said it; the machine's fate goes over what it said last. */
export function statesFromEvents(
  events: readonly StateChange[],
  lives: readonly LifeChange[],
  end: number,
): StateSpan[] {
  const said = events.map(({ at, to }) => ({ at, value: to as LaneState }));
  const told = spansOf(
    [...said, ...beginnings(lives)].sort((a, b) => a.at - b.at),
    end,
  );
  return overlaid(lives, end, (span) => {
    const known = within(told, span).map(({ from, to, value }) => ({ from, to, state: value }));
    const first = known[0]?.from ?? span.to;
    return first > span.from ? [{ from: span.from, to: first, state: 'INIT' }, ...known] : known;
  });
}

/** What the one before said last is not true of an agent that has just been started. */
function beginnings(lives: readonly LifeChange[]): Change<LaneState>[] {
  return lives.flatMap(({ at, life }, index) => {
    const before = lives[index - 1]?.life;
    const isNew = life === 'runs' && before !== 'hung' && before !== 'frozen';
    return isNew ? [{ at, value: 'INIT' as const }] : [];
  });
}

/**
 * Of another program only the wire tells: MASTER from its first advertisement to its resignation,
 * or to one interval after its last.
 */
export function statesFromWire(
  adverts: readonly Advert[],
  lives: readonly LifeChange[],
  end: number,
): StateSpan[] {
  const terms = termsOf(adverts, end);
  return overlaid(lives, end, (span) => {
    const masters = within(terms, span).map((term) => ({ ...term, state: 'MASTER' as const }));
    const others = without([span], masters).map((rest) => ({ ...rest, state: 'BACKUP' as const }));
    return [...masters, ...others].sort((a, b) => a.from - b.from);
  });
}

/** Advertisements further apart than this many intervals belong to two terms of office. */
const TERM_INTERVALS = 3;

export function termsOf(adverts: readonly Advert[], end: number): Span[] {
  const terms: { from: number; to: number }[] = [];
  for (const { at, priority, interval } of adverts) {
    const open = terms.at(-1);
    const isOpen = open !== undefined && open.to + (TERM_INTERVALS - 1) * interval >= at;
    if (priority === 0) {
      if (isOpen) open.to = Math.min(at, open.to);
    } else if (isOpen) {
      open.to = Math.min(at + interval, end);
    } else {
      terms.push({ from: at, to: Math.min(at + interval, end) });
    }
  }
  return terms;
}

function overlaid(
  lives: readonly LifeChange[],
  end: number,
  running: (span: Span) => readonly StateSpan[],
): StateSpan[] {
  const fates = spansOf(
    lives.map(({ at, life }) => ({ at, value: life })),
    end,
  );
  return fates.flatMap(({ from, to, value }) =>
    value === 'runs' ? running({ from, to }) : [{ from, to, state: stateIn(value) }],
  );
}

function stateIn(life: Exclude<Life, 'runs'>): LaneState {
  return life;
}

/** When the address was there, on whatever interfaces. */
export function holdsFromKernel(changes: readonly AddressChange[], end: number): Span[] {
  const interfaces = new Set<string>();
  const presence = changes.map(({ at, interfaceName, isPresent }) => {
    if (isPresent) interfaces.add(interfaceName);
    else interfaces.delete(interfaceName);
    return { at, value: interfaces.size > 0 };
  });
  const joined = presence.filter(({ value }, index) => value !== presence[index - 1]?.value);
  return spansOf(joined, end).flatMap(({ from, to, value }) => (value ? [{ from, to }] : []));
}

/** When a director could not be reached, whatever it had. */
export function unreachable(
  lives: readonly LifeChange[],
  links: readonly Change<boolean>[],
  end: number,
): Span[] {
  const still = spansOf(
    lives.map(({ at, life }) => ({ at, value: life === 'frozen' || life === 'crashed' })),
    end,
  );
  return [
    ...still.filter(({ value }) => value),
    ...spansOf(links, end).filter((one) => !one.value),
  ];
}
