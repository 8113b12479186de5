/**
 * The configuration as the engine needs it: durations in microseconds, addresses canonical, defaults
 * filled in. `config/lower/lower.ts` derives it from the file.
 */
import type { Family, IpAddress, MacAddress } from '../../net/address.ts';
import type { BfdSettings } from '../../net/bfd.ts';
import type { Route, Rule } from '../../net/routing.ts';
import type { Duration } from '../../net/time.ts';
import { VRRP_GROUP } from '../../net/vrrp.ts';
import type { AntiReplay } from '../../wire/vrrp/sequence.ts';
import type { WitnessSettings } from './witness-messages.ts';

export interface Settings {
  /** Name of this router in logs and status. */
  readonly router: string;
  /** `auto`: a shutdown keeps the VIPs until the successor is heard. */
  readonly linger: 'auto' | 'off';
  readonly instances: readonly InstanceSettings[];
  readonly syncGroups: readonly SyncGroupSettings[];
  /** Set: this director talks to the others over a second network. */
  readonly peerLink?: PeerLinkSettings;
  /** Set: instances with `witness` need its permission when another director is not seen. */
  readonly witness?: WitnessSettings;
  /** How long the routers stay in INIT after the start, unless they resume; absent: not at all. */
  readonly startDelay?: Duration;
  readonly linkDelays?: readonly LinkDelaySettings[];
}

/** How long a link has to be up, or down, before that is believed. */
export interface LinkDelaySettings {
  readonly interface: string;
  readonly up: Duration;
  readonly down: Duration;
}

/** Without its keys, which only the edge that sends and receives knows. */
export interface PeerLinkSettings {
  readonly source: IpAddress;
  /** UDP, of every director. */
  readonly port: number;
  readonly heartbeat: Duration;
  /**
   * After this time of silence on every path a MASTER counts as dead; absent: only the
   * Master_Down_Interval says so.
   */
  readonly deadAfter?: Duration;
  /** The others. */
  readonly directors: readonly DirectorSettings[];
  /** Digest of the IPVS services, which have to be the same on all directors; zero: none. */
  readonly services: number;
}

export interface DirectorSettings {
  /** Its `router`. */
  readonly name: string;
  readonly address: IpAddress;
}

/** Instances that change their state together. */
export interface SyncGroupSettings {
  readonly name: string;
  /** Names of at least two instances; no instance is in two groups. */
  readonly instances: readonly string[];
  /** `all`: MASTER once no other router is MASTER of any member; `any`: of at least one member. */
  readonly mode: 'all' | 'any';
  /** Each applies to every member. */
  readonly track: readonly TrackSettings[];
}

/** Two renewals in a row may be missed without losing the address. */
export const RENEWALS_IN_A_LEASE = 4;

export interface Vrf {
  /** Of its link. */
  readonly name: string;
  /** Its routing table. */
  readonly table: number;
}

export interface InstanceSettings {
  readonly name: string;
  readonly interface: string;
  /** The VRF that the interface belongs to; absent: none. */
  readonly vrf?: Vrf;
  readonly family: Family;
  /** 1..255. */
  readonly vrid: number;
  readonly version: 2 | 3;
  /** Version 3 that also sends and receives version 2 (RFC 9568 section 8.4). */
  readonly alsoVersion2?: boolean;
  /** 1..254, or 255 for the address owner. */
  readonly priority: number;
  readonly advertisementInterval: Duration;
  /** Sent in advertisements, in this order; empty only with `unicast`. */
  readonly addresses: readonly VirtualAddress[];
  /** Move with the VIPs, without being advertised; any family. */
  readonly extraAddresses: readonly VirtualAddress[];
  /** Present while the VIPs are. */
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
  readonly preempt: boolean;
  readonly preemptDelay: Duration;
  readonly accept: boolean;
  readonly checksum: ChecksumPolicy;
  /** A password is for version 2 only. */
  readonly authentication: Authentication;
  /** Set: sends to these peers and accepts packets from them only. */
  readonly unicast: UnicastSettings | undefined;
  /** Where multicast advertisements go; absent: to the group of the RFC. */
  readonly multicastGroup?: IpAddress;
  /** Source of multicast advertisements; undefined: the interface's first address. */
  readonly sourceAddress: IpAddress | undefined;
  readonly garp: GarpSettings;
  readonly neighborAdvertisement: NeighborAdvertisementSettings;
  readonly track: readonly TrackSettings[];
  /**
   * The gateways on its interface that it tracks: they show whether this director serves on the segment;
   * absent: its default gateway, or a third director.
   */
  readonly thirdHosts?: readonly IpAddress[];
  /** Set: advertisements and VIPs use the virtual MAC address (RFC 9568 section 7.3). */
  readonly virtualMac: VirtualMacSettings | undefined;
  /** Lifetime of the VIPs, which the kernel enforces; absent: the VIPs outlive a dead agent. */
  readonly lease?: Duration;
  /** `ignore`: the instance does not depend on `interface`, only on those of its VIPs; default: `fault`. */
  readonly onInterfaceDown?: 'fault' | 'ignore';
  /** What to do when a host outside the VRRP group keeps answering for a VIP; default: `report`. */
  readonly addressConflict?: 'report' | 'fault';
  /**
   * Longest time that preemption waits for the connection table to catch up; absent: it does not
   * wait.
   */
  readonly preemptWhenSynced?: Duration;
  /** Set: a takeover waits for permission. */
  readonly beforeMaster?: BeforeMasterSettings;
  /**
   * `take_over`: silence of the MASTER is judged as the RFC has it, whatever the peer link says; default:
   * `judge`.
   */
  readonly onVrrpLoss?: 'judge' | 'take_over';
  /** MASTER only with the agreement of every other director, or of the witness; needs a peer link. */
  readonly witness?: boolean;
}

