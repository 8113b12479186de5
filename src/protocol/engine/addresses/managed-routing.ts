/** One route or rule of a virtual router, and what has been asked of the kernel about it. */
import { isSame } from '../../../net/equality.ts';
import { EEXIST } from '../../../net/errno.ts';
import { type Route, type RoutingEntry, routingKey, routingText } from '../../../net/routing.ts';
import type { InstanceSettings } from '../settings.ts';
import type { RoutingView } from '../view.ts';
import { connectedKey, connectedRoutes } from './connected-routes.ts';

export interface ManagedRouting {
  readonly entry: RoutingEntry;
  /** Equal: they are one in the kernel. */
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
  installed: boolean;
  /** Errno of the last refusal; 0: none. */
  refusal: number;
  /** The configuration does not have it any more. */
  retired: boolean;
}

/** Those of the settings, and behind them those of former settings that may still be there. */
export function managedRouting(
  settings: InstanceSettings,
  known: readonly ManagedRouting[] = [],
): ManagedRouting[] {
  // A gateway may be reached by a connected route only.
  const entries = [...connectedRoutes(settings), ...settings.routes, ...settings.rules];
  const wanted = entries.map((entry) => {
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

/** The route of the entry, if that is the prefix of an address. */
export function connectedOf({ entry }: ManagedRouting): Route | undefined {
  return entry.kind === 'route' && entry.connected === true ? entry : undefined;
}

/** As `status` shows them; of the prefixes of addresses, those that are there or should be. */
export function routingViews(all: readonly ManagedRouting[]): RoutingView[] {
  return all
    .filter((one) => {
      if (one.retired) return false;
      if (connectedOf(one) === undefined) return true;
      return one.present || (one.refusal !== 0 && one.refusal !== EEXIST);
    })
    .map(({ entry, present, refusal }) => ({ text: routingText(entry), present, refusal }));
}

function keyOf(entry: RoutingEntry): string {
  const key = routingKey(entry);
  if (entry.kind === 'rule' || entry.connected !== true) return key;
  return connectedKey(key, entry.interface, entry.source);
}

function newlyManaged(entry: RoutingEntry): ManagedRouting {
  return {
    entry,
    key: keyOf(entry),
    pending: 'none',
    present: false,
    doubtful: false,
    installed: false,
    refusal: 0,
    retired: false,
  };
}
