/**
 * What the runtime asks of the kernel edges, as types. `test/sim` has its own implementations.
 * Every operation here is synchronous and never blocks: it is called by the protocol thread.
 */
import type { Family, IpAddress } from '../net/address.ts';
import type { KernelAnswer } from '../net/kernel-answer.ts';
import type {
  AddressClaim,
  KernelChange,
  LinkEvent,
  LinkState,
  OutgoingDatagram,
  OutgoingFrame,
} from '../net/link.ts';
import type { Duration, Instant } from '../net/time.ts';
import type { NamedLink, NewMacvlan } from '../wire/netlink/route/macvlan.ts';

export interface ClockPort {
  /** CLOCK_BOOTTIME. */
  now(): Instant;
  /** Wakes the loop at the instant; a later call replaces it; an instant in the past wakes at once. */
  arm(deadline: Instant): void;
}

/**
 * A received IP packet, header included; the bytes are only valid during the call. `waited`: how long
 * ago the kernel received it, zero where that is not known.
 */
export type PacketSink = (
  index: number,
  packet: Uint8Array,
  length: number,
  waited: Duration,
) => void;

export interface PacketPort {
  /** Opens, or re-programs, the receive socket of (link, family). Throws `KernelError`. */
  listen(index: number, name: string, family: Family, vrids: readonly number[]): void;
  unlisten(index: number, family: Family): void;
  /** Sends all in one system call for each link where possible; returns how many failed. */
  sendDatagrams(datagrams: readonly OutgoingDatagram[]): number;
  sendFrames(frames: readonly OutgoingFrame[]): number;
  /** Why the last one of those failed: the name of the errno. */
  sendError(): string;
  /** Hands over at most `limit` waiting packets; true when nothing is left waiting. */
  drain(limit: number, sink: PacketSink): boolean;
  /** Throws away all that waits, within a bound. */
  discard(): void;
  close(): void;
}

export interface ClaimPort {
  /** Hears ARP and ND from others for exactly these addresses on the link. Throws `KernelError`. */
  watch(index: number, addresses: readonly IpAddress[]): void;
  /** Hands over at most `limit` claims. */
  drain(limit: number, sink: (claim: AddressClaim) => void): void;
  close(): void;
}

export interface RoutePort {
  /**
   * One batch of addresses, routes and rules, one answer for each change. An IPv4 batch
   * costs about 5 us a change.
   */
  changeKernel(changes: readonly KernelChange[]): KernelAnswer[];
  /** Removes the routes and rules that a former run has left; answers what they were. */
  clearRouting(): string[];
  /** Sets links up: some 50 us for each. One answer for each. */
  raiseLinks(indexes: readonly number[]): KernelAnswer[];
  /** Full dump of links and addresses. Throws `KernelError`. */
  snapshot(): LinkState[];
  /**
   * Hands over waiting change messages. `overrun`, the kernel dropped some, and `malformed`, one could not
   * be read: dump again.
   */
  drain(sink: (event: LinkEvent) => void): 'drained' | 'overrun' | 'malformed';
  close(): void;
}

/** For the main thread: the kernel takes some 15 ms to set a link down or to remove it. */
export interface MacvlanPort {
  links(): NamedLink[];
  find(name: string): NamedLink | undefined;
  /** These throw `KernelError`. */
  create(link: NewMacvlan): void;
  mark(index: number, mark: { readonly alias: string; readonly group: number }): void;
  setMtu(index: number, mtu: number): void;
  setDown(index: number): void;
  remove(index: number): void;
  /** All links of the group, in the time that one takes. */
  removeGroup(group: number): void;
  close(): void;
}

/** /proc/sys/net/{ipv4,ipv6}/conf. */
export interface InterfaceSettingsPort {
  read(family: Family, link: string, key: string): number | undefined;
  /** Throws `KernelError`. */
  ensure(family: Family, link: string, key: string, value: number): void;
}
