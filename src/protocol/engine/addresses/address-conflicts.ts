/**
 * Hosts outside the VRRP group that answer for the VIPs of a MASTER.
 *
 * Every claim is counted and reported. With the policy `fault` it is also followed up. One claim
 * proves little: a MASTER that has just lost, or a split that has just healed, claims too, and the
 * protocol settles that within a Master_Down_Interval. So a claim is a suspicion for that long; then
 * the segment is asked (RFC 5227 section 2.1.1, RFC 4862 section 5.4.3), and the suspicion ends
 * unless the same host answers. In FAULT the questions continue; the conflict is over after three
 * rounds without an answer from that host. Any other host that answers then is the new MASTER.
 *
 * A host that uses a VIP silently is found by the question that each new MASTER asks once.
 */
import { familyOf, type MacAddress, NO_MAC } from '../../../net/address.ts';
import type { AddressClaim } from '../../../net/link.ts';
import { isPowerOfTwo } from '../../../net/power-of-two.ts';
import { after, elapsed, type Instant, seconds } from '../../../net/time.ts';
import { encodeArpProbe } from '../../../wire/arp.ts';
import { encodeNeighborProbe } from '../../../wire/neighbor.ts';
import type { Outbox } from '../core/outbox.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { Timers } from '../core/timers.ts';
import type { CounterTable } from '../counters.ts';
import type { FaultKeeper } from '../groups/fault-keeper.ts';
import type { LinkTable } from '../links.ts';
import { settledAfter } from '../router/rivalries.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';

const ANSWER_WITHIN = seconds(1);

const QUIET_ROUNDS = 3;

interface Conflict {
  readonly mac: MacAddress;
  phase: 'suspected' | 'asked' | 'fault';
  answered: boolean;
  quietRounds: number;
}

interface AddressConflictsParts {
  readonly routers: RouterTable;
  readonly links: LinkTable;
  readonly timers: Timers;
  readonly counters: CounterTable;
  readonly outbox: Outbox;
  readonly transitions: Transitions;
  readonly faults: FaultKeeper;
}

export class AddressConflicts {
  readonly #parts: AddressConflictsParts;
  readonly #conflicts = new WeakMap<VirtualRouter, Conflict>();
  /** The mastership in which a claim has been reported that the protocol does not settle. */
  readonly #reported = new WeakMap<VirtualRouter, Instant>();

  constructor(parts: AddressConflictsParts) {
    this.#parts = parts;
  }

  /** A host has claimed an address by ARP or ND. */
  claimed({ index, address, mac }: AddressClaim, now: Instant): void {
    const { routers, links } = this.#parts;
    const link = links.byIndex(index)?.attributes;
    if (link === undefined || link.mac === mac) return;
    for (const router of routers.all) {
      const managed = router.addresses.filter((one) => one.address === address);
      const onWire = managed.some((one) => router.wireOf(one) === link.name);
      if (onWire && router.state === 'holding.master') this.#record(router, { address, mac }, now);
      if (router.settings.addressConflict !== 'fault') continue;
      if (managed.some((one) => one.interface === link.name)) this.#suspect(router, mac, now);
    }
  }

  /** Asks the segment, or judges the answers, where that is due. */
  fire(now: Instant): void {
    const { timers, routers } = this.#parts;
    timers.fire('conflict', now, (position) => {
      const router = routers.at(position);
      if (router === undefined) return;
      const conflict = this.#conflicts.get(router);
      if (conflict !== undefined) this.#judge(router, conflict, now);
      else if (router.state === 'holding.master') this.#probe(router);
    });
  }

