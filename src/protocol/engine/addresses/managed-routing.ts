/** One route or rule of a virtual router, and the state of its requests to the kernel. */
import { isSame } from '../../../net/equality.ts';
import { EEXIST } from '../../../net/errno.ts';
import { type Route, type RoutingEntry, routingKey, routingText } from '../../../net/routing.ts';
import type { InstanceSettings } from '../settings.ts';
import type { RoutingView } from '../view.ts';
import { connectedKey, connectedRoutes } from './connected-routes.ts';

export interface ManagedRouting {
  readonly entry: RoutingEntry;
  /** Entries with equal keys are the same entry of the kernel. */
  readonly key: string;
  pending: 'none' | 'add' | 'remove';
  /** Present and ours, as last reported by the kernel. */
  present: boolean;
  /**
   * The kernel removes IPv4 routes with a link or an address silently (fib_flush in fib_frontend.c):
   * adding the route again shows whether it is still present.
   */
  doubtful: boolean;
  /** Added since the router became MASTER. */
  installed: boolean;
  /** Of a stand-in: the prefix had no other route when the kernel was last asked. */
  needed: boolean;
  /** Errno of the last refusal; 0: none. */
  refusal: number;
  /** No longer configured. */
  retired: boolean;
}

/** The entries of the settings, followed by those of former settings that may still be present. */
export function managedRouting(
  settings: InstanceSettings,
  known: readonly ManagedRouting[] = [],
): ManagedRouting[] {
  // Connected routes first: a gateway may need one.
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

/** Neither present nor requested. */
export function isGone({ present, pending }: ManagedRouting): boolean {
  return !present && pending === 'none';
}

/** The route, if it is the prefix of an address. */
export function connectedOf({ entry }: ManagedRouting): Route | undefined {
  return entry.kind === 'route' && entry.connected === true ? entry : undefined;
}

/** The route, if it takes the place of one that another address should give. */
export function standInOf({ entry }: ManagedRouting): Route | undefined {
  return entry.kind === 'route' && entry.standIn === true ? entry : undefined;
}

/** Rows of `status`; prefixes of addresses only if they are present or refused. */
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
  return connectedKey(key, entry.interface ?? '-', entry.source);
}

function newlyManaged(entry: RoutingEntry): ManagedRouting {
  return {
    entry,
    key: keyOf(entry),
    pending: 'none',
    present: false,
    doubtful: false,
    installed: false,
    needed: false,
    refusal: 0,
    retired: false,
  };
}
