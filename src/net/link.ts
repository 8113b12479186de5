/** Network interfaces and their addresses, as the kernel reports them and as they are to be. */
import type { IpAddress, MacAddress } from './address.ts';
import type { RoutingChange } from './routing.ts';

export interface LinkAttributes {
  readonly index: number;
  readonly name: string;
  readonly mac: MacAddress;
  readonly mtu: number;
  /** Administratively up, carrier present, operational state UP or UNKNOWN (RFC 2863). */
  readonly running: boolean;
  /** Administratively up; absent: as `running` says. */
  readonly up?: boolean;
  /** The kernel forwards IPv6 packets that come in by it; absent: it did not say. */
  readonly forwarding?: boolean;
}

export interface LinkState extends LinkAttributes {
  readonly addresses: readonly AddressState[];
}

export interface AddressState {
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** IFA_PROTO carries our mark: put there by this program, now or in a former run. */
  readonly ours: boolean;
  /** Not usable: duplicate address detection is still running. */
  readonly tentative: boolean;
  /** Not usable: duplicate address detection found another holder. */
  readonly duplicate: boolean;
}

/** What the kernel says unasked. */
export type LinkEvent =
  | { readonly kind: 'link.changed'; readonly link: LinkAttributes }
  | { readonly kind: 'link.removed'; readonly index: number }
  | {
      readonly kind: 'forwarding.changed';
      readonly index: number;
      readonly forwarding: boolean;
    }
  | { readonly kind: 'address.added'; readonly index: number; readonly address: AddressState }
  | {
      readonly kind: 'address.removed';
      readonly index: number;
      readonly address: IpAddress;
      readonly prefixLength: number;
    }
  /** A route or a rule of ours came or went. */
  | RoutingEvent;

export interface RoutingEvent {
  readonly kind: 'routing.added' | 'routing.removed';
  /** `routingKey` says which. */
  readonly key: string;
  /** Of a route: its link and its preferred source address. */
  readonly hop?: { readonly index: number; readonly source: IpAddress | undefined };
}

export interface AddressChange {
  /** `renew`: of one that is there, the lifetime begins anew. */
  readonly operation: 'add' | 'remove' | 'renew';
  readonly index: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** Seconds after which the kernel removes it; absent: it stays. */
  readonly lifetime?: number;
}

/** What moves with a MASTER, as one batch asks for it. */
export type KernelChange = AddressChange | RoutingChange;

/** Somebody said by ARP or ND that an address is at a MAC address. */
export interface AddressClaim {
  readonly index: number;
  readonly address: IpAddress;
  readonly mac: MacAddress;
}

/** A complete IP packet, header included, to leave by the link and no other. */
export interface OutgoingDatagram {
  readonly index: number;
  readonly destination: IpAddress;
  readonly packet: Uint8Array;
  /** The packet as an Ethernet frame: set where its source is not the MAC address of the link. */
  readonly frame?: Uint8Array;
}

/** A complete Ethernet frame to leave by the link. */
export interface OutgoingFrame {
  readonly index: number;
  readonly frame: Uint8Array;
}
