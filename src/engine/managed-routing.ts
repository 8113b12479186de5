/** One route or rule of a virtual router, and what has been asked of the kernel about it. */
import { isSame } from '../net/equality.ts';
import { type RoutingEntry, routingKey, routingText } from '../net/routing.ts';
import type { InstanceSettings } from './settings.ts';
import type { RoutingView } from './view.ts';

export interface ManagedRouting {
  readonly entry: RoutingEntry;
  readonly key: string;
  pending: 'none' | 'add' | 'remove';
  /** There and ours, as far as the kernel has told. */
  present: boolean;
  /**
   * The kernel takes IPv4 routes along with a link or an address without a word (fib_flush in
   * fib_frontend.c): asking for it again shows whether it is still there.
   */
  doubtful: boolean;
  /** Put there since the router became MASTER. */
  held: boolean;
  /** Errno of the last refusal; 0: none. */
  refusal: number;
  /** The configuration does not have it any more. */
  retired: boolean;
}

/** Those of the settings, and behind them those of former settings that may still be there. */
export function managedRouting(
  { routes, rules }: InstanceSettings,
  known: readonly ManagedRouting[] = [],
): ManagedRouting[] {
  const wanted = [...routes, ...rules].map((entry) => {
    const same = known.find((one) => isSame(one.entry, entry));
    if (same === undefined) return newlyManaged(entry);
    same.retired = false;
    return same;
  });
  const retired = known.filter((one) => !wanted.includes(one) && !isGone(one));
  for (const one of retired) one.retired = true;
  return [...wanted, ...retired];
}

/** Neither there nor about to be. */
export function isGone({ present, pending }: ManagedRouting): boolean {
  return !present && pending === 'none';
}

/** As `status` shows them. */
export function routingViews(all: readonly ManagedRouting[]): RoutingView[] {
  return all
    .filter(({ retired }) => !retired)
    .map(({ entry, present, refusal }) => ({ text: routingText(entry), present, refusal }));
}

function newlyManaged(entry: RoutingEntry): ManagedRouting {
  return {
    entry,
    key: routingKey(entry),
    pending: 'none',
    present: false,
    doubtful: false,
    held: false,
    refusal: 0,
    retired: false,
  };
}