/** Where the advertisements of an instance without unicast go. */
export function groupOf({
  family,
  multicastGroup = VRRP_GROUP[family],
}: Pick<InstanceSettings, 'family' | 'multicastGroup'>): IpAddress {
  return multicastGroup;
}

export interface BeforeMasterSettings {
  /** How long to wait for the answer. */
  readonly deadline: Duration;
  /** What to do when permission is refused, or not given in time. */
  readonly onFailure: 'proceed' | 'abort';
}

/** A tracked object, on which an instance or a sync group depends. */
export interface TrackSettings {
  /** Completes `track:<name>`; unique in its instance or group. */
  readonly name: string;
  readonly source: TrackSource;
  /**
   * Undefined: FAULT while the object is down. Negative: added to the priority while it is down.
   * Positive: added while it is up. A source with a number adds the number times the weight.
   */
  readonly weight: number | undefined;
  /** True: the weight has the opposite sign, and without one FAULT is while the object is up. */
  readonly reverse?: true;
}

export type TrackSource =
  /** Up while the link exists and is running. */
  | { readonly kind: 'interface'; readonly interface: string }
  /** Probed by the checker process; the main thread reports changes with `probe.changed`. */
  | {
      readonly kind: ProbeKind;
      /** Equal for all users of the same probe. */
      readonly probe: string;
      /** The state until the first result; `wait`: unknown, and the instance is in FAULT. */
      readonly init: 'up' | 'down' | 'wait';
    }
  /** Up while the session is. Several entries may use one session. */
  | {
      readonly kind: 'bfd';
      /** `bfdSessionName` of the session. */
      readonly probe: string;
      readonly init: 'up' | 'down' | 'wait';
      readonly session: BfdSettings;
    };

/** `ipvs`: enough servers of a service are healthy. */
export type ProbeKind = 'script' | 'file' | 'process' | 'gateway' | 'http' | 'tcp' | 'ipvs';

export interface VirtualAddress {
  readonly address: IpAddress;
  /** As configured: the prefix that is on-link while the address is present. */
  readonly prefixLength: number;
  /** The interface that gets the address: that of the instance unless configured otherwise. */
  readonly interface: string;
  /** IPv4: the name that `ip addr` shows with it; absent: that of the interface. */
  readonly label?: string;
}

export interface VirtualMacSettings {
  /** Name of the virtual link that carries it; made and removed by this program. */
  readonly interface: string;
  readonly mac: MacAddress;
  /** Advertisements leave with the MAC of the interface; absent: with the virtual one. */
  readonly advertisesWith?: 'interface';
}

/** `auto` accepts both forms and sends the form that the peer last used. */
export type ChecksumPolicy = 'auto' | 'rfc9568' | 'pseudo_header';

export type Authentication =
  | { readonly type: 'none' }
  /** At most 8 bytes, sent padded with NUL (RFC 2338 section 5.3.6.2). */
  | { readonly type: 'pass'; readonly password: string }
  | HmacAuthentication;

/** Without its keys, which only the edge that signs and checks knows. */
export interface HmacAuthentication {
  readonly type: 'hmac';
  /** Numbers of the keys that are accepted. */
  readonly keyIds: readonly number[];
  /** The one that signs. */
  readonly activeKey: number;
  /**
   * `receive_only`: checks signed messages and signs none. `permissive`: signs. Both take messages
   * without a trailer, which `enforce` refuses.
   */
  readonly mode: 'enforce' | 'permissive' | 'receive_only';
  readonly antiReplay: AntiReplay;
  /** How far the clocks of two routers may differ with `time`. */
  readonly window: Duration;
}

export interface UnicastSettings {
  /** Undefined: the interface's first address. */
  readonly source: IpAddress | undefined;
  readonly peers: readonly UnicastPeer[];
  /** TTL or hop limit of what is sent; absent: 255. */
  readonly ttl?: number;
}

export interface UnicastPeer {
  readonly address: IpAddress;
  /** Lowest TTL accepted from this peer; `lowestUnicastTtl` unless configured otherwise. */
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
  /** Announcements of each VIP in a refresh; default: 1. */
  readonly refreshRepeat?: number;
  /** Shortest time between two announcements on one interface; absent: none. */
  readonly interval?: Duration;
  /** The bursts after another router claimed to be MASTER; default: those of a takeover. */
  readonly contested?: Pick<GarpSettings, 'repeat' | 'secondBurstAfter'>;
}

export interface NeighborAdvertisementSettings {
  /** The R flag (RFC 4861 section 4.4); `auto`: whether the interface forwards. */
  readonly router: 'auto' | boolean;
}
