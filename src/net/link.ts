/** Network interfaces and their addresses: what the kernel reports, and what we ask it to change. */
import type { IpAddress, MacAddress } from './address.ts';
import type { RoutingChange } from './routing.ts';

export interface LinkAttributes {
  readonly index: number;
  readonly name: string;
  readonly mac: MacAddress;
  readonly mtu: number;
  /** Administratively up, carrier present, operational state UP or UNKNOWN (RFC 2863). */
  readonly running: boolean;
  /** Administratively up; the same as `running` if absent. */
  readonly up?: boolean;
  /** The kernel forwards IPv6 packets from this interface; absent if it did not report that. */
  readonly forwarding?: boolean;
  /** It asks and answers neither ARP nor ND: a loopback or dummy link. */
  readonly silent?: true;
  /**
   * Index of the bridge, bond or the like that it is a port of: that link gets the packets that arrive
   * here. Absent for a port of a VRF, which leaves them to this link.
   */
  readonly portOf?: number;
  /** Index of the VRF that it belongs to; absent: none. */
  readonly vrf?: number;
  /** Index of the link that carries its frames, of a VLAN or macvlan; absent for other kinds. */
  readonly over?: number;
  /** A macvlan in mode passthru: it gets the unicast packets that arrive on the link below. */
  readonly takesAll?: true;
}

export interface LinkState extends LinkAttributes {
  readonly addresses: readonly AddressState[];
}

export interface AddressState {
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** The far end of a point-to-point address: the prefix is that of this one. Absent: there is none. */
  readonly peer?: IpAddress;
  /** Added by this program, now or in an earlier run: IFA_PROTO has our number. */
  readonly ours: boolean;
  /** Concluded from a refusal (EEXIST): the kernel's message, which has the mark or lacks it, is yet to come. */
  readonly assumed?: true;
  /** Not usable: duplicate address detection is still running. */
  readonly tentative: boolean;
  /** Not usable: duplicate address detection found another holder. */
  readonly duplicate: boolean;
}

/** An unsolicited message of the kernel. */
export type LinkEvent =
  | {
      readonly kind: 'link.changed';
      readonly link: LinkAttributes;
      /** Another port of a bond or team took over, or the virtual machine has moved: switches must learn. */
      readonly failedOver?: true;
    }
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
      readonly peer?: IpAddress;
    }
  | RoutingEvent;

/** One of our routes or rules appeared or disappeared. */
export interface RoutingEvent {
  readonly kind: 'routing.added' | 'routing.removed';
  /** The `routingKey` of the route or rule. */
  readonly key: string;
  /** The link and the preferred source address of a route. */
  readonly hop?: { readonly index: number; readonly source: IpAddress | undefined };
}

export interface AddressChange {
  /** `renew` restarts the lifetime of an address that is present. */
  readonly operation: 'add' | 'remove' | 'renew';
  readonly index: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** Seconds until the kernel removes the address; absent if it stays. */
  readonly lifetime?: number;
  /** Of an IPv4 address that is added; absent: the name of the link. */
  readonly label?: string | undefined;
}

/** A change of what moves with the MASTER. */
export type KernelChange = AddressChange | RoutingChange;

/** A host said by ARP or ND that an address is at its MAC address. */
export interface AddressClaim {
  readonly index: number;
  readonly address: IpAddress;
  readonly mac: MacAddress;
  /** The host that it answers; absent: it says so to all, or asks itself. */
  readonly to?: IpAddress;
}

/** A complete IP packet with its header, to be sent on this link only. */
export interface OutgoingDatagram {
  readonly index: number;
  readonly destination: IpAddress;
  readonly packet: Uint8Array;
  /** Whose it is, for the report of a failure. */
  readonly sender?: number;
  /** The packet as an Ethernet frame, if its source is not the MAC address of the link. */
  readonly frame?: Uint8Array;
}

/** Messages that could not be sent together for one reason. */
export interface SendFailure {
  /** Its name, such as `EPERM`. */
  readonly errno: string;
  readonly count: number;
  /** Those that were datagrams. */
  readonly datagrams: readonly OutgoingDatagram[];
}

/** A complete Ethernet frame, to be sent on this link. */
export interface OutgoingFrame {
  readonly index: number;
  readonly frame: Uint8Array;
}
