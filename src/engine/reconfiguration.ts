/**
 * Takes a running engine from one configuration to the next in one turn. Virtual routers that have
 * not changed are not touched. Those that go let go as on a stop, serving until their successor is
 * heard; those that come wait until nobody who leaves has their VRID or one of their VIPs.
 */

import { masterDownInterval } from '../../fsm/vrrp/timing.ts';
import { type Instant, NEVER } from '../net/time.ts';
import type { AddressKeeper } from './address-keeper.ts';
import type { Announcer } from './announcer.ts';
import type { CounterTable } from './counters.ts';
import type { Leases } from './leases.ts';
import { type ManagedAddress, placeOf } from './managed-address.ts';
import type { Outbox } from './outbox.ts';
import type { Placement } from './placement.ts';
import type { Roster } from './roster.ts';
import type { RoutingKeeper } from './routing-keeper.ts';
import type { InstanceSettings, SyncGroupSettings } from './settings.ts';
import { type CommonSettings, identityOf, type SettingsChange } from './settings-change.ts';
import type { SyncGroups } from './sync-groups.ts';
import type { Timers } from './timers.ts';
import type { Tracking } from './tracking.ts';
import { firstTick, type Transitions } from './transitions.ts';
import type { VirtualRouter } from './virtual-router.ts';

export interface ReconfigurationParts {
  readonly announcer: Announcer;
  readonly roster: Roster;
  readonly groups: SyncGroups;
  readonly tracking: Tracking;
  readonly placement: Placement;
  readonly transitions: Transitions;
  readonly timers: Timers;
  readonly keeper: AddressKeeper;
  readonly routing: RoutingKeeper;
  readonly leases: Leases;
  readonly counters: CounterTable;
  readonly outbox: Outbox;
}

export class Reconfiguration {
  readonly #parts: ReconfigurationParts;
  readonly #leaving = new Set<VirtualRouter>();
  #waiting: InstanceSettings[] = [];
  #syncGroups: readonly SyncGroupSettings[] = [];

  constructor(parts: ReconfigurationParts) {
    this.#parts = parts;
  }

  /** Somebody is still to let go, or to begin. */
  get isUnderWay(): boolean {
    return this.#leaving.size > 0 || this.#waiting.length > 0;
  }

  isLeaving(router: VirtualRouter): boolean {
    return this.#leaving.has(router);
  }

