/** Transfers the state of a running engine to the engine of the next process, which continues there. */
import { type Instant, seconds } from '../../../net/time.ts';
import type { AddressConflicts } from '../addresses/address-conflicts.ts';
import type { Leases } from '../addresses/leases.ts';
import { configuredPlaceOf, placeOf } from '../addresses/managed-address.ts';
import type { Authenticator } from '../authentication/authenticator.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { Timers } from '../core/timers.ts';
import { COUNTERS, type CounterTable, GLOBAL_ROW } from '../counters.ts';
import type { Tracking } from '../groups/tracking.ts';
import type { Masterships } from '../masterships.ts';
import type { PeerProblems } from '../router/peer-problems.ts';
import type { Protocol } from '../router/protocol.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import { identityOf } from '../settings-change.ts';
import type { EngineSnapshot, RefusalSnapshot, RouterSnapshot } from '../snapshot.ts';

/** A router that became MASTER more recently than this announces its addresses again. */
const RECENT = seconds(10);

interface StateTransferParts {
  readonly routers: RouterTable;
  readonly protocol: Protocol;
  readonly timers: Timers;
  readonly counters: CounterTable;
  readonly tracking: Tracking;
  readonly transitions: Transitions;
  readonly leases: Leases;
  readonly masterships: Masterships;
  readonly authenticator: Authenticator;
  readonly conflicts: AddressConflicts;
  readonly problems: PeerProblems;
}

export class StateTransfer {
  readonly #parts: StateTransferParts;

  constructor(parts: StateTransferParts) {
    this.#parts = parts;
  }

  capture(): EngineSnapshot {
    const { routers, tracking } = this.#parts;
    return {
      routers: routers.all.map((router) => this.#snapshotOf(router)),
      probes: [...tracking.results],
      counters: this.#countersOf(GLOBAL_ROW),
    };
  }

  /** Returns the routers that have not started: those that the snapshot lacks start as in a new process. */
  adopt(engine: EngineSnapshot, now: Instant): readonly VirtualRouter[] {
    const { routers, tracking, masterships } = this.#parts;
    masterships.reset();
    tracking.remember(engine.probes);
    this.#setCounters(GLOBAL_ROW, engine.counters);
    const snapshots = new Map(engine.routers.map((one) => [one.identity, one]));
    return routers.all.filter((router) => {
      const snapshot = snapshots.get(identityOf(router.settings));
      if (snapshot !== undefined) this.#adopt(router, snapshot, now);
      // One that waited for the start delay has not started either.
      return snapshot === undefined || snapshot.protocol.state === 'initialize';
    });
  }

  #snapshotOf(router: VirtualRouter): RouterSnapshot {
    const authentication = this.#parts.authenticator.capture(router);
    const refusal = this.#refusalOf(router);
    const conflict = this.#parts.conflicts.capture(router);
    const problems = this.#parts.problems.capture(router);
    return {
      identity: identityOf(router.settings),
      protocol: this.#parts.protocol.capture(router),
      faults: router.faults,
      since: router.since,
      lastTransition: router.lastTransition,
      upSince: router.upSince,
      newMasterReason: router.newMasterReason,
      master: router.master,
      lastSentAt: router.lastSentAt,
      maintenance: router.maintenance,
      override: router.priority.override ?? null,
      forms: router.forms,
      withoutLinkLocal: router.withoutLinkLocal,
      held: router.addresses.filter(({ installed }) => installed).map(placeOf),
      routing: router.routing.filter(({ installed }) => installed).map(({ key }) => key),
      counters: this.#countersOf(router.row),
      ...(refusal === undefined ? {} : { refusal }),
      ...(conflict === undefined ? {} : { conflict }),
      ...(router.abortedAt === undefined ? {} : { abortedAt: router.abortedAt }),
      ...(authentication === undefined ? {} : { authentication }),
      ...(problems === undefined ? {} : { problems }),
      ...(router.keepsFormer ? { keepsFormer: true } : {}),
      ...(router.continues ? { continues: true } : {}),
    };
  }

  #refusalOf({ refused, refusals, position }: VirtualRouter): RefusalSnapshot | undefined {
    if (refused === undefined && refusals === 0) return undefined;
    const retryAt = this.#parts.timers.at('addresses', position);
    return { reason: refused ?? null, count: refusals, retryAt };
  }

  #adopt(router: VirtualRouter, snapshot: RouterSnapshot, now: Instant): void {
    const { protocol, timers, leases, transitions, authenticator } = this.#parts;
    protocol.resume(router, snapshot.protocol);
    router.faults = snapshot.faults;
    router.since = snapshot.since;
    router.lastTransition = snapshot.lastTransition;
    router.upSince = snapshot.upSince;
    router.newMasterReason = snapshot.newMasterReason;
    router.master = snapshot.master;
    router.lastSentAt = snapshot.lastSentAt;
    router.abortedAt = snapshot.abortedAt;
    router.maintenance = snapshot.maintenance;
    router.priority.setOverride(snapshot.override ?? undefined);
    if (snapshot.refusal !== undefined) {
      router.refused = snapshot.refusal.reason ?? undefined;
      router.refusals = snapshot.refusal.count;
      timers.set('addresses', router.position, snapshot.refusal.retryAt);
    }
    if (snapshot.conflict !== undefined) {
      this.#parts.conflicts.resume(router, snapshot.conflict, now);
    }
    if (snapshot.problems !== undefined) this.#parts.problems.resume(router, snapshot.problems);
    router.restoreForms(snapshot.forms);
    router.restoreLists(snapshot.withoutLinkLocal ?? []);
    // Before `resumed`, which may advertise: peers refuse a number that is not newer.
    if (snapshot.authentication !== undefined) {
      authenticator.restore(router, snapshot.authentication);
    }
    const held = new Set(snapshot.held);
    for (const address of router.addresses) {
      address.installed = held.has(placeOf(address)) || held.has(configuredPlaceOf(address));
    }
    for (const one of router.routing) {
      one.installed = snapshot.routing.includes(one.key);
      one.needed = one.installed;
    }
    router.keepsFormer = snapshot.keepsFormer ?? false;
    router.continues = snapshot.continues ?? false;
    transitions.apply(router, { type: 'resumed', at: now }, now);
    this.#setCounters(router.row, snapshot.counters);
    transitions.changed.add(router);
    if (!router.isMaster) return;
    leases.renew(router, now);
    if (router.state !== 'holding.master') return;
    this.#parts.masterships.advertised(router);
    router.announcements.configure(router.settings.garp, now);
    if (now - snapshot.since < RECENT) router.announcements.start(now);
    timers.set('announce', router.position, router.announcements.next());
  }

  #countersOf(row: number): number[] {
    const { values } = this.#parts.counters;
    return [...values.subarray(row * COUNTERS.length, (row + 1) * COUNTERS.length)];
  }

  #setCounters(row: number, counters: readonly number[]): void {
    if (counters.length !== COUNTERS.length) return;
    this.#parts.counters.values.set(counters, row * COUNTERS.length);
  }
}
