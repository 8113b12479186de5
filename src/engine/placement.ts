/**
 * What interfaces and addresses mean for each virtual router: where its packets come from, and
 * whether it can run at all. Derived anew whenever they change.
 */
import type { Instant } from '../net/time.ts';
import { faultEvents, faultsOf, sourceOf } from './faults.ts';
import type { LinkTable } from './links.ts';
import type { Listening } from './listening.ts';
import type { Reception } from './reception.ts';
import type { Roster } from './roster.ts';
import type { Transitions } from './transitions.ts';
import type { VirtualRouter } from './virtual-router.ts';

export interface PlacementParts {
  readonly roster: Roster;
  readonly links: LinkTable;
  readonly transitions: Transitions;
  readonly reception: Reception;
  readonly listening: Listening;
}

export class Placement {
  readonly #roster: Roster;
  readonly #links: LinkTable;
  readonly #transitions: Transitions;
  readonly #reception: Reception;
  readonly #listening: Listening;
  #started = false;

  constructor({ roster, links, transitions, reception, listening }: PlacementParts) {
    this.#roster = roster;
    this.#links = links;
    this.#transitions = transitions;
    this.#reception = reception;
    this.#listening = listening;
  }

  /** The kernel's state is known, for the first time or anew. */
  linksReplaced(now: Instant): void {
    this.linksChanged(now);
    for (const router of this.#roster.routers) this.#transitions.dirty.add(router);
    if (this.#started) return;
    this.#started = true;
    for (const router of this.#roster.routers) this.#start(router, now);
  }

  /** Interfaces came, went or changed: where packets come from, what frames carry. */
  linksChanged(now: Instant): void {
    for (const router of this.#roster.routers) this.#place(router);
    this.routersChanged(now);
  }

  /** Routers came, went or listen to something else. */
  routersChanged(now: Instant): void {
    this.#reception.route(this.#roster.routers);
    this.#listening.update(this.#roster.routers);
    this.addressesChanged(now);
  }

  addressesChanged(now: Instant): void {
    for (const router of this.#roster.routers) {
      const source = this.#sourceFor(router);
      if (source !== router.source) {
        this.#place(router);
        if (router.holds && source !== undefined && router.master !== null) {
          router.master = { ...router.master, address: source };
        }
        this.#transitions.changed.add(router);
      }
      router.prepare(this.#links);
      this.#transitions.dirty.add(router);
      this.updateFaults(router, now);
    }
  }

  /** Routers that have just been made, or have other settings: nothing of theirs is prepared. */
  settle(routers: readonly VirtualRouter[], now: Instant): void {
    for (const router of routers) this.#place(router);
    this.routersChanged(now);
  }

  /** A router that was added while the others run. */
  start(router: VirtualRouter, now: Instant): void {
    if (this.#started) this.#start(router, now);
  }

  updateFaults(router: VirtualRouter, now: Instant): void {
    const before = router.faults;
    const virtual = this.#roster.virtualOn(router.settings.interface);
    const faults = faultsOf(router, this.#links, virtual);
    const raised = faults.find((reason) => !before.includes(reason));
    const cleared = before.find((reason) => !faults.includes(reason));
    if (raised === undefined && cleared === undefined) return;
    router.faults = faults;
    this.#transitions.changed.add(router);
    if (!this.#started || router.state === 'initialize') return;
    if (raised !== undefined && router.state !== 'fault') {
      this.#transitions.apply(router, { type: faultEvents(raised).raised }, now);
    } else if (cleared !== undefined) {
      const type = faultEvents(cleared).cleared;
      this.#transitions.apply(router, { type, remaining: faults.length }, now);
    }
  }

  /** A receive socket could not be opened, or a VIP not be added: ask again. */
  retry(router: VirtualRouter, now: Instant): void {
    router.refused = undefined;
    this.#listening.update(this.#roster.routers);
    this.#transitions.dirty.add(router);
    this.updateFaults(router, now);
  }

  #start(router: VirtualRouter, now: Instant): void {
    router.since = now;
    this.#transitions.changed.add(router);
    const [reason] = router.faults;
    const type = reason === undefined ? 'startup' : faultEvents(reason).raised;
    this.#transitions.apply(router, { type }, now);
  }

  #place(router: VirtualRouter): void {
    router.place(this.#links.byName(router.settings.interface), this.#sourceFor(router));
  }

  #sourceFor(router: VirtualRouter) {
    const { interface: name } = router.settings;
    return sourceOf(router, this.#links.byName(name), this.#roster.virtualOn(name));
  }
}