  /** Who belongs together, and what each depends on; those that are leaving go alone. */
  group(syncGroups: readonly SyncGroupSettings[], now: Instant): void {
    const { roster, groups, tracking } = this.#parts;
    this.#syncGroups = syncGroups;
    const staying = roster.routers.filter((router) => !this.#leaving.has(router));
    for (const router of this.#leaving) router.group = undefined;
    groups.assign(syncGroups, staying, now);
    tracking.assign(syncGroups, staying, now);
  }

  /** The agent stops: nobody begins any more. */
  abandon(): void {
    this.#waiting = [];
  }

  apply(
    { common, stop, change, start }: SettingsChange,
    linger: CommonSettings['linger'],
    now: Instant,
  ) {
    const { roster, placement } = this.#parts;
    for (const name of stop) this.#stop(name, linger === 'auto', now);
    const changed = change.flatMap(({ name, settings }) => this.#change(name, settings));
    this.#handOverAddresses();
    roster.update();
    this.group(common.syncGroups, now);
    placement.settle(
      changed.map(({ router }) => router),
      now,
    );
    for (const { router, before } of changed) this.#resume(router, before, now);
    this.#waiting.push(...start);
    this.proceed(now);
  }

  /** Those that have let go are forgotten, and those that have waited for it begin. */
  proceed(now: Instant): void {
    const { keeper, routing, placement } = this.#parts;
    let changed = false;
    for (const router of this.#leaving) {
      if (router.state !== 'initialize') continue;
      if (!keeper.hasLetGo(router) || !routing.hasLetGo(router)) continue;
      this.#forget(router);
      changed = true;
    }
    const ready = this.#waiting.filter((settings) => !this.#isInTheWay(settings));
    if (ready.length > 0) {
      this.#waiting = this.#waiting.filter((settings) => !ready.includes(settings));
      const routers = ready.map((settings) => this.#add(settings));
      this.group(this.#syncGroups, now);
      placement.settle(routers, now);
      for (const router of routers) placement.start(router, now);
    } else if (changed) placement.routersChanged(now);
  }

  #stop(name: string, linger: boolean, now: Instant): void {
    const router = this.running(name);
    if (router === undefined) {
      this.#waiting = this.#waiting.filter((settings) => settings.name !== name);
      return;
    }
    this.#leaving.add(router);
    this.#parts.transitions.apply(router, { type: 'shutdown', linger }, now);
    this.#parts.transitions.dirty.add(router);
  }

  /** Nothing where the instance still waits to begin. */
  #change(name: string, settings: InstanceSettings) {
    const router = this.running(name);
    if (router === undefined) {
      this.#waiting = this.#waiting.map((one) => (one.name === name ? settings : one));
      return [];
    }
    const before = router.settings;
    router.adopt(settings);
    return [{ router, before }];
  }

  /** After its packets have been made anew. */
  #resume(router: VirtualRouter, before: InstanceSettings, now: Instant): void {
    const { timers, transitions } = this.#parts;
    const { position, settings } = router;
    transitions.changed.add(router);
    if (before.priority !== settings.priority) {
      router.priority.configure(settings.priority);
      transitions.reprioritize(router, 'the configuration has changed', now);
    }
    if (
      before.preempt !== settings.preempt ||
      before.preemptDelay !== settings.preemptDelay ||
      before.preemptWhenSynced !== settings.preemptWhenSynced
    ) {
      timers.clear('hold', position);
      router.context = { ...router.context, holding: false };
    }
    if (before.advertisementInterval !== settings.advertisementInterval) {
      this.#changeInterval(router, now);
    }
    if (router.holds && before.lease !== settings.lease) this.#parts.leases.renew(router, now);
    if (router.state !== 'holding.master') return;
    router.announcements.configure(settings.garp, now);
    timers.set('announce', position, router.announcements.next());
    const known = new Set(
      [...before.addresses, ...before.extraAddresses].map(({ address }) => address),
    );
    if (router.addresses.every(({ address }) => known.has(address))) return;
    router.announcements.start(now);
    this.#parts.announcer.announce(router, now);
  }

  /** Peers learn of the interval at once, before they could miss an advertisement. */
  #changeInterval(router: VirtualRouter, now: Instant): void {
    const { timers, transitions } = this.#parts;
    const { version, priority, masterInterval, advertisementInterval } = router.context;
    if (router.state === 'holding.master') {
      transitions.advertise(router, now);
      timers.set('adver', router.position, firstTick(advertisementInterval, now));
      if (router.master !== null) {
        router.master = { ...router.master, intervalMs: advertisementInterval / 1_000 };
      }
      return;
    }
    // Version 3 waits for as long as the MASTER that was heard says (RFC 9568 section 6.1).
    if (version === 3 && router.master !== null) return;
    router.context = { ...router.context, masterInterval: advertisementInterval };
    const deadline = timers.at('down', router.position);
    if (deadline === NEVER) return;
    const longer =
      masterDownInterval(version, priority, advertisementInterval) -
      masterDownInterval(version, priority, masterInterval);
    timers.set('down', router.position, (deadline + longer) as Instant);
  }

  /** A VIP that one router gives up and another has from now on never leaves the interface. */
  #handOverAddresses(): void {
    const routers = this.#parts.roster.routers;
    const wanted = new Map<string, ManagedAddress>();
    for (const router of routers) {
      if (this.#leaving.has(router)) continue;
      for (const address of router.addresses) wanted.set(placeOf(address), address);
    }
    for (const router of routers) {
      const isLeaving = this.#leaving.has(router);
      for (const address of isLeaving ? router.addresses : router.retired) {
        const taker = wanted.get(placeOf(address));
        if (taker === undefined) continue;
        taker.held ||= address.held;
        router.disown(address);
      }
    }
  }

  /** The virtual router of that name, unless it is leaving. */
  running(name: string): VirtualRouter | undefined {
    return this.#parts.roster.routers.find(
      (router) => router.settings.name === name && !this.#leaving.has(router),
    );
  }

  #add(settings: InstanceSettings): VirtualRouter {
    const { roster, timers, counters } = this.#parts;
    const router = roster.add(settings);
    timers.grow(roster.size);
    counters.reset(router.row);
    return router;
  }

  #forget(router: VirtualRouter): void {
    const { roster, timers, transitions, outbox } = this.#parts;
    this.#leaving.delete(router);
    roster.remove(router);
    timers.clearAll(router.position);
    transitions.dirty.delete(router);
    transitions.changed.delete(router);
    const { name } = router.settings;
    outbox.report({ kind: 'instance-removed', instance: name });
    // Rows of `status` are told apart by name: whoever has it now has the last word.
    const namesake = this.running(name);
    if (namesake !== undefined) transitions.changed.add(namesake);
  }

  #isInTheWay(settings: InstanceSettings): boolean {
    const identity = identityOf(settings);
    const wanted = [...settings.addresses, ...settings.extraAddresses];
    const wants = ({ address, interface: name }: ManagedAddress) =>
      wanted.some((one) => one.address === address && one.interface === name);
    return this.#parts.roster.routers.some((router) => {
      if (router.retired.some((address) => !this.#parts.keeper.isGone(address) && wants(address))) {
        return true;
      }
      if (!this.#leaving.has(router)) return false;
      return identityOf(router.settings) === identity || router.addresses.some(wants);
    });
  }
}
