/**
 * What one process tells the next one so that it goes on where the first has stopped: state, grid
 * and deadlines of every virtual router. The clock is the host's (CLOCK_BOOTTIME), so instants mean
 * the same to both.
 */
import type { IpAddress } from '../../../net/address.ts';
import { type Instant, seconds } from '../../../net/time.ts';
import type { ChecksumForm } from '../../../wire/vrrp/checksum.ts';
import type { Leases } from '../addresses/leases.ts';
import { placeOf, writtenPlaceOf } from '../addresses/managed-address.ts';
import { COUNTERS, type CounterTable, GLOBAL_ROW } from '../counters.ts';
import type { TrackState } from '../groups/track-effect.ts';
import type { Tracking } from '../groups/tracking.ts';
import type { Roster } from '../roster.ts';
import type { Protocol, ProtocolCapture } from '../router/protocol.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import { identityOf } from '../settings-change.ts';
import type { Timers } from '../timers.ts';
import type { FaultReason, MasterView, NewMasterReason, TransitionView } from '../view.ts';

/** Who became MASTER less than this ago announces its addresses again. */
const FRESH = seconds(10);

export interface RouterCapture {
  /** Interface, family and VRID. */
  readonly identity: string;
  readonly protocol: ProtocolCapture;
  readonly faults: readonly FaultReason[];
  readonly since: Instant;
  readonly lastTransition: TransitionView | null;
  readonly upSince: Instant | null;
  readonly newMasterReason: NewMasterReason;
  readonly master: MasterView | null;
  readonly lastSentAt: Instant;
  readonly maintenance: boolean;
  readonly override: number | null;
  /** Forms of checksum that peers use. */
  readonly forms: readonly (readonly [IpAddress, ChecksumForm])[];
  /** VIPs that it has put there. */
  readonly held: readonly string[];
  /** Keys of routes and rules that it has put there. */
  readonly routing: readonly string[];
  readonly counters: readonly number[];
}

export interface Capture {
  readonly routers: readonly RouterCapture[];
  /** Results of probes. */
  readonly probes: readonly (readonly [string, TrackState])[];
  readonly counters: readonly number[];
}

export interface SuccessionParts {
  readonly roster: Roster;
  readonly protocol: Protocol;
  readonly timers: Timers;
  readonly counters: CounterTable;
  readonly tracking: Tracking;
  readonly transitions: Transitions;
  readonly leases: Leases;
}

export class Succession {
  readonly #parts: SuccessionParts;

  constructor(parts: SuccessionParts) {
    this.#parts = parts;
  }

  capture(): Capture {
    const { roster, tracking } = this.#parts;
    return {
      routers: roster.routers.map((router) => this.#captureOf(router)),
      probes: [...tracking.results],
      counters: this.#countersOf(GLOBAL_ROW),
    };
  }

  /** Answers the routers that the capture does not have: they begin as at a start. */
  adopt({ routers, probes, counters }: Capture, now: Instant): readonly VirtualRouter[] {
    const { roster, tracking } = this.#parts;
    tracking.remember(probes);
    this.#setCounters(GLOBAL_ROW, counters);
    const captures = new Map(routers.map((one) => [one.identity, one]));
    return roster.routers.filter((router) => {
      const capture = captures.get(identityOf(router.settings));
      if (capture !== undefined) this.#adopt(router, capture, now);
      return capture === undefined;
    });
  }

  #captureOf(router: VirtualRouter): RouterCapture {
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
      held: router.addresses.filter(({ held }) => held).map(placeOf),
      routing: router.routing.filter(({ held }) => held).map(({ key }) => key),
      counters: this.#countersOf(router.row),
    };
  }

  #adopt(router: VirtualRouter, capture: RouterCapture, now: Instant): void {
    const { protocol, timers, leases, transitions } = this.#parts;
    protocol.resume(router, capture.protocol);
    router.faults = capture.faults;
    router.since = capture.since;
    router.lastTransition = capture.lastTransition;
    router.upSince = capture.upSince;
    router.newMasterReason = capture.newMasterReason;
    router.master = capture.master;
    router.lastSentAt = capture.lastSentAt;
    router.maintenance = capture.maintenance;
    router.priority.setOverride(capture.override ?? undefined);
    router.recall(capture.forms);
    const held = new Set(capture.held);
    for (const address of router.addresses) {
      address.held = held.has(placeOf(address)) || held.has(writtenPlaceOf(address));
    }
    for (const one of router.routing) one.held = capture.routing.includes(one.key);
    transitions.apply(router, { type: 'resumed', at: now }, now);
    this.#setCounters(router.row, capture.counters);
    transitions.changed.add(router);
    if (!router.holds) return;
    leases.renew(router, now);
    if (router.state !== 'holding.master') return;
    router.announcements.configure(router.settings.garp, now);
    if (now - capture.since < FRESH) router.announcements.start(now);
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
