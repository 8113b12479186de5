/**
 * Routes and rules that move with the VIPs: present while their router is MASTER, absent otherwise.
 * They are added after the addresses they may need and removed before them. A refusal is reported and
 * tried again, without FAULT: a MASTER that lacks a route still serves the clients that do not need
 * it, and the peer's kernel would most likely refuse it as well.
 */
import { EEXIST, ENODEV, ENOENT, ESRCH } from '../../../net/errno.ts';
import type { KernelAnswer } from '../../../net/kernel-answer.ts';
import type { RoutingEvent } from '../../../net/link.ts';
import { DEFAULT_METRIC, type RoutingEntry, routingText } from '../../../net/routing.ts';
import type { Instant } from '../../../net/time.ts';
import type { Outbox } from '../core/outbox.ts';
import { PendingChanges } from '../core/pending-changes.ts';
import type { CounterTable } from '../counters.ts';
import type { LinkTable } from '../links.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { AddressKeeper } from './address-keeper.ts';
import { connectedKey, isLacking, liveGiverOf } from './connected-routes.ts';
import { connectedOf, isGone, type ManagedRouting, standInOf } from './managed-routing.ts';
import type { Repairs } from './repairs.ts';

const ABSENT: ReadonlySet<number> = new Set([ENOENT, ESRCH, ENODEV]);

const NO_LINK: KernelAnswer = { errno: ENODEV, text: undefined };

type Operation = 'add' | 'remove';

interface Change {
  readonly router: VirtualRouter;
  readonly managed: ManagedRouting;
  readonly operation: Operation;
}

type RoutingOutcome = 'done' | 'refused';

interface RoutingKeeperParts {
  readonly links: LinkTable;
  readonly outbox: Outbox;
  readonly counters: CounterTable;
  readonly repairs: Repairs;
}

export class RoutingKeeper {
  readonly #links: LinkTable;
  readonly #outbox: Outbox;
  readonly #counters: CounterTable;
  readonly #repairs: Repairs;
  readonly #pending = new PendingChanges<Change>();
  /** The entry that has the key in the kernel, or has requested it. */
  readonly #holders = new Map<string, ManagedRouting>();
  /** Routers that wait for the key. */
  readonly #waiting = new Map<string, Set<VirtualRouter>>();

  constructor({ links, outbox, counters, repairs }: RoutingKeeperParts) {
    this.#links = links;
    this.#outbox = outbox;
    this.#counters = counters;
    this.#repairs = repairs;
  }

  get idle(): boolean {
    return this.#pending.isEmpty;
  }

  /** An entry with our mark was added or removed; returns its router, if that changes anything. */
  notice(event: RoutingEvent, routers: readonly VirtualRouter[]): VirtualRouter | undefined {
    const present = event.kind === 'routing.added';
    for (const key of this.#keysOf(event)) {
      const holder = this.#holders.get(key);
      for (const router of routers) {
        const managed = router.routing.find(
          (one) => one.key === key && (holder === undefined || one === holder),
        );
        if (managed === undefined) continue;
        if (managed.present === present) return undefined;
        this.#setPresent(managed, present);
        if (present) managed.refusal = 0;
        return router;
      }
    }
    return undefined;
  }

