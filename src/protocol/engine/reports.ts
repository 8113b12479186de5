/**
 * Reports of the engine for logs, events and status: every transition with its cause, each notable
 * event once.
 */
import type { IpAddress, MacAddress } from '../../net/address.ts';
import type { Duration, Instant } from '../../net/time.ts';
import type { BfdReport } from './bfd-messages.ts';
import type { DirectorReport } from './director-messages.ts';
import type { DiscardReason, PacketWarning } from './intake-reasons.ts';
import type { OperatorAnswer } from './requests.ts';
import type { TrackSource } from './settings.ts';
import type { StateName, TransitionCause } from './state-name.ts';
import type { InstanceView, PathLossCause, PeerProblemCode, StrayAddress } from './view.ts';
import type { WitnessReport } from './witness-messages.ts';

export type { StateName, TransitionCause } from './state-name.ts';

export type Report =
  | DirectorReport
  | WitnessReport
  | BfdReport
  | {
      readonly kind: 'transition';
      readonly at: Instant;
      readonly instance: string;
      readonly from: StateName;
      readonly to: StateName;
      /** RFC 8347 event name, or a product event. */
      readonly event: string;
      /** Why, for programs. */
      readonly cause: TransitionCause;
      /** A sentence for people: the peer that was heard, the reason that was found. */
      readonly reason: string;
      /** Effective priority. */
      readonly priority: number;
    }
  /** The answer to an operator's request. */
  | { readonly kind: 'answer'; readonly id: number; readonly answer: OperatorAnswer }
  /** The effective priority has changed. */
  | {
      readonly kind: 'priority-changed';
      readonly instance: string;
      readonly from: number;
      readonly to: number;
      /** The cause of the change, for people. */
      readonly reason: string;
    }
  /** All members of a sync group have changed their state together. */
  | {
      readonly kind: 'group';
      readonly at: Instant;
      readonly group: string;
      readonly from: StateName;
      readonly to: StateName;
    }
  /** A tracked object came up, went down, changed its number, or has had no result for long. */
  | {
      readonly kind: 'track';
      readonly track: string;
      readonly source: TrackSource['kind'];
      /** Instances that depend on it. */
      readonly instances: readonly string[];
      readonly state: 'up' | 'down' | 'unknown';
      readonly value: number | undefined;
      readonly detail: string;
    }
  /** The row of an instance in `status` has changed; carries the whole new row. */
  | { readonly kind: 'view'; readonly view: InstanceView }
  /** A virtual router that left the configuration has released everything. */
  | { readonly kind: 'instance-removed'; readonly instance: string }
  /** The first discard of this reason, then the second, the fourth, and so on. */
  | {
      readonly kind: 'discard';
      readonly instance: string | undefined;
      readonly reason: DiscardReason;
      readonly source: IpAddress | undefined;
      /** Packets counted for this reason so far. */
      readonly count: number;
    }
  /** A packet was accepted with a warning; limited like `discard`. */
  | {
      readonly kind: 'warning';
      readonly instance: string;
      readonly warning: PacketWarning;
      readonly source: IpAddress;
      readonly count: number;
    }
  /** Another program removed a VIP of a MASTER; the agent has restored it. Limited like `discard`. */
  | {
      readonly kind: 'address-restored';
      readonly instance: string;
      readonly address: IpAddress;
      /** In a row. */
      readonly count: number;
    }
  /** The host has a VIP that the agent has not added, and does not remove. Limited like `discard`. */
  | {
      readonly kind: 'address-foreign';
      readonly instance: string;
      readonly address: IpAddress;
      readonly interface: string;
      readonly prefixLength: number;
      readonly count: number;
    }
  /** The kernel refused an address operation. */
  | {
      readonly kind: 'address-failed';
      readonly instance: string;
      readonly address: IpAddress;
      readonly operation: 'add' | 'remove';
      readonly errno: number;
      /** The kernel's words. */
      readonly text: string | undefined;
    }
  /** The same for a route or a rule that moves with the VIPs; `route` in the syntax of ip(8). */
  | {
      readonly kind: 'route-restored';
      readonly instance: string;
      readonly route: string;
      readonly count: number;
    }
  | {
      readonly kind: 'route-failed';
      readonly instance: string;
      readonly route: string;
      readonly operation: 'add' | 'remove';
      readonly errno: number;
      readonly text: string | undefined;
    }
  /** Routes and rules left by a former run were removed. */
  | { readonly kind: 'routes-cleaned'; readonly routes: readonly string[] }
  /** Another program set a MASTER's virtual link down or removed it; the agent has restored it. */
  | {
      readonly kind: 'virtual-link-restored';
      readonly instance: string;
      readonly interface: string;
      readonly count: number;
    }
  /** The virtual link cannot be made or set up; reported once until it can. */
  | {
      readonly kind: 'virtual-link-failed';
      readonly instance: string;
      readonly interface: string;
      readonly message: string;
    }
  /** A VIP with our mark that this router does not hold was removed: a former run has left it. */
  | { readonly kind: 'address-cleaned'; readonly instance: string; readonly address: IpAddress }
  /** The protocol thread did not run for so long that a peer may have taken over. */
  | { readonly kind: 'stall'; readonly microseconds: number; readonly blame?: StallBlame }
  /** A kernel message could not be decoded: links, addresses and routes were read again. */
  | { readonly kind: 'netlink-malformed'; readonly count: number }
  /** Advertisements or announcements could not be sent; limited like `discard`. */
  | { readonly kind: 'send-failed'; readonly errno: string; readonly count: number }
  /**
   * Another host claims a VIP of this MASTER; limited like `discard`. `settling`: the protocol may still
   * settle who is MASTER.
   */
  | {
      readonly kind: 'address-conflict';
      readonly instance: string;
      readonly address: IpAddress;
      readonly mac: MacAddress;
      readonly settling: boolean;
      readonly count: number;
    }
  /**
   * The VIPs of these MASTERs on the interface were announced again, because announcements say something
   * else now or are needed elsewhere. `macs`: with `mac-changed`. Limited like `discard`.
   */
  | {
      readonly kind: 'announced-again';
      readonly interface: string;
      readonly reason: ReannouncementReason;
      readonly macs: { readonly from: MacAddress; readonly to: MacAddress } | undefined;
      readonly instances: readonly string[];
      readonly count: number;
    }
  /**
   * A VIP is on this host in another place, or no longer. `answers`: the host answers ARP for it as if it
   * were MASTER; the main thread adds this. Limited like `discard`.
   */
  | {
      readonly kind: 'stray-address';
      readonly instance: string;
      readonly stray: StrayAddress;
      readonly present: boolean;
      readonly answers?: boolean;
      readonly count: number;
    }
  /** Dual MASTER: this router and `peer`. */
  | {
      readonly kind: 'dual-master';
      readonly instance: string;
      readonly peer: IpAddress;
      readonly peerPriority: number;
      /** Known from the peer link, with what is known of both; absent: heard by an advertisement. */
      readonly evidence?: string;
    }
  /**
   * No advertisement arrives, and this BACKUP does not take over. `director`: the MASTER; null: unknown.
   * `reason`: the evidence, for people.
   */
  | {
      readonly kind: 'vrrp-path-lost';
      readonly instance: string;
      readonly director: string | null;
      readonly cause: PathLossCause;
      readonly reason: string;
    }
  /** Advertisements arrive again, or the router is no longer BACKUP. */
  | {
      readonly kind: 'vrrp-path-restored';
      readonly instance: string;
      readonly microseconds: number;
    }
  /** The other MASTER has been silent for two of its intervals. */
  | {
      readonly kind: 'dual-master-ended';
      readonly instance: string;
      readonly peer: IpAddress;
      readonly microseconds: number;
    }
  /** A router that appears to be MASTER of this virtual router is refused, twice or more. */
  | {
      readonly kind: 'master-refused';
      readonly instance: string;
      readonly vrid: number;
      readonly peer: IpAddress;
      readonly peerPriority: number;
      readonly reason: DiscardReason;
      readonly heard: string | null;
      readonly expected: string | null;
    }
  /** The MASTER of this BACKUP does not advertise some of the addresses. */
  | {
      readonly kind: 'addresses-unserved';
      readonly instance: string;
      readonly peer: IpAddress;
      /** Separated by blanks. */
      readonly addresses: string;
    }
  /** A MASTER that has to yield to this one, and does not. */
  | {
      readonly kind: 'master-stays';
      readonly instance: string;
      readonly vrid: number;
      readonly peer: IpAddress;
      readonly peerPriority: number;
      readonly heard: string | null;
      readonly expected: string | null;
    }
  /** Another cluster uses the VRID; reported again once a free VRID is known. */
  | {
      readonly kind: 'vrid-shared';
      readonly instance: string;
      readonly vrid: number;
      readonly peer: IpAddress;
      /** Those of the other cluster, separated by blanks. */
      readonly addresses: string;
      readonly freeVrid: number | null;
    }
  /**
   * The clock of a sender of signed messages differs by more than half the window (`agrees: false`), or
   * agrees again.
   */
  | {
      readonly kind: 'authentication-clock';
      readonly instance: string;
      readonly peer: IpAddress;
      /** Positive: its clock is ahead. */
      readonly ahead: Duration;
      readonly window: Duration;
      readonly agrees: boolean;
    }
  /** The router of one of these reports has been silent for long enough, or is accepted now. */
  | {
      readonly kind: 'peer-problem-ended';
      readonly instance: string;
      readonly peer: IpAddress;
      readonly problem: PeerProblemCode;
    }
  /** A takeover that needs permission from a command (`before_master`). */
  | {
      readonly kind: 'before-master';
      readonly instance: string;
      /** The answer has the same number. */
      readonly id: number;
      readonly outcome: BeforeMasterOutcome;
    };

/**
 * `failed-over`: a bond or team uses another port, or the virtual machine has moved.
 * `router-flag-changed`: the interface forwards IPv6, or does so no longer.
 */
export type ReannouncementReason = 'mac-changed' | 'failed-over' | 'router-flag-changed';

/**
 * `asked`: the request. `granted`: the router becomes MASTER. `refused`, `timed-out`: the
 * configuration decides what follows. `withdrawn`: another router is MASTER, or this one is in FAULT.
 */
export type BeforeMasterOutcome = 'asked' | 'granted' | 'refused' | 'timed-out' | 'withdrawn';

/** What caused a stall, as far as the kernel's accounting shows. */
export interface StallBlame {
  /**
   * `host`: the thread was ready to run and was not scheduled, or the host took the processor away.
   * `self`: it was busy. `paused`: neither, so the process or the whole host was stopped.
   */
  readonly cause: 'host' | 'self' | 'paused';
  readonly waitedMicroseconds: number;
  readonly ranMicroseconds: number;
}
