/**
 * Routes and rules that move with the VIPs: there while their router holds its VIPs, gone otherwise.
 * They are asked for behind the addresses they may need and given up before them. A refusal is told
 * and tried again, and is no reason for FAULT: a MASTER that lacks a route serves whoever does not
 * need it, and the peer would most likely be refused as well.
 */
import type { KernelAnswer } from '../net/kernel-answer.ts';
import type { LinkEvent } from '../net/link.ts';
import { routingText } from '../net/routing.ts';
import type { CounterTable } from './counters.ts';
import type { LinkTable } from './links.ts';
import { isGone, type ManagedRouting } from './managed-routing.ts';
import type { Outbox } from './outbox.ts';
import { PendingChanges } from './pending-changes.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** errno(3): what says that an entry is there already, or is not there. */
const EEXIST = 17;
const ENODEV = 19;
const ABSENT: ReadonlySet<number> = new Set([2 /* ENOENT */, 3 /* ESRCH */, ENODEV]);

const NO_LINK: KernelAnswer = { errno: ENODEV, text: undefined };

type Operation = 'add' | 'remove';

interface Asked {
  readonly router: VirtualRouter;
  readonly managed: ManagedRouting;
  readonly operation: Operation;
}

export type RoutingOutcome = 'done' | 'refused';

export class RoutingKeeper {
  readonly #links: LinkTable;
  readonly #outbox: Outbox;
  readonly #counters: CounterTable;
  readonly #pending = new PendingChanges<Asked>();
  /** Who has the key in the kernel now, and which router waits for it. */
  readonly #holders = new Map<string, ManagedRouting>();
  readonly #heirs = new Map<string, VirtualRouter>();

  constructor(links: LinkTable, outbox: Outbox, counters: CounterTable) {
    this.#links = links;
    this.#outbox = outbox;
    this.#counters = counters;
  }

  get idle(): boolean {
    return this.#pending.isEmpty;
  }

  /** Somebody added or removed one that carries our mark; answers whose it is, if that is news. */
  notice(
    event: Extract<LinkEvent, { readonly key: string }>,
    routers: readonly VirtualRouter[],
  ): VirtualRouter | undefined {
    const present = event.kind === 'routing.added';
    const holder = this.#holders.get(event.key);
    for (const router of routers) {
      const managed = router.routing.find(
        (one) => one.key === event.key && (holder === undefined || one === holder),
      );
      if (managed === undefined) continue;
      if (managed.present === present) return undefined;
      this.#setPresent(managed, present);
      if (present) managed.refusal = 0;
      return router;
    }
    return undefined;
  }

  /** Links or addresses have changed: what hangs on them may be gone. */
  doubt(routers: readonly VirtualRouter[]): void {
    for (const { routing } of routers) {
      for (const managed of routing) managed.doubtful = managed.present;
    }
  }

  reconcile(router: VirtualRouter): void {
    if (router.routing.length === 0) return;
    for (const managed of router.routing.toReversed()) {
      if (router.serves && !managed.retired) continue;
      managed.refusal = 0;
      if (managed.present) this.#ask(router, managed, 'remove');
      else managed.held = false;
    }
    router.routing = router.routing.filter((one) => !one.retired || !isGone(one));
    if (!router.holds) return;
    for (const managed of router.routing) {
      if (managed.retired || (managed.present && !managed.doubtful)) continue;
      const holder = this.#holders.get(managed.key) ?? managed;
      if (holder === managed) this.#ask(router, managed, 'add');
      else this.#heirs.set(managed.key, router);
    }
  }

  /** Whether nothing is left to remove. */
  hasLetGo(router: VirtualRouter): boolean {
    return router.routing.every(({ present }) => !present);
  }

  /** The routers to look at again, and whether something is to be tried again later. */
  answer(id: number, answers: readonly KernelAnswer[]): Map<VirtualRouter, RoutingOutcome> {
    const routers = new Map<VirtualRouter, RoutingOutcome>();
    for (const { item, answer } of this.#pending.take(id, answers)) {
      const { router, managed, operation } = item;
      managed.pending = 'none';
      const done = operation === 'add' ? this.#added(item, answer) : this.#removed(item, answer);
      if (!done || !routers.has(router)) routers.set(router, done ? 'done' : 'refused');
      const heir = this.#heirs.get(managed.key);
      if (heir === undefined || this.#holders.has(managed.key)) continue;
      this.#heirs.delete(managed.key);
      if (!routers.has(heir)) routers.set(heir, 'done');
    }
    return routers;
  }

  #ask(router: VirtualRouter, managed: ManagedRouting, operation: Operation): void {
    if (managed.pending !== 'none') return;
    const { entry } = managed;
    const link = entry.kind === 'route' ? this.#links.byName(entry.interface) : undefined;
    if (entry.kind === 'route' && link === undefined) {
      this.#setPresent(managed, false);
      if (operation === 'add') this.#refused(router, managed, operation, NO_LINK);
      return;
    }
    managed.pending = operation;
    managed.doubtful = false;
    const index = link?.attributes.index ?? 0;
    const place = this.#outbox.change({ operation, entry, index });
    this.#pending.add(place, { router, managed, operation });
  }

  #added({ router, managed }: Asked, answer: KernelAnswer): boolean {
    const { errno } = answer;
    // One that is there and was never put there by us is somebody else's, and stays as it is.
    if (errno !== 0 && !(errno === EEXIST && managed.held)) {
      this.#setPresent(managed, false);
      this.#refused(router, managed, 'add', answer);
      return false;
    }
    const restored = errno === 0 && managed.held;
    this.#setPresent(managed, true);
    managed.held = true;
    managed.refusal = 0;
    if (!restored) return true;
    this.#counters.add(router.row, 'routes-restored');
    const { name: instance } = router.settings;
    this.#outbox.report({ kind: 'route-restored', instance, route: routingText(managed.entry) });
    return true;
  }

  #removed({ router, managed }: Asked, answer: KernelAnswer): boolean {
    const { errno } = answer;
    if (errno !== 0 && !ABSENT.has(errno)) {
      this.#refused(router, managed, 'remove', answer);
      return false;
    }
    this.#setPresent(managed, false);
    managed.held = false;
    return true;
  }

  #setPresent(managed: ManagedRouting, present: boolean): void {
    managed.present = present;
    if (present) this.#holders.set(managed.key, managed);
    else if (this.#holders.get(managed.key) === managed) this.#holders.delete(managed.key);
  }

  /** Told once for each errno, however often it is tried. */
  #refused(
    router: VirtualRouter,
    managed: ManagedRouting,
    operation: Operation,
    { errno, text }: KernelAnswer,
  ): void {
    if (managed.refusal === errno) return;
    managed.refusal = errno;
    this.#counters.add(router.row, 'routes-refused');
    const { name: instance } = router.settings;
    const route = routingText(managed.entry);
    this.#outbox.report({ kind: 'route-failed', instance, route, operation, errno, text });
  }
}