  /** The keys that the entry may have here. */
  #keysOf({ key, hop }: RoutingEvent): string[] {
    const link = hop === undefined ? undefined : this.#links.byIndex(hop.index);
    return link === undefined ? [key] : [connectedKey(key, link.attributes.name, hop?.source), key];
  }

  /** Links or addresses have changed: routes that depend on them may be gone. */
  doubt(routers: readonly VirtualRouter[]): void {
    for (const { routing } of routers) {
      for (const managed of routing) managed.doubtful = managed.present;
    }
  }

  /** A former process has added them for this router, and the kernel may still have them. */
  inherit({ routing }: VirtualRouter): void {
    for (const managed of routing) {
      this.#setPresent(managed, true);
      // It is removed: the kernel is asked whether it is needed.
      if (standInOf(managed) !== undefined) continue;
      managed.installed = true;
      managed.doubtful = true;
    }
  }

  reconcile(router: VirtualRouter, now: Instant): void {
    if (router.routing.length === 0) return;
    for (const managed of router.routing.toReversed()) {
      if (this.#isWanted(router, managed)) continue;
      managed.refusal = 0;
      managed.needed = false;
      if (!managed.present) managed.installed = false;
      else if (!this.#passOn(managed)) this.#ask(router, managed, 'remove');
    }
    router.routing = router.routing.filter((one) => !one.retired || !isGone(one));
    if (!router.isMaster) return;
    for (const managed of router.routing) {
      if (!this.#isWanted(router, managed) || (managed.present && !managed.doubtful)) continue;
      if (isRepair(managed) && !this.#repairs.allows(managed, router, now)) continue;
      const holder = this.#holders.get(managed.key) ?? managed;
      if (holder === managed) this.#ask(router, managed, 'add');
      else this.#wait(router, managed.key);
    }
  }

  #isWanted(router: VirtualRouter, managed: ManagedRouting): boolean {
    if (!router.serves || managed.retired) return false;
    const connected = connectedOf(managed);
    if (connected === undefined) return true;
    const { settings } = router;
    if (connected.standIn !== true) return isLacking(connected, settings, this.#links);
    return managed.needed && liveGiverOf(connected, settings, this.#links) !== undefined;
  }

  #wait(router: VirtualRouter, key: string): void {
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting.add(router));
  }

  /** Leaves the prefix of an address to another router that needs it, instead of removing it. */
  #passOn(managed: ManagedRouting): boolean {
    if (connectedOf(managed) === undefined || managed.pending !== 'none') return false;
    for (const router of this.#waiting.get(managed.key) ?? []) {
      if (!router.isMaster) continue;
      const same = router.routing.find((one) => one.key === managed.key);
      if (same === undefined || same === managed || !this.#isWanted(router, same)) continue;
      this.#setPresent(managed, false);
      managed.installed = false;
      this.#setPresent(same, true);
      same.installed = true;
      // The answer shows whether it is still present.
      this.#ask(router, same, 'add');
      return true;
    }
    return false;
  }

  /** True if no entry remains to be removed. */
  hasReleased(router: VirtualRouter): boolean {
    return router.routing.every(({ present }) => !present);
  }

  /** Returns the routers to compare again, and whether a change was refused. */
  answer(
    id: number,
    answers: readonly KernelAnswer[],
    now: Instant,
  ): Map<VirtualRouter, RoutingOutcome> {
    const routers = new Map<VirtualRouter, RoutingOutcome>();
    for (const { item, answer } of this.#pending.take(id, answers)) {
      const { router, managed, operation } = item;
      managed.pending = 'none';
      const done =
        operation === 'add' ? this.#added(item, answer, now) : this.#removed(item, answer);
      if (!done || !routers.has(router)) routers.set(router, done ? 'done' : 'refused');
      if (this.#holders.has(managed.key)) continue;
      for (const other of this.#waiting.get(managed.key) ?? []) {
        if (!routers.has(other)) routers.set(other, 'done');
      }
      this.#waiting.delete(managed.key);
    }
    return routers;
  }

  #ask(router: VirtualRouter, managed: ManagedRouting, operation: Operation): void {
    if (managed.pending !== 'none') return;
    const { entry } = managed;
    const place = this.#placeOf(entry);
    if (place === undefined) {
      this.#setPresent(managed, false);
      if (operation === 'add') this.#refused(router, managed, operation, NO_LINK);
      return;
    }
    managed.pending = operation;
    managed.doubtful = false;
    if (operation === 'add') this.#holders.set(managed.key, managed);
    const batch = this.#outbox.change({ operation, entry, ...place });
    this.#pending.add(batch, { router, managed, operation });
  }

  /** The indexes of its interfaces; undefined while one of them is missing. */
  #placeOf(entry: RoutingEntry): { index: number; hops?: number[] } | undefined {
    if (entry.kind === 'rule') return { index: 0 };
    const indexOf = (name: string) => this.#links.byName(name)?.attributes.index;
    if (entry.hops !== undefined) {
      const hops = entry.hops.flatMap((hop) => indexOf(hop.interface) ?? []);
      return hops.length === entry.hops.length ? { index: 0, hops } : undefined;
    }
    const index = entry.interface === undefined ? 0 : indexOf(entry.interface);
    return index === undefined ? undefined : { index };
  }

  #added({ router, managed }: Change, answer: KernelAnswer, now: Instant): boolean {
    const { errno } = answer;
    // An entry that exists and is not ours belongs to another program, and stays.
    if (errno !== 0 && !(errno === EEXIST && (managed.installed || isCertainlyOurs(managed)))) {
      // One that was installed may still exist: it is asked for again, and removed on release.
      this.#setPresent(managed, managed.installed);
      managed.doubtful = managed.installed;
      this.#refused(router, managed, 'add', answer);
      return false;
    }
    const restored = errno === 0 && isRepair(managed);
    this.#setPresent(managed, true);
    managed.installed = true;
    managed.refusal = 0;
    if (!restored) return true;
    this.#counters.add(router.row, 'routes-restored');
    const count = this.#repairs.made(managed, now);
    if (count === undefined) return true;
    const { name: instance } = router.settings;
    const route = routingText(removedOf(managed));
    this.#outbox.report({ kind: 'route-restored', instance, route, count });
    return true;
  }

  #removed({ router, managed }: Change, answer: KernelAnswer): boolean {
    const { errno } = answer;
    if (errno !== 0 && !ABSENT.has(errno)) {
      this.#refused(router, managed, 'remove', answer);
      return false;
    }
    this.#setPresent(managed, false);
    managed.installed = false;
    return true;
  }

  #setPresent(managed: ManagedRouting, present: boolean): void {
    managed.present = present;
    if (present) this.#holders.set(managed.key, managed);
    else if (this.#holders.get(managed.key) === managed) this.#holders.delete(managed.key);
  }

  /** Reports a refusal once per errno, however often it is repeated. */
  #refused(
    router: VirtualRouter,
    managed: ManagedRouting,
    operation: Operation,
    { errno, text }: KernelAnswer,
  ): void {
    if (managed.refusal === errno) return;
    managed.refusal = errno;
    // Another route reaches the prefix.
    if (errno === EEXIST && connectedOf(managed) !== undefined) return;
    this.#counters.add(router.row, 'routes-refused');
    const { name: instance } = router.settings;
    const route = routingText(managed.entry);
    this.#outbox.report({ kind: 'route-failed', instance, route, operation, errno, text });
  }
}

