/**
 * Other stations that answer for the VIPs of a MASTER, where the policy is not to fight them.
 *
 * One claim proves little: a MASTER that has just lost, or a split that has just healed, claims too,
 * and the protocol settles that within a Master_Down_Interval. So a claim is a suspicion for so
 * long; then the segment is asked (RFC 5227 section 2.1.1, RFC 4862 section 5.4.3), and the same
 * station answers or is forgotten. In FAULT it is asked on; after three rounds without its answer the
 * conflict is over. Whoever else answers then is the group's new MASTER.
 *
 * A station that holds a VIP in silence is found by asking once a new MASTER is settled.
 */
import { masterDownInterval } from '../../../../fsm/vrrp/timing.ts';
import { familyOf, type MacAddress } from '../../../net/address.ts';
import type { AddressClaim } from '../../../net/link.ts';
import { after, type Duration, type Instant, seconds } from '../../../net/time.ts';
import { encodeArpProbe } from '../../../wire/arp.ts';
import { encodeNeighborProbe } from '../../../wire/neighbor.ts';
import type { CounterTable } from '../counters.ts';
import type { FaultKeeper } from '../groups/fault-keeper.ts';
import type { LinkTable } from '../links.ts';
import type { Outbox } from '../outbox.ts';
import type { Roster } from '../roster.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { Timers } from '../timers.ts';
import { noteClaim } from './claims.ts';

const ANSWER_WITHIN = seconds(1);

const QUIET_ROUNDS = 3;

/** What is known of the other station; on the router it belongs to. */
export interface AddressConflict {
  readonly mac: MacAddress;
  phase: 'suspected' | 'asked' | 'fault';
  answered: boolean;
  quietRounds: number;
}

export interface AddressConflictParts {
  readonly roster: Roster;
  readonly links: LinkTable;
  readonly timers: Timers;
  readonly counters: CounterTable;
  readonly outbox: Outbox;
  readonly transitions: Transitions;
  readonly faults: FaultKeeper;
}

export class AddressConflicts {
  readonly #parts: AddressConflictParts;

  constructor(parts: AddressConflictParts) {
    this.#parts = parts;
  }

  /** Somebody has said by ARP or ND that an address is theirs. */
  note(claim: AddressClaim, now: Instant): void {
    const { roster, links, counters, outbox } = this.#parts;
    noteClaim(claim, roster.routers, links, counters, outbox);
    const link = links.byIndex(claim.index)?.attributes;
    if (link === undefined || link.mac === claim.mac) return;
    for (const router of roster.routers) {
      if (router.settings.addressConflict !== 'fault') continue;
      const isOurs = router.addresses.some(
        (one) => one.interface === link.name && one.address === claim.address,
      );
      if (isOurs) this.#hear(router, claim.mac, now);
    }
  }

  /** Time to ask, or to judge what was answered. */
  fire(now: Instant): void {
    const { timers, roster } = this.#parts;
    timers.fire('conflict', now, (position) => {
      const router = roster.at(position);
      if (router === undefined) return;
      if (router.conflict !== undefined) this.#judge(router, router.conflict, now);
      else if (router.state === 'holding.master') this.#probe(router);
    });
  }

  #hear(router: VirtualRouter, mac: MacAddress, now: Instant): void {
    const { conflict } = router;
    if (conflict !== undefined) {
      if (conflict.mac === mac) conflict.answered = true;
      return;
    }
    if (router.state !== 'holding.master') return;
    router.conflict = { mac, phase: 'suspected', answered: false, quietRounds: 0 };
    this.#parts.timers.set('conflict', router.position, after(now, settledAfter(router)));
  }

  #judge(router: VirtualRouter, conflict: AddressConflict, now: Instant): void {
    if (conflict.phase === 'fault') {
      this.#judgeFault(router, conflict, now);
      return;
    }
    const isMaster = router.state === 'holding.master';
    if (!isMaster || this.#parts.transitions.rivalries.isUnsettled(router)) {
      router.conflict = undefined;
    } else if (conflict.phase === 'suspected') {
      this.#ask(router, conflict, 'asked', now);
    } else if (conflict.answered) {
      this.#ask(router, conflict, 'fault', now);
      this.#parts.faults.update(router, now);
    } else {
      router.conflict = undefined;
    }
  }

  #judgeFault(router: VirtualRouter, conflict: AddressConflict, now: Instant): void {
    conflict.quietRounds = conflict.answered ? 0 : conflict.quietRounds + 1;
    const isOver =
      conflict.quietRounds >= QUIET_ROUNDS || router.settings.addressConflict !== 'fault';
    if (!isOver) {
      this.#ask(router, conflict, 'fault', now);
      return;
    }
    router.conflict = undefined;
    this.#parts.faults.update(router, now);
  }

  #ask(
    router: VirtualRouter,
    conflict: AddressConflict,
    phase: AddressConflict['phase'],
    now: Instant,
  ): void {
    conflict.phase = phase;
    conflict.answered = false;
    this.#probe(router);
    this.#parts.timers.set('conflict', router.position, after(now, ANSWER_WITHIN));
  }

  #probe(router: VirtualRouter): void {
    const { links, outbox } = this.#parts;
    for (const { address, interface: name } of router.addresses) {
      const link = links.byName(name)?.attributes;
      if (link === undefined) continue;
      const frame =
        familyOf(address) === 'ipv4'
          ? encodeArpProbe(link.mac, address)
          : encodeNeighborProbe(link.mac, address);
      outbox.sendFrames([{ index: link.index, frame }]);
    }
  }
}

/** When whatever the protocol can settle is settled. */
export function settledAfter({ context }: VirtualRouter): Duration {
  const { version, priority, advertisementInterval } = context;
  return masterDownInterval(version, priority, advertisementInterval);
}
