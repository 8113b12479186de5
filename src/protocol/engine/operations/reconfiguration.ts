/**
 * Applies a new configuration to a running engine in one turn. Virtual routers that have not changed
 * are not touched. Removed routers release as on a shutdown, serving until their successor is heard;
 * added routers wait until no removed router has their VRID or one of their VIPs.
 */
import { isSame } from '../../../net/equality.ts';
import { type Instant, latest } from '../../../net/time.ts';
import type { AddressKeeper } from '../addresses/address-keeper.ts';
import type { Announcer } from '../addresses/announcer.ts';
import type { InterfaceBinding } from '../addresses/interface-binding.ts';
import type { Leases } from '../addresses/leases.ts';
import { type ManagedAddress, placeOf } from '../addresses/managed-address.ts';
import type { RoutingKeeper } from '../addresses/routing-keeper.ts';
import type { Authenticator } from '../authentication/authenticator.ts';
import type { Outbox } from '../core/outbox.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { Timers } from '../core/timers.ts';
import type { CounterTable } from '../counters.ts';
import type { SyncGroups } from '../groups/sync-groups.ts';
import type { Tracking } from '../groups/tracking.ts';
import type { PeerProblems } from '../router/peer-problems.ts';
import type { Protocol } from '../router/protocol.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { InstanceSettings, SyncGroupSettings, TrackSettings } from '../settings.ts';
import { identityOf, type SettingsChange } from '../settings-change.ts';
import type { Witness } from '../witness/witness.ts';

interface ReconfigurationParts {
  readonly announcer: Announcer;
  readonly routers: RouterTable;
  readonly groups: SyncGroups;
  readonly tracking: Tracking;
  readonly binding: InterfaceBinding;
  readonly protocol: Protocol;
  readonly transitions: Transitions;
  readonly timers: Timers;
  readonly keeper: AddressKeeper;
  readonly routing: RoutingKeeper;
  readonly leases: Leases;
  readonly counters: CounterTable;
  readonly outbox: Outbox;
  readonly problems: PeerProblems;
  readonly witness: Witness;
  readonly authenticator: Authenticator;
}

export class Reconfiguration {
  readonly #parts: ReconfigurationParts;
  readonly #removing = new Set<VirtualRouter>();
  #waiting: InstanceSettings[] = [];
  #syncGroups: readonly SyncGroupSettings[] = [];

  constructor(parts: ReconfigurationParts) {
    this.#parts = parts;
  }

  /** Routers still have to release, or to start. */
  get isUnderWay(): boolean {
    return this.#removing.size > 0 || this.#waiting.length > 0;
  }

  isRemoving(router: VirtualRouter): boolean {
    return this.#removing.has(router);
  }