/**
 * Requests what each router lacks and the removal of what it should not have. Routes and rules are
 * added after the addresses they may need, and removed before them.
 */
export function reconcile(
  routers: Set<VirtualRouter>,
  addresses: AddressKeeper,
  routing: RoutingKeeper,
  now: Instant,
): void {
  for (const router of routers) {
    if (!router.serves) routing.reconcile(router, now);
    addresses.reconcile(router, now);
  }
  addresses.ask(now);
  for (const router of routers) {
    if (router.isMaster && !addresses.isWaitingFor(router)) routing.reconcile(router, now);
  }
  routers.clear();
}

/** It replaces what another program has removed. */
function isRepair(managed: ManagedRouting): boolean {
  return managed.installed || standInOf(managed) !== undefined;
}

/** A stand-in differs from what was removed in its metric. */
function removedOf(managed: ManagedRouting): RoutingEntry {
  const standIn = standInOf(managed);
  if (standIn === undefined) return managed.entry;
  return { ...standIn, metric: DEFAULT_METRIC[standIn.family] };
}

/** The lowest preference: only an identical route, with our mark, yields EEXIST. */
function isCertainlyOurs(managed: ManagedRouting): boolean {
  return connectedOf(managed)?.family === 'ipv4' || standInOf(managed) !== undefined;
}
