/** All that the engine may ask for. `runtime/perform.ts` does them in the order of the list. */
import type { Family, IpAddress } from '../../net/address.ts';
import type { KernelChange, OutgoingDatagram, OutgoingFrame } from '../../net/link.ts';
import type { Report } from './reports.ts';

export type Output =
  /** Advertisements. */
  | { readonly kind: 'datagrams.send'; readonly datagrams: readonly OutgoingDatagram[] }
  /** Gratuitous ARP, unsolicited NA. */
  | { readonly kind: 'frames.send'; readonly frames: readonly OutgoingFrame[] }
  /** One netlink batch, routes and rules included; the answer comes back as `kernel.changed` before anything else does. */
  | {
      readonly kind: 'kernel.change';
      readonly id: number;
      readonly changes: readonly KernelChange[];
    }
  /** Sets links up, before addresses are added; answered by `links.raised` at once. */
  | { readonly kind: 'links.raise'; readonly indexes: readonly number[] }
  /** What takes the kernel long: make the link of a virtual MAC, or set it down. */
  | { readonly kind: 'virtual-link.make' | 'virtual-link.rest'; readonly name: string }
  /** Receive exactly these VRIDs on the link; replaces what was asked before for (link, family). */
  | {
      readonly kind: 'listen';
      readonly index: number;
      readonly name: string;
      readonly family: Family;
      readonly vrids: readonly number[];
    }
  | { readonly kind: 'unlisten'; readonly index: number; readonly family: Family }
  /** Hear who else claims these addresses on the link; replaces what was asked before, `[]` ends it. */
  | {
      readonly kind: 'claims.watch';
      readonly index: number;
      readonly addresses: readonly IpAddress[];
    }
  /** Throw away what the receive sockets hold: it was sent before a stall. */
  | { readonly kind: 'received.discard' }
  /** For people and programs that watch; has no effect on the protocol. */
  | { readonly kind: 'report'; readonly report: Report }
  /** After `shutdown`: every instance has let go. */
  | { readonly kind: 'finished' };
