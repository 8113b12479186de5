/** The actions that the engine requests, to be performed in order. */
import type { Family, IpAddress } from '../../net/address.ts';
import type { KernelChange, OutgoingDatagram, OutgoingFrame } from '../../net/link.ts';
import type { Prefix } from '../../net/routing.ts';
import type { BfdOutput } from './bfd-messages.ts';
import type { DirectorOutput } from './director-messages.ts';
import type { Report } from './reports.ts';

export type Output =
  /** Advertisements. */
  | { readonly kind: 'datagrams.send'; readonly datagrams: readonly OutgoingDatagram[] }
  /** Gratuitous ARP, unsolicited NA. */
  | { readonly kind: 'frames.send'; readonly frames: readonly OutgoingFrame[] }
  /**
   * One netlink batch of addresses, routes and rules; answered by `kernel.changed` before any other
   * input.
   */
  | {
      readonly kind: 'kernel.change';
      readonly id: number;
      readonly changes: readonly KernelChange[];
    }
  /** Sets links up, before addresses are added; answered by `links.up` immediately. */
  | { readonly kind: 'links.set-up'; readonly indexes: readonly number[] }
  /** Make a virtual link, or set it down: slow in the kernel, so done by another thread. */
  | { readonly kind: 'virtual-link.make' | 'virtual-link.set-down'; readonly name: string }
  /** Receive exactly these VRIDs on the link; replaces the former list of (link, family). */
  | {
      readonly kind: 'listen';
      readonly index: number;
      readonly name: string;
      readonly family: Family;
      readonly vrids: readonly number[];
      /** The multicast groups to join. */
      readonly groups: readonly IpAddress[];
    }
  | { readonly kind: 'unlisten'; readonly index: number; readonly family: Family }
  /** Report claims of these addresses on the link; replaces the former list, `[]` ends it. */
  | {
      readonly kind: 'claims.watch';
      readonly index: number;
      readonly addresses: readonly IpAddress[];
    }
  /** Look up the default gateway of the link; answered by `gateway.found` immediately. */
  | { readonly kind: 'gateway.find'; readonly index: number; readonly family: Family }
  /** Look up the route to the prefix of this host, by the link; answered by `prefix.found` immediately. */
  | {
      readonly kind: 'prefix.find';
      readonly index: number;
      readonly prefix: Prefix;
      readonly host: IpAddress;
    }
  /** Discard the packets in the receive sockets: they were sent before a stall ended. */
  | { readonly kind: 'received.discard' }
  | DirectorOutput
  | BfdOutput
  /** For observers; without effect on the protocol. */
  | { readonly kind: 'report'; readonly report: Report }
  /** After `shutdown`: every instance has released everything. */
  | { readonly kind: 'finished' };
