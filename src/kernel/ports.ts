/**
 * What the threads ask of the kernel, as types. `test/sim` has its own implementations. Every operation
 * is synchronous. Those of the protocol thread never block.
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
  SendFailure,
} from '../net/link.ts';
import type { Prefix, PrefixRoute } from '../net/routing.ts';
import type { Duration, Instant } from '../net/time.ts';
import type { NamedLink, NewMacvlan } from '../wire/netlink/route/macvlan.ts';

export interface ClockPort {
  /** CLOCK_BOOTTIME. */
  now(): Instant;
  /** The wall clock: microseconds since the epoch. Absent: nothing depends on it. */
  wall?(): number;
  /** Wakes the loop at the instant, immediately if it has passed. A later call replaces it. */
  arm(deadline: Instant): void;
}

/**
 * Gets a received IP packet, header included; the bytes are valid only during the call. `waited`: how
 * long ago the kernel received it, zero if that is unknown.
 */
export type PacketSink = (
  index: number,
  packet: Uint8Array,
  length: number,
  waited: Duration,
) => void;

/** What one receive socket takes. */
export interface Receiver {
  readonly index: number;
  /** Of the link. */
  readonly name: string;
  readonly family: Family;
  readonly vrids: readonly number[];
  /** The multicast groups that it is a member of. */
  readonly groups: readonly IpAddress[];
}

export interface PacketPort {
  /** Opens the receive socket of (link, family), or changes it. Throws `KernelError`. */
  listen(receiver: Receiver): void;
  unlisten(index: number, family: Family): void;
  /** Sends with one system call for each link where possible; returns how many datagrams failed. */
  sendDatagrams(datagrams: readonly OutgoingDatagram[]): number;
  sendFrames(frames: readonly OutgoingFrame[]): number;
  /** What failed in the last call of `sendDatagrams` or `sendFrames`: one for each errno. */
  sendFailures(): readonly SendFailure[];
  /** Hands over at most `limit` waiting packets; returns true when none is left. */
  drain(limit: number, sink: PacketSink): boolean;
  /** Discards the waiting packets, up to a bound. */
  discard(): void;
  close(): void;
}

export interface ClaimPort {
  /** Watches the link for ARP and ND of other hosts for these addresses. Throws `KernelError`. */
  watch(index: number, addresses: readonly IpAddress[]): void;
  /** Hands over at most `limit` claims. */
  drain(limit: number, sink: (claim: AddressClaim) => void): void;
  close(): void;
}

export interface LinkSnapshot {
  readonly links: LinkState[];
  /** False if they changed while they were read: one may be missing. */
  readonly complete: boolean;
}

export interface RoutePort {
  /**
   * Changes addresses, routes and rules in batches; returns an answer for each change. An IPv4 address
   * takes about 5 us.
   */
  changeKernel(changes: readonly KernelChange[]): KernelAnswer[];
  /** How long the kernel alone took for the last `changeKernel`; absent: not known. */
  readonly changesTook?: Duration;
  /** Removes the routes and rules that an earlier run has left; returns a text for each. */
  clearRouting(): string[];
  /**
   * The process that this one continues has added these addresses: on a kernel that does not keep their
   * mark they count as this program's. True if that needs a new snapshot.
   */
  claim(addresses: readonly IpAddress[]): boolean;
  /** Sets links up, which takes some 50 us for each; returns an answer for each. */
  setLinksUp(indexes: readonly number[]): KernelAnswer[];
  /** The default gateway of the link; null: it has none. */
  gateway(index: number, family: Family): IpAddress | null;
  /** What reaches the prefix of the host by the link; null: the kernel did not say. Takes some 10 us. */
  prefixRoute(index: number, prefix: Prefix, host: IpAddress): PrefixRoute | null;
  /** Reads all links and addresses. Throws `KernelError`. */
  snapshot(): LinkSnapshot;
  /**
   * Hands over waiting changes. Changes were lost, and a new snapshot is needed, if the kernel dropped
   * some (`overrun`) or one could not be decoded (`malformed`).
   */
  drain(sink: (event: LinkEvent) => void): 'drained' | 'overrun' | 'malformed';
  close(): void;
}

/** For the main thread only: the kernel takes some 15 ms to set a link down or to remove it. */
export interface MacvlanPort {
  links(): NamedLink[];
  find(name: string): NamedLink | undefined;
  /** This and the following methods throw `KernelError`. */
  create(link: NewMacvlan): void;
  mark(index: number, mark: { readonly alias: string; readonly group: number }): void;
  setMtu(index: number, mtu: number): void;
  /** 0: none. */
  setVrf(index: number, vrf: number): void;
  setDown(index: number): void;
  remove(index: number): void;
  /** Removes all links of the group in the time that one link takes. */
  removeGroup(group: number): void;
  close(): void;
}

/** Settings below /proc/sys/net/{ipv4,ipv6}/conf. */
export interface InterfaceSettingsPort {
  read(family: Family, link: string, key: string): number | undefined;
  /** Writes the value if it differs. Throws `KernelError`. */
  ensure(family: Family, link: string, key: string, value: number): void;
}
