/**
 * Binds the virtual routers to interfaces: the source address of their packets, their sockets, and
 * whether they can run at all. Derived again whenever links or addresses change.
 */
import type { Instant } from '../../../net/time.ts';
import type { FaultKeeper } from '../groups/fault-keeper.ts';
import { sourceOf } from '../groups/faults.ts';
import type { Tracking } from '../groups/tracking.ts';
import type { LinkTable } from '../links.ts';
import type { Greeter } from '../router/greeter.ts';
import type { Listening } from '../router/listening.ts';
import type { Reception } from '../router/reception.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { RouterTable } from '../router-table.ts';
import { retireLeftBehind } from './left-behind.ts';

interface InterfaceBindingParts {
  readonly routers: RouterTable;
  readonly links: LinkTable;
  readonly faults: FaultKeeper;
  readonly tracking: Tracking;
  readonly transitions: Transitions;
  readonly reception: Reception;
  readonly listening: Listening;
  readonly greeter: Greeter;
}

export class InterfaceBinding {
  readonly #routers: RouterTable;
  readonly #links: LinkTable;
  readonly #faults: FaultKeeper;
  readonly #tracking: Tracking;
  readonly #transitions: Transitions;
  readonly #reception: Reception;
  readonly #listening: Listening;
  readonly #greeter: Greeter;
  #started = false;

  constructor(parts: InterfaceBindingParts) {
    const { routers, links, faults, tracking, transitions, reception, listening, greeter } = parts;
    this.#routers = routers;
    this.#links = links;
    this.#faults = faults;
    this.#tracking = tracking;
    this.#transitions = transitions;
    this.#reception = reception;
    this.#listening = listening;
    this.#greeter = greeter;
  }

  /** The state comes from another process: no router starts. */
  resume(now: Instant): void {
    this.#started = true;
    this.linksChanged(now);
  }

  /** A full dump of the kernel's state; the first one starts the routers. */
  linksReplaced(now: Instant): void {
    this.linksChanged(now);
    if (!this.#started) retireLeftBehind(this.#routers.all, this.#links);
    for (const router of this.#routers.all) this.#transitions.dirty.add(router);
    if (this.#started) return;
    this.#started = true;
    for (const router of this.#routers.all) this.#faults.start(router, now);
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
      const source = this.#sourceFor(router);
      if (source !== router.source) {
        this.#place(router);
        if (router.isMaster && source !== undefined && router.master !== null) {
          router.master = { ...router.master, address: source };
        }
        this.#transitions.changed.add(router);
      }
      router.prepare(this.#links);
      this.#transitions.dirty.add(router);
      this.#faults.update(router, now);
      this.#greeter.check(router, now);
    }
  }

  /** Binds routers that are new or have other settings. */
  bind(routers: readonly VirtualRouter[], now: Instant): void {
    for (const router of routers) this.#place(router);
    this.routersChanged(now);
  }

  /** Starts a router that was added while the others run. */
  start(router: VirtualRouter, now: Instant): void {
    if (this.#started) this.#faults.start(router, now);
  }

  /** Tries a refused socket or VIP again. */
  retry(router: VirtualRouter, now: Instant): void {
    router.refused = undefined;
    this.#listening.update(this.#routers.all);
    this.#transitions.dirty.add(router);
    this.#faults.update(router, now);
  }

  #place(router: VirtualRouter): void {
    router.place(this.#links.byName(router.settings.interface), this.#sourceFor(router));
  }

  #sourceFor(router: VirtualRouter) {
    const { interface: name } = router.settings;
    return sourceOf(router, this.#links.byName(name), this.#routers.virtualOn(name));
  }
}
