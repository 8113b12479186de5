/**
 * Binds the virtual routers to interfaces: the source address of their packets, their sockets, and
 * whether they can run at all. Determined again whenever links or addresses change.
 */
import { isSame } from '../../../net/equality.ts';
import { after, type Duration, type Instant, NEVER, NO_TIME } from '../../../net/time.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { FaultKeeper } from '../groups/fault-keeper.ts';
import { sourceOf } from '../groups/faults.ts';
import type { Tracking } from '../groups/tracking.ts';
import type { LinkTable } from '../links.ts';
import type { Greeter } from '../router/greeter.ts';
import type { Listening } from '../router/listening.ts';
import type { Reception } from '../router/reception.ts';
import type { Restarts } from '../router/restarts.ts';
import type { Transitions } from '../router/transitions.ts';
import { peersOf, type VirtualRouter } from '../router/virtual-router.ts';
import { retireLeftBehind, type Strays } from './elsewhere.ts';
import type { Reannouncer } from './reannouncer.ts';

interface InterfaceBindingParts {
  readonly routers: RouterTable;
  readonly links: LinkTable;
  readonly faults: FaultKeeper;
  readonly tracking: Tracking;
  readonly transitions: Transitions;
  readonly reception: Reception;
  readonly listening: Listening;
  readonly reannouncer: Reannouncer;
  readonly strays: Strays;
  readonly greeter: Greeter;
  readonly restarts: Restarts;
}

export class InterfaceBinding {
  readonly #routers: RouterTable;
  readonly #links: LinkTable;
  readonly #faults: FaultKeeper;
  readonly #tracking: Tracking;
  readonly #transitions: Transitions;
  readonly #reception: Reception;
  readonly #listening: Listening;
  readonly #reannouncer: Reannouncer;
  readonly #strays: Strays;
  readonly #greeter: Greeter;
  readonly #restarts: Restarts;
  #started = false;
  #startDelay: Duration = NO_TIME;
  /** Routers that wait for the end of the start delay, and when it ends. */
  readonly #waiting = new Set<VirtualRouter>();
  #startAt: Instant = NEVER;

  constructor(parts: InterfaceBindingParts) {
    this.#routers = parts.routers;
    this.#links = parts.links;
    this.#faults = parts.faults;
    this.#tracking = parts.tracking;
    this.#transitions = parts.transitions;
    this.#reception = parts.reception;
    this.#listening = parts.listening;
    this.#reannouncer = parts.reannouncer;
    this.#strays = parts.strays;
    this.#greeter = parts.greeter;
    this.#restarts = parts.restarts;
  }

  /** The state comes from another process: no router starts. */
  resume(now: Instant): void {
    this.#started = true;
    for (const router of this.#routers.all) this.#greeter.resume(router);
    this.linksRenamed(now);
  }

  /** A full dump of the kernel's state; the first one starts the routers. */
  linksReplaced(now: Instant): void {
    this.linksRenamed(now);
    for (const router of this.#routers.all) this.#transitions.dirty.add(router);
    if (this.#started) return;
    this.#started = true;
    if (this.#startDelay > 0) this.#startAt = after(now, this.#startDelay);
    for (const router of this.#routers.all) this.start(router, now);
  }

  /** Before the first dump: how long routers wait that do not resume. Zero: those that wait never start. */
  delayStart(delay: Duration): void {
    this.#startDelay = delay;
    this.#startAt = NEVER;
    this.#waiting.clear();
  }

  /** When the start delay ends. */
  next(): Instant {
    return this.#startAt;
  }

  startDelayed(now: Instant): void {
    if (this.#startAt > now) return;
    this.#startAt = NEVER;
    for (const router of this.#routers.all) {
      if (this.#waiting.has(router)) this.#faults.start(router, now);
    }
    this.#waiting.clear();
  }

  /** Interfaces may have other names: one that has VIPs keeps them, and no router expects them there. */
  linksRenamed(now: Instant): void {
    retireLeftBehind(this.#routers, this.#links);
    this.linksChanged(now);
  }

  /** Interfaces were added, removed or changed. */
  linksChanged(now: Instant): void {
    for (const router of this.#routers.all) this.#place(router);
    this.#tracking.linksChanged(now);
    this.routersChanged(now);
  }

  /** Routers were added or removed, or need other sockets. */
  routersChanged(now: Instant): void {
    this.#reception.route(this.#routers.all);
    this.#listening.update(this.#routers.all);
    this.addressesChanged(now);
  }

  addressesChanged(now: Instant): void {
    for (const router of this.#routers.all) {
      const isOther = this.#sourceFor(router) !== router.source;
      if (isOther || !isSame(peersOf(router.settings, this.#links), router.peers))
        this.#place(router);
      router.prepare(this.#links);
      this.#transitions.dirty.add(router);
      this.#faults.update(router, now);
      this.#greeter.check(router, now);
    }
    this.#reannouncer.compare(this.#routers.all, now);
    this.#strays.compare(now);
  }

  /** Binds routers that are new or have other settings. */
  bind(routers: readonly VirtualRouter[], now: Instant): void {
    for (const router of routers) this.#place(router);
    this.routersChanged(now);
  }

  /** Starts a router that was added while the others run. */
  start(router: VirtualRouter, now: Instant): void {
    if (!this.#started) return;
    const waits =
      this.#startAt !== NEVER && this.#restarts.eventFor(router, now).type === 'startup';
    if (waits) this.#waiting.add(router);
    else this.#faults.start(router, now);
  }

  /** Tries a refused socket or VIP again. */
  retry(router: VirtualRouter, now: Instant): void {
    router.refused = undefined;
    this.#listening.update(this.#routers.all);
    this.#transitions.dirty.add(router);
    this.#faults.update(router, now);
  }

  #place(router: VirtualRouter): void {
    const { source } = router;
    const link = this.#links.byName(router.settings.interface);
    router.place(link, this.#sourceFor(router), this.#links);
    if (router.source === source) return;
    if (router.isMaster) router.master = router.asMaster ?? router.master;
    this.#transitions.changed.add(router);
  }

  #sourceFor(router: VirtualRouter) {
    const { interface: name } = router.settings;
    const virtual = this.#routers.virtualOn(name);
    return sourceOf(router, this.#links.byName(name), virtual, this.#links);
  }
}
