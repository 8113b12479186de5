/**
 * Prefixes of the host's own addresses to which the kernel has no route any more: another program has removed it.
 * A MASTER whose VIPs have the prefix adds a route of its own (`connected-routes.ts`); of others it can
 * only report that their hosts are not reached. A program that renews a route removes it first, so that
 * its absence counts after a moment.
 */
import { isSame } from '../../../net/equality.ts';
import { prefixOf } from '../../../net/prefixes.ts';
import type { Prefix } from '../../../net/routing.ts';
import { after, earliest, type Instant, NEVER, seconds } from '../../../net/time.ts';
import { addressKey, type LinkTable } from '../links.ts';
import type { Outbox } from '../outbox.ts';
import { Recurrence } from '../recurrence.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { RouterTable } from '../router-table.ts';
import type { UnroutedPrefix } from '../view.ts';

const LASTING = seconds(1);

interface Held {
  readonly index: number;
  readonly prefix: Prefix;
  /** When it counts; undefined until the end of the turn, which knows the time. */
  at: Instant | undefined;
}

interface UnroutedPrefixesParts {
  readonly routers: RouterTable;
  readonly links: LinkTable;
  readonly outbox: Outbox;
  readonly transitions: Transitions;
}

export class UnroutedPrefixes {
  readonly #parts: UnroutedPrefixesParts;
  readonly #recurrence = new Recurrence();
  readonly #held = new Map<string, Held>();
  /** A router may show prefixes. */
  #shown = false;

  constructor(parts: UnroutedPrefixesParts) {
    this.#parts = parts;
  }

  /** Returns whether anything follows at once. */
  note(index: number, prefix: Prefix, routed: boolean): boolean {
    const key = `${index} ${addressKey(prefix.address, prefix.length)}`;
    if (routed) {
      this.#held.delete(key);
      return this.#parts.links.setRouted(index, prefix, true);
    }
    if (!this.#held.has(key)) this.#held.set(key, { index, prefix, at: undefined });
    return false;
  }

  /** The end of a turn: what was reported in it is counted from now. */
  settle(now: Instant): void {
    for (const held of this.#held.values()) held.at ??= after(now, LASTING);
  }

  next(): Instant {
    let next = NEVER;
    for (const { at } of this.#held.values()) if (at !== undefined) next = earliest(next, at);
    return next;
  }

  /** Returns whether an absence counts from now. */
  fire(now: Instant): boolean {
    let counts = false;
    for (const [key, { index, prefix, at }] of this.#held) {
      if (at === undefined || at > now) continue;
      this.#held.delete(key);
      if (this.#parts.links.setRouted(index, prefix, false)) counts = true;
    }
    return counts;
  }

  /** Links or addresses may have changed. */
  compare(now: Instant): void {
    if (!this.#parts.links.lacksRoutes && !this.#shown) return;
    this.#shown = this.#parts.links.lacksRoutes;
    for (const router of this.#parts.routers.all) this.#show(router, this.#unroutedOf(router), now);
  }

  #unroutedOf({ settings, addresses }: VirtualRouter): readonly UnroutedPrefix[] {
    const names = new Set([settings.interface, ...addresses.map((one) => one.interface)]);
    return [...names].flatMap((name) =>
      this.#parts.links.unroutedOn(name).map((state) => {
        const prefix = prefixOf(state);
        return {
          prefix: addressKey(prefix.address, prefix.length),
          interface: name,
          address: state.address,
        };
      }),
    );
  }

  #show(router: VirtualRouter, unrouted: readonly UnroutedPrefix[], now: Instant): void {
    const before = router.unrouted;
    if (isSame(before, unrouted)) return;
    router.unrouted = unrouted;
    this.#parts.transitions.changed.add(router);
    for (const one of lacking(unrouted, before)) this.#report(router, one, false, now);
    for (const one of lacking(before, unrouted)) this.#report(router, one, true, now);
  }

  #report(router: VirtualRouter, unrouted: UnroutedPrefix, routed: boolean, now: Instant): void {
    const instance = router.settings.name;
    const { prefix, interface: name } = unrouted;
    for (const count of this.#recurrence.add(`${instance} ${name} ${prefix} ${routed}`, now)) {
      this.#parts.outbox.report({ kind: 'prefix-route', instance, unrouted, routed, count });
    }
  }
}

/** The first with each prefix that the others do not have. */
function lacking(
  all: readonly UnroutedPrefix[],
  others: readonly UnroutedPrefix[],
): Iterable<UnroutedPrefix> {
  const keyOf = (one: UnroutedPrefix) => `${one.interface} ${one.prefix}`;
  const known = new Set(others.map(keyOf));
  const found = all.filter((one) => !known.has(keyOf(one))).toReversed();
  return new Map(found.map((one) => [keyOf(one), one])).values();
}
