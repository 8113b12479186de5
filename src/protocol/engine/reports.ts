/** What the engine tells people: every transition with its cause, and each notable event once. */
import type { IpAddress, MacAddress } from '../../net/address.ts';
import type { Instant } from '../../net/time.ts';
import type { DiscardReason, PacketWarning } from './intake-reasons.ts';
import type { OperatorAnswer } from './requests.ts';
import type { TrackSource } from './settings.ts';
import type { StateName, TransitionCause } from './state-name.ts';
import type { InstanceView } from './view.ts';

export type { StateName, TransitionCause } from './state-name.ts';

export type Report =
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
      /** A sentence for people: who was heard, what is missing. */
      readonly reason: string;
      /** Effective priority. */
      readonly priority: number;
    }
  /** To the operator who asked. */
  | { readonly kind: 'answer'; readonly id: number; readonly answer: OperatorAnswer }
  /** The effective priority is another one. */
  | {
      readonly kind: 'priority-changed';
      readonly instance: string;
      readonly from: number;
      readonly to: number;
      /** What has changed it, for people. */
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
  /** A tracked thing has come up or gone down, or has another number. */
  | {
      readonly kind: 'track';
      readonly track: string;
      readonly source: TrackSource['kind'];
      /** Who depends on it. */
      readonly instances: readonly string[];
      readonly up: boolean;
      readonly value: number | undefined;
      readonly detail: string;
    }
  /** Anything `status` shows has changed; carries the whole new row. */
  | { readonly kind: 'view'; readonly view: InstanceView }
  /** A virtual router that the configuration does not have any more has let go of everything. */
  | { readonly kind: 'instance-removed'; readonly instance: string }
  /** First discard of this reason from this source, then with doubled distance. */
  | {
      readonly kind: 'discard';
      readonly instance: string | undefined;
      readonly reason: DiscardReason;
      readonly source: IpAddress | undefined;
      /** How many of the reason have been counted up to now. */
      readonly count: number;
    }
  /** A packet that counts although something about it is odd; limited like `discard`. */
  | {
      readonly kind: 'warning';
      readonly instance: string;
      readonly warning: PacketWarning;
      readonly source: IpAddress;
      readonly count: number;
    }
  /** Somebody removed a VIP of a MASTER; it is back. */
  | { readonly kind: 'address-restored'; readonly instance: string; readonly address: IpAddress }
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
  /** The same for a route or a rule that moves with the VIPs; `route` is as ip(8) writes it. */
  | { readonly kind: 'route-restored'; readonly instance: string; readonly route: string }
  | {
      readonly kind: 'route-failed';
      readonly instance: string;
      readonly route: string;
      readonly operation: 'add' | 'remove';
      readonly errno: number;
      readonly text: string | undefined;
    }
  /** Routes and rules of a former run were found and removed. */
  | { readonly kind: 'routes-cleaned'; readonly routes: readonly string[] }
  /** Somebody set the link of a MASTER's virtual MAC down, or removed it; it is back. */
  | {
      readonly kind: 'virtual-link-restored';
      readonly instance: string;
      readonly interface: string;
    }
  /** The link of the virtual MAC cannot be made or set up; told once until it can. */
  | {
      readonly kind: 'virtual-link-failed';
      readonly instance: string;
      readonly interface: string;
      readonly message: string;
    }
  /** VIPs of a former run were found and removed. */
  | { readonly kind: 'address-cleaned'; readonly instance: string; readonly address: IpAddress }
  /** The protocol thread did not run for so long that a peer may have taken over. */
  | { readonly kind: 'stall'; readonly microseconds: number; readonly blame?: StallBlame }
  /** A message of the kernel could not be read: links, addresses and routes were read again. */
  | { readonly kind: 'netlink-malformed'; readonly count: number }
  /** Advertisements or announcements did not leave; limited like `discard`. */
  | { readonly kind: 'send-failed'; readonly errno: string; readonly count: number }
  /** Another station claims a VIP that this MASTER holds; limited like `discard`. */
  | {
      readonly kind: 'address-conflict';
      readonly instance: string;
      readonly address: IpAddress;
      readonly mac: MacAddress;
      readonly count: number;
    }
  /** Two MASTERs are heard of: this one and `peer`. */
  | {
      readonly kind: 'dual-master';
      readonly instance: string;
      readonly peer: IpAddress;
      readonly peerPriority: number;
    }
  /** The other MASTER has not been heard for longer than it would be silent. */
  | {
      readonly kind: 'dual-master-ended';
      readonly instance: string;
      readonly peer: IpAddress;
      readonly microseconds: number;
    }
  /** A take-over that waits for leave from outside. */
  | {
      readonly kind: 'before-master';
      readonly instance: string;
      /** To be repeated in the answer. */
      readonly id: number;
      readonly outcome: BeforeMasterOutcome;
    };

/**
 * `asked`: leave is wanted now. `granted`: it becomes MASTER. `refused`, `timed-out`: what follows
 * is the configuration's choice. `withdrawn`: somebody else is MASTER, or there is nothing to take.
 */
export type BeforeMasterOutcome = 'asked' | 'granted' | 'refused' | 'timed-out' | 'withdrawn';

/** Where the time of a stall went, as far as the kernel's accounting shows. */
export interface StallBlame {
  /**
   * `host`: the thread was ready to run and was not scheduled, or the host took the processor away.
   * `self`: it was busy. `paused`: neither, so the process or the whole machine was stopped.
   */
  readonly cause: 'host' | 'self' | 'paused';
  readonly waitedMicroseconds: number;
  readonly ranMicroseconds: number;
}
