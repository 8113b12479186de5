/**
 * What the core must know of the configuration, already in its own units: durations in
 * microseconds, addresses canonical, defaults filled in. `config/lower/lower.ts` makes it; nothing here
 * knows of files.
 */
import type { Family, IpAddress, MacAddress } from '../../net/address.ts';
import type { Route, Rule } from '../../net/routing.ts';
import type { Duration } from '../../net/time.ts';

export interface Settings {
  /** Name of this router in logs and status. */
  readonly router: string;
  /** `auto`: on shutdown keep the VIPs until the successor is heard. */
  readonly linger: 'auto' | 'off';
  readonly instances: readonly InstanceSettings[];
  readonly syncGroups: readonly SyncGroupSettings[];
}

/** Instances that change their state together. */
export interface SyncGroupSettings {
  readonly name: string;
  /** Names of instances; at least two, and no instance in two groups. */
  readonly instances: readonly string[];
  /** `all`: MASTER when nobody else is MASTER of any member; `any`: of some member. */
  readonly mode: 'all' | 'any';
  /** Each counts for every member. */
  readonly track: readonly TrackSettings[];
}

export interface InstanceSettings {
  readonly name: string;
  readonly interface: string;
  readonly family: Family;
  /** 1..255. */
  readonly vrid: number;
  readonly version: 2 | 3;
  /** Version 3 that sends and hears version 2 as well (RFC 9568 section 8.4). */
  readonly alsoVersion2?: boolean;
  /** 1..254, or 255 for the address owner. */
  readonly priority: number;
  readonly advertisementInterval: Duration;
  /** Sent in advertisements, in this order; never empty. */
  readonly addresses: readonly VirtualAddress[];
  /** Moved with the VIPs, not advertised; any family. */
  readonly extraAddresses: readonly VirtualAddress[];
  /** There while the VIPs are here, and gone with them. */
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
  readonly preempt: boolean;
  readonly preemptDelay: Duration;
  readonly accept: boolean;
  readonly checksum: ChecksumPolicy;
  /** Version 2 only. */
  readonly authentication: Authentication;
  /** Set: advertisements go to these peers only, and only theirs are heard. */
  readonly unicast: UnicastSettings | undefined;
  /** Source of multicast advertisements; undefined: the interface's first address. */
  readonly sourceAddress: IpAddress | undefined;
  readonly garp: GarpSettings;
  readonly neighborAdvertisement: NeighborAdvertisementSettings;
  readonly track: readonly TrackSettings[];
  /** Set: advertisements and VIPs have a MAC address that moves with them (RFC 9568 section 7.3). */
  readonly virtualMac: VirtualMacSettings | undefined;
  /** Lifetime of the VIPs, which the kernel enforces; absent: they stay whatever becomes of the agent. */
  readonly lease?: Duration;
  /** What follows when a station that is none of the group answers for a VIP; default: `report`. */
  readonly addressConflict?: 'report' | 'fault';
  /** How long preemption waits at most for the table of connections to catch up; absent: it does not. */
  readonly preemptWhenSynced?: Duration;
  /** A take-over waits for leave from outside. */
  readonly beforeMaster?: BeforeMasterSettings;
}

export interface BeforeMasterSettings {
  /** How long it waits. */
  readonly deadline: Duration;
  /** When leave is refused, or does not come in time. */
  readonly onFailure: 'proceed' | 'abort';
}

/** What an instance or a sync group depends on. */
export interface TrackSettings {
  /** Completes `track:<name>`; unique in its instance or group. */
  readonly name: string;
  readonly source: TrackSource;
  /**
   * Undefined: FAULT while it is down. Negative: added while it is down. Positive: added while it is
   * up. Where the source is a number, that number is multiplied by it and added.
   */
  readonly weight: number | undefined;
}

export type TrackSource =
  /** Up while the link is there and running. */
  | { readonly kind: 'interface'; readonly interface: string }
  /** Found out by the main thread, which tells of it with `probe.changed`. */
  | {
      readonly kind: ProbeKind;
      /** Equal for all who ask for the same probe. */
      readonly probe: string;
      /** What counts until the first result; `wait`: neither, and the instance is in FAULT. */
      readonly init: 'up' | 'down' | 'wait';
    };

/** `ipvs`: enough servers of a service are healthy. */
export type ProbeKind = 'script' | 'file' | 'process' | 'gateway' | 'http' | 'tcp' | 'ipvs';

export interface VirtualAddress {
  readonly address: IpAddress;
  /** As written: the prefix that the link reaches while the address is there. */
  readonly prefixLength: number;
  /** Where the address is put: the instance's interface unless the file says otherwise. */
  readonly interface: string;
}

export interface VirtualMacSettings {
  /** Name of the link that carries it; made and removed by this program. */
  readonly interface: string;
  readonly mac: MacAddress;
}

/** `auto` accepts both forms and sends the one the peer was last heard using. */
export type ChecksumPolicy = 'auto' | 'rfc9568' | 'pseudo_header';

export type Authentication =
  | { readonly type: 'none' }
  /** At most 8 bytes, sent padded with NUL (RFC 2338 section 5.3.6.2). */
  | { readonly type: 'pass'; readonly password: string };

export interface UnicastSettings {
  /** Undefined: the interface's first address. */
  readonly source: IpAddress | undefined;
  readonly peers: readonly UnicastPeer[];
}

export interface UnicastPeer {
  readonly address: IpAddress;
  /** Lowest TTL accepted from this peer: 255 unless the file makes an exception. */
  readonly minimumTtl: number;
}

export interface GarpSettings {
  /** Announcements of each VIP in one burst. */
  readonly repeat: number;
  /** Zero: no second burst. */
  readonly secondBurstAfter: Duration;
  /** Zero: no periodic refresh. */
  readonly refresh: Duration;
  /** Form of the announcements: ARP request, ARP reply, or one of each. */
  readonly form: 'request' | 'reply' | 'both';
}

export interface NeighborAdvertisementSettings {
  /** The R flag (RFC 4861 section 4.4); `auto`: whether the interface forwards. */
  readonly router: 'auto' | boolean;
}