  /** Assigns sync groups and tracked objects; routers that are being removed have neither. */
  group(syncGroups: readonly SyncGroupSettings[], now: Instant): void {
    const { routers, groups, tracking } = this.#parts;
    this.#syncGroups = syncGroups;
    const staying = routers.all.filter((router) => !this.#removing.has(router));
    for (const router of this.#removing) router.group = undefined;
    groups.assign(syncGroups, staying, now);
    tracking.assign(syncGroups, staying, now);
  }

  /** Everything that is tracked, also by routers that have yet to start. */
  tracks(): readonly TrackSettings[] {
    const { routers } = this.#parts;
    const staying = routers.all.filter((router) => !this.#removing.has(router));
    const instances = [...staying.map(({ settings }) => settings), ...this.#waiting];
    return [...instances, ...this.#syncGroups].flatMap(({ track }) => track);
  }

  /** The agent stops: waiting routers do not start. */
  abandon(): void {
    this.#waiting = [];
  }

  apply({ common, stop, change, start }: SettingsChange, now: Instant): void {
    const { routers, binding } = this.#parts;
    for (const name of stop) this.#stop(name, common.linger === 'auto', now);
    const changed = change.flatMap(({ name, settings }) => this.#change(name, settings));
    this.#handOverAddresses();
    routers.update();
    this.group(common.syncGroups, now);
    binding.bind(
      changed.map(({ router }) => router),
      now,
    );
    for (const { router, before } of changed) this.#resume(router, before, now);
    this.#waiting.push(...start);
    this.proceed(now);
  }

  /** Forgets the routers that have released, and starts those that waited for them. */
  proceed(now: Instant): void {
    const { keeper, routing, binding } = this.#parts;
    let changed = false;
    for (const router of this.#removing) {
      if (router.state !== 'initialize') continue;
      if (!keeper.hasReleased(router) || !routing.hasReleased(router)) continue;
      this.#forget(router);
      changed = true;
    }
    const ready = this.#waiting.filter((settings) => !this.#isInTheWay(settings));
    if (ready.length > 0) {
      this.#waiting = this.#waiting.filter((settings) => !ready.includes(settings));
      const added = ready.map((settings) => this.#add(settings));
      this.group(this.#syncGroups, now);
      binding.bind(added, now);
      for (const router of added) binding.start(router, now);
    } else if (changed) binding.routersChanged(now);
  }

  #stop(name: string, linger: boolean, now: Instant): void {
    const router = this.running(name);
    if (router === undefined) {
      this.#waiting = this.#waiting.filter((settings) => settings.name !== name);
      return;
    }
    this.#removing.add(router);
    this.#parts.transitions.apply(router, { type: 'shutdown', linger }, now);
    this.#parts.transitions.dirty.add(router);
  }

  /** Empty if the instance still waits for its start. */
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

  /** Applies the rest of the settings, once the packets have been encoded again. */
  #resume(router: VirtualRouter, before: InstanceSettings, now: Instant): void {
    const { timers, transitions } = this.#parts;
    const { settings } = router;
    transitions.changed.add(router);
    this.#parts.problems.forget(router, before);
    this.#parts.authenticator.adopted(router);
    if (before.priority !== settings.priority) {
      router.priority.configure(settings.priority);
      transitions.reprioritize(router, 'the configuration has changed', now);
    }
    this.#changeRules(router, before, now);
    if (router.isMaster && before.lease !== settings.lease) this.#parts.leases.renew(router, now);
    if (router.state !== 'holding.master') return;
    router.announcements.configure(settings.garp, now);
    // A round under way was due before: a deadline in the past would be a stall.
    timers.set('announce', router.position, latest(now, router.announcements.next()));
    const known = new Set(
      [...before.addresses, ...before.extraAddresses].map(({ address }) => address),
    );
    if (router.addresses.every(({ address }) => known.has(address))) return;
    router.announcements.start(now);
    this.#parts.announcer.announce(router, now);
  }

  /** The table adapts the running timers. */
  #changeRules(router: VirtualRouter, before: InstanceSettings, now: Instant): void {
    const { transitions } = this.#parts;
    const { settings, preemptDelay } = router;
    const { preempt, advertisementInterval: interval, beforeMaster } = settings;
    if (
      before.preempt !== preempt ||
      before.preemptDelay !== settings.preemptDelay ||
      before.preemptWhenSynced !== settings.preemptWhenSynced
    ) {
      transitions.apply(router, { type: 'preemption-changed', preempt, preemptDelay }, now);
    }
    if (!isSame(before.beforeMaster, beforeMaster)) {
      transitions.apply(router, { type: 'before-master-changed', beforeMaster, at: now }, now);
    }
    if (before.advertisementInterval === interval) return;
    const hearsMaster = router.master !== null;
    transitions.apply(router, { type: 'interval-changed', interval, hearsMaster }, now);
    if (router.state === 'holding.master' && router.master !== null) {
      router.master = { ...router.master, intervalMs: interval / 1_000 };
    }
  }

  /** A VIP that moves from one router to another stays on the interface. */
  #handOverAddresses(): void {
    const all = this.#parts.routers.all;
    const wanted = new Map<string, ManagedAddress>();
    for (const router of all) {
      if (this.#removing.has(router)) continue;
      for (const address of router.addresses) wanted.set(placeOf(address), address);
    }
    for (const router of all) {
      const isRemoving = this.#removing.has(router);
      for (const address of isRemoving ? router.addresses : router.retired) {
        const receiver = wanted.get(placeOf(address));
        if (receiver === undefined) continue;
        receiver.installed ||= address.installed;
        router.disown(address);
      }
    }
  }

  /** The virtual router of that name, unless it is being removed. */
  running(name: string): VirtualRouter | undefined {
    return this.#parts.routers.all.find(
      (router) => router.settings.name === name && !this.#removing.has(router),
    );
  }

  #add(settings: InstanceSettings): VirtualRouter {
    const { routers, protocol, timers, counters } = this.#parts;
    const router = routers.add(settings);
    timers.grow(routers.size);
    protocol.grow();
    counters.reset(router.row);
    return router;
  }

  #forget(router: VirtualRouter): void {
    const { routers, protocol, timers, transitions, problems, outbox, witness } = this.#parts;
    this.#removing.delete(router);
    witness.forget(router);
    problems.removed(router);
    routers.remove(router);
    timers.clearAll(router.position);
    protocol.forget(router);
    transitions.dirty.delete(router);
    transitions.changed.delete(router);
    const { name } = router.settings;
    outbox.report({ kind: 'instance-removed', instance: name });
    // Rows of `status` are identified by name: the row of a new router with this name comes last.
    const namesake = this.running(name);
    if (namesake !== undefined) transitions.changed.add(namesake);
  }

  #isInTheWay(settings: InstanceSettings): boolean {
    const identity = identityOf(settings);
    const wanted = [...settings.addresses, ...settings.extraAddresses];
    const wants = ({ address, interface: name }: ManagedAddress) =>
      wanted.some((one) => one.address === address && one.interface === name);
    return this.#parts.routers.all.some((router) => {
      if (router.retired.some((address) => !this.#parts.keeper.isGone(address) && wants(address))) {
        return true;
      }
      if (!this.#removing.has(router)) return false;
      return identityOf(router.settings) === identity || router.addresses.some(wants);
    });
  }
}