  /**
   * If the other host has never been heard to advertise, our own advertisements may keep it silent:
   * keepalived before 2.2.8 refuses those without a pseudo-header and, as MASTER, restarts its timer
   * with each one that it refuses.
   */
  #record(
    router: VirtualRouter,
    { address, mac }: Pick<AddressClaim, 'address' | 'mac'>,
    now: Instant,
  ): void {
    const { counters, outbox } = this.#parts;
    const settling = this.#isSettling(router, now);
    const isFirst = !settling && this.#reported.get(router) !== router.since;
    if (isFirst) this.#reported.set(router, router.since);
    router.hasUnheardRival = !router.knowsForm;
    counters.add(router.row, 'address-conflicts');
    const count = counters.read(router.row, 'address-conflicts');
    if (!isFirst && !isPowerOfTwo(count)) return;
    const instance = router.settings.name;
    outbox.report({ kind: 'address-conflict', instance, address, mac, settling, count });
  }

  /** The host that keeps the router in FAULT. */
  capture(router: VirtualRouter): MacAddress | undefined {
    const conflict = this.#conflicts.get(router);
    return conflict?.phase === 'fault' ? conflict.mac : undefined;
  }

  /** Continues the FAULT of another process: the host is asked again. */
  resume(router: VirtualRouter, mac: MacAddress, now: Instant): void {
    const conflict: Conflict = { mac, phase: 'fault', answered: false, quietRounds: 0 };
    this.#conflicts.set(router, conflict);
    router.hasAddressConflict = true;
    this.#ask(router, conflict, 'fault', now);
  }

  /** Routers that start together are MASTER together for a moment, and announce what they have. */
  #isSettling(router: VirtualRouter, now: Instant): boolean {
    const isNew = elapsed(router.since, now) < settledAfter(router);
    return isNew || this.#parts.transitions.rivalries.isUnsettled(router);
  }

  #suspect(router: VirtualRouter, mac: MacAddress, now: Instant): void {
    const conflict = this.#conflicts.get(router);
    if (conflict !== undefined) {
      if (conflict.mac === mac) conflict.answered = true;
      return;
    }
    if (router.state !== 'holding.master') return;
    this.#conflicts.set(router, { mac, phase: 'suspected', answered: false, quietRounds: 0 });
    this.#parts.timers.set('conflict', router.position, after(now, settledAfter(router)));
  }

  #judge(router: VirtualRouter, conflict: Conflict, now: Instant): void {
    if (conflict.phase === 'fault') {
      this.#judgeFault(router, conflict, now);
      return;
    }
    const isMaster = router.state === 'holding.master';
    if (!isMaster || this.#parts.transitions.rivalries.isUnsettled(router)) {
      this.#conflicts.delete(router);
    } else if (conflict.phase === 'suspected') {
      this.#ask(router, conflict, 'asked', now);
    } else if (conflict.answered) {
      router.hasAddressConflict = true;
      this.#ask(router, conflict, 'fault', now);
      this.#parts.faults.update(router, now);
    } else {
      this.#conflicts.delete(router);
    }
  }

  #judgeFault(router: VirtualRouter, conflict: Conflict, now: Instant): void {
    conflict.quietRounds = conflict.answered ? 0 : conflict.quietRounds + 1;
    const isOver =
      conflict.quietRounds >= QUIET_ROUNDS || router.settings.addressConflict !== 'fault';
    if (!isOver) {
      this.#ask(router, conflict, 'fault', now);
      return;
    }
    this.#conflicts.delete(router);
    router.hasAddressConflict = false;
    this.#parts.faults.update(router, now);
  }

  #ask(router: VirtualRouter, conflict: Conflict, phase: Conflict['phase'], now: Instant): void {
    conflict.phase = phase;
    conflict.answered = false;
    this.#probe(router);
    this.#parts.timers.set('conflict', router.position, after(now, ANSWER_WITHIN));
  }

  #probe(router: VirtualRouter): void {
    const { links, outbox } = this.#parts;
    for (const { address, interface: name } of router.addresses) {
      const link = links.byName(name)?.attributes;
      if (link === undefined || link.mac === NO_MAC) continue;
      const frame =
        familyOf(address) === 'ipv4'
          ? encodeArpProbe(link.mac, address)
          : encodeNeighborProbe(link.mac, address);
      outbox.sendFrames([{ index: link.index, frame }]);
    }
  }
}
