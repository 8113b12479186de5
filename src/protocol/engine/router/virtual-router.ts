/**
 * One virtual router: its settings, its state, and the packets it sends, encoded in advance.
 * Decides nothing: the table in `fsm/` does, and `protocol.ts` applies what the table decides.
 */
import type { Effect } from '../../../../fsm/vrrp/effects.ts';
import {
  type Cause,
  INITIAL_STATE,
  isBackup,
  type VrrpContext,
  type VrrpState,
} from '../../../../fsm/vrrp/model.ts';
import {
  type Family,
  type IpAddress,
  isLinkLocal,
  type MacAddress,
  NO_MAC,
} from '../../../net/address.ts';
import { isSameSet } from '../../../net/equality.ts';
import type { OutgoingDatagram, OutgoingFrame } from '../../../net/link.ts';
import { type Duration, type Instant, LONG_AGO } from '../../../net/time.ts';
import { encodeAdvertisement } from '../../../wire/vrrp/advertisement.ts';
import type { ChecksumForm } from '../../../wire/vrrp/checksum.ts';
import { AnnouncementSchedule } from '../addresses/announcements.ts';
import {
  interfacesOf,
  type ManagedAddress,
  managedAddresses,
  wireOf,
} from '../addresses/managed-address.ts';
import { type ManagedRouting, managedRouting } from '../addresses/managed-routing.ts';
import { type Seal, signs } from '../authentication/seal.ts';
import type { AuthenticatedSender } from '../keyring.ts';
import type { Link, LinkTable } from '../links.ts';
import { groupOf, type InstanceSettings, type VirtualAddress } from '../settings.ts';
import { type StateName, stateNameOf } from '../state-name.ts';
import type {
  FaultReason,
  IpvsFault,
  MasterView,
  NewMasterReason,
  PathLoss,
  PeerProblem,
  StrayAddress,
  TrackView,
  TransitionView,
} from '../view.ts';
import type { WitnessStanding } from '../witness/standing.ts';
import { HeardPeers } from './heard.ts';
import type { ReceiverProfile } from './intake.ts';
import { announcementFrames, enclose, multicastFrame } from './packets.ts';
import { Priority } from './priority.ts';
import { initialContext, preemptDelayOf } from './router-context.ts';

/** The announcement of one VIP, a frame for each form. */
export interface Announcement {
  readonly address: ManagedAddress;
  /** Where the frames say that the VIP is. */
  readonly mac: MacAddress;
  readonly frames: readonly OutgoingFrame[];
}

/** An advertisement whose row repeats, with the effects of the row, for packets equal to it. */
interface Expected {
  readonly packet: Uint8Array;
  readonly length: number;
  readonly effects: readonly Effect[];
}

interface Encoding {
  readonly priority: number;
  /** Absent: as configured or learnt. */
  readonly form?: ChecksumForm;
  readonly source?: IpAddress | undefined;
  readonly seal?: Seal | undefined;
}

export class VirtualRouter {
  /** Index in the router table; the counter row is one more. */
  readonly position: number;
  readonly row: number;
  readonly announcements: AnnouncementSchedule;
  readonly priority: Priority;
  readonly heard = new HeardPeers();

  // Written by `protocol.ts` only.
  readonly state: VrrpState = INITIAL_STATE;
  readonly context: VrrpContext;

  // The history of its states, written by `transitions.ts` and restored by `state-transfer.ts`.
  since: Instant = 0 as Instant;
  lastTransition: TransitionView | null = null;
  upSince: Instant | null = null;
  newMasterReason: NewMasterReason = 'not-master';
  master: MasterView | null = null;
  /** Its successor has been heard, and it still serves for the hand-over overlap. */
  inHandoverOverlap = false;
  /** The VIPs that its former process has left stay: see `kept-addresses.ts`. */
  keepsFormer = false;
  /** The kernel's connection table has not caught up; matters only to `preempt_when_synced`. */
  lacksConnections = true;

  // Shortcuts of advertisements that repeat; `protocol.ts` clears them with every step.
  expected: Expected | undefined = undefined;
  /** The effects of a tick of a MASTER's grid, once its row has said that they repeat. */
  due: readonly Effect[] | undefined = undefined;

  // Written by `reception.ts`, and cleared by a transition.
  resignedBy: IpAddress | undefined = undefined;
  /** A MASTER of lower priority, whose advertisements this BACKUP discards. */
  outranks: IpAddress | undefined = undefined;
  outranksAt: Instant = LONG_AGO;

  // Written by the judgement.
  /** What a takeover or a yield from more than advertisements was concluded from. */
  evidence: { readonly cause: Cause; readonly text: string } | undefined = undefined;
  pathLoss: PathLoss | undefined = undefined;

  /** When `before_master` last failed and the router stayed BACKUP; written by `SyncGroups`. */
  abortedAt: Instant | undefined = undefined;

  // Written by `router-actions.ts`.
  lastSentAt: Instant = 0 as Instant;
  /** The advertisements since then that this host has refused to send, without one that it has sent. */
  unsent: { readonly since: Instant; readonly lastAt: Instant } | undefined = undefined;
  /** Written by `peer-problems.ts`. */
  problems: readonly PeerProblem[] = [];
  /** Written by `authenticator.ts`. */
  senders: readonly AuthenticatedSender[] = [];
  /** Number of the pending `before_master` request. */
  request: number | undefined = undefined;
  /** While it asks for permission: `before_master` has nothing against it. */
  permitted = false;

  /**
   * It continues the mastership of a process that died: a tracked object that has no result yet counts as well.
   * Written by `restarts.ts`, and cleared by `fault-keeper.ts` when it is not or no longer MASTER.
   */
  continues = false;

  /** Written by the witness; undefined: it has none. */
  witness: WitnessStanding | undefined = undefined;

  // Written by the keepers of addresses, routes and virtual links.
  /** VIPs of former settings that the kernel may still have. */
  retired: readonly ManagedAddress[] = [];
  /** VIPs that other programs have put elsewhere. */
  strays: readonly StrayAddress[] = [];
  /** Routes first, then rules; entries of former settings until they are removed. */
  routing: readonly ManagedRouting[];
  /** The last attempt to make the virtual link failed; the link may exist by now. */
  lacksVirtualLink = false;
  /** A host outside the VRRP group answers for a VIP, and the policy is FAULT. */
  hasAddressConflict = false;
  /** Another host claims the addresses and has never been heard to advertise. */
  hasUnheardRival = false;

  // Reasons for FAULT, joined by `fault-keeper.ts`.
  faults: readonly FaultReason[] = [];
  /** The kernel refused a VIP, a link or a socket; cleared by a retry. */
  refused: FaultReason | undefined = undefined;
  /** Refusals since all VIPs were last present. */
  refusals = 0;
  ipvsFault: IpvsFault | undefined;
  /** Taken out of service by an operator. */
  maintenance = false;

  // Written by `sync-groups.ts` and `tracking.ts`.
  group: string | undefined = undefined;
  tracks: readonly TrackView[] = [];
  /** Reasons for FAULT from its own tracked objects, and from those of its sync group. */
  trackFaults: readonly FaultReason[] = [];
  groupTrackFaults: readonly FaultReason[] = [];

  #settings: InstanceSettings;
  #addresses: readonly ManagedAddress[];
  #interfaces: ReadonlySet<string>;
  #index: number | undefined = undefined;
  #source: IpAddress | undefined = undefined;
  readonly #forms = new Map<IpAddress, ChecksumForm>();
  #doubtsForm = false;
  /** Destinations whose routers advertise the same addresses without the link-local one. */
  readonly #withoutLinkLocal = new Set<IpAddress>();
  #lastSource: IpAddress | undefined = undefined;
  #mtu = 0;
  #isHeard = true;
  #peers: readonly IpAddress[] | undefined = undefined;
  #encodings = 0;
  #profile: ReceiverProfile | undefined = undefined;
  #advertisements: readonly OutgoingDatagram[] | undefined = undefined;
  #announcements: readonly Announcement[] | undefined = undefined;

  constructor(settings: InstanceSettings, position: number) {
    this.#settings = settings;
    this.position = position;
    this.row = position + 1;
    this.announcements = new AnnouncementSchedule(settings.garp);
    this.priority = new Priority(settings.priority);
    this.context = initialContext(settings, this.lacksConnections);
    this.#addresses = managedAddresses(settings);
    this.routing = managedRouting(settings);
    this.#interfaces = interfacesOf(settings, this.#addresses);
  }

  get settings(): InstanceSettings {
    return this.#settings;
  }

  get addresses(): readonly ManagedAddress[] {
    return this.#addresses;
  }

  /** Names of the interfaces it needs, without the virtual link, which this program makes. */
  get interfaces(): ReadonlySet<string> {
    return this.#interfaces;
  }

  /** Interface index; undefined while the interface is missing. */
  get index(): number | undefined {
    return this.#index;
  }

  /** Source address of its packets; undefined while the interface has none. */
  get source(): IpAddress | undefined {
    return this.#source;
  }

  /** Where its unicast packets go; undefined: multicast. */
  get peers(): readonly IpAddress[] | undefined {
    return this.#peers;
  }

  /**
   * Continues with other settings. `place` must follow, because none of the encoded packets is valid
   * any longer; `Reconfiguration` sends the table the events that the new settings require.
   */
  adopt(settings: InstanceSettings): void {
    const known = [...this.addresses, ...this.retired];
    this.#settings = settings;
    this.#withoutLinkLocal.clear();
    this.#addresses = managedAddresses(settings, known);
    this.retired = known.filter((address) => !this.addresses.includes(address));
    for (const address of this.retired) address.retired = true;
    this.routing = managedRouting(settings, this.routing);
    this.#interfaces = interfacesOf(settings, this.#addresses);
    this.refused = undefined;
    this.refusals = 0;
  }

  /** How long to wait before preempting a MASTER of lower priority. */
  get preemptDelay(): Duration {
    return preemptDelayOf(this.settings, this.lacksConnections);
  }

  /** Another router of this agent takes the address over. */
  disown(address: ManagedAddress): void {
    this.#addresses = this.#addresses.filter((one) => one !== address);
    this.retired = this.retired.filter((one) => one !== address);
    this.#announcements = undefined;
  }

  get family(): Family {
    return this.settings.family;
  }

  /** MASTER in the sense of `status`: a router that releases its addresses still is. */
  get isMaster(): boolean {
    return this.state === 'holding.master' || this.state === 'holding.releasing';
  }

  /** The addresses are to be present, or at least not to be removed. */
  get serves(): boolean {
    return this.isMaster || this.inHandoverOverlap || this.keepsFormer;
  }

  /** Name of the interface that reaches the segment of the address. */
  wireOf(address: Pick<VirtualAddress, 'interface'>): string {
    return wireOf(this.settings, address);
  }

  get isBackup(): boolean {
    return isBackup(this.state);
  }

  get stateName(): StateName {
    return stateNameOf(this.state);
  }

  /** The interface or its addresses have changed: every encoded packet is discarded. */
  place(link: Link | undefined, source: IpAddress | undefined, links: LinkTable): void {
    this.#peers = peersOf(this.settings, links);
    this.#index = link?.attributes.index;
    this.#mtu = link?.attributes.mtu ?? 0;
    this.#isHeard = this.settings.onInterfaceDown !== 'ignore' || link?.attributes.running === true;
    this.#source = source;
    this.#lastSource = source ?? this.#lastSource;
    this.expected = undefined;
    this.#profile = undefined;
    this.#advertisements = undefined;
    this.#announcements = undefined;
  }

  /** How `status` shows it as MASTER; null without a source. */
  get asMaster(): MasterView | null {
    if (this.source === undefined) return null;
    const { priority, advertisementInterval } = this.context;
    return { address: this.source, priority, intervalMs: advertisementInterval / 1_000 };
  }

  /** Every encoded packet has the former priority. */
  priorityChanged(): void {
    this.expected = undefined;
    this.#profile = undefined;
    this.#advertisements = undefined;
    this.#encodeAhead();
    if (this.isMaster && this.master !== null) {
      this.master = { ...this.master, priority: this.context.priority };
    }
  }

  /** Encodes in advance, so that a takeover does not have to. */
  prepare(links: LinkTable): void {
    this.#encodeAhead();
    this.announcementsOn(links);
    this.profile();
  }

  /** What the receive checks expect of a packet. */
  profile(): ReceiverProfile {
    this.#profile ??= {
      vrid: this.settings.vrid,
      version: this.settings.version,
      alsoVersion2: this.settings.alsoVersion2 === true,
      priority: this.context.priority,
      interval: this.settings.advertisementInterval,
      addresses: this.settings.addresses.map((one) => one.address),
      checkAddressList: false,
      checksum: this.settings.checksum,
      authentication: this.settings.authentication,
      delivery: this.settings.unicast ?? 'multicast',
      group: groupOf(this.settings),
      localAddress: this.source,
    };
    return this.#profile;
  }

  /** One packet had another checksum form than before; the next one decides. */
  get doubtsForm(): boolean {
    return this.#doubtsForm;
  }

  /** The checksum forms that the peers use. */
  get forms(): readonly (readonly [IpAddress, ChecksumForm])[] {
    return [...this.#forms];
  }

  /** Restores the forms that another process has learnt. */
  restoreForms(forms: Iterable<readonly [IpAddress, ChecksumForm]>): void {
    for (const [peer, form] of forms) this.#forms.set(peer, form);
    this.#advertisements = undefined;
  }

  /** True once any peer has been heard. */
  get knowsForm(): boolean {
    return this.#forms.size > 0;
  }

  /**
   * Learns the peer's checksum form and returns how it differs from what was known. A single
   * pseudo-header form among the RFC's form is a copy for another receiver; two in a row are a change.
   */
  learnForm(peer: IpAddress, form: ChecksumForm): 'same' | 'first' | 'changed' {
    const key = this.settings.unicast === undefined ? groupOf(this.settings) : peer;
    this.hasUnheardRival = false;
    const known = this.#forms.get(key);
    if (known === form) {
      this.#doubtsForm = false;
      return 'same';
    }
    if (known === 'rfc9568' && !this.#doubtsForm) {
      this.#doubtsForm = true;
      return 'same';
    }
    this.#doubtsForm = false;
    this.#forms.set(key, form);
    this.#advertisements = undefined;
    this.#encodeAhead();
    return known === undefined ? 'first' : 'changed';
  }

  /** Destinations that get an IPv6 list without a link-local address. */
  get withoutLinkLocal(): readonly IpAddress[] {
    return [...this.#withoutLinkLocal];
  }

  restoreLists(destinations: Iterable<IpAddress>): void {
    for (const destination of destinations) this.#withoutLinkLocal.add(destination);
    this.#advertisements = undefined;
  }

  /**
   * Learns whether the peer advertises the same addresses without the link-local one, as keepalived does
   * by default: it refuses a list of another length, so it gets its own.
   */
  learnList(peer: IpAddress, heard: readonly IpAddress[]): void {
    if (this.family === 'ipv4') return;
    const own = this.settings.addresses.map(({ address }) => address);
    const global = own.filter((address) => !isLinkLocal(address));
    const key = this.settings.unicast === undefined ? groupOf(this.settings) : peer;
    const isShort = this.#withoutLinkLocal.has(key);
    if (!isSameSet(heard, isShort ? own : global)) return;
    if (isShort) this.#withoutLinkLocal.delete(key);
    else if (global.length < own.length) this.#withoutLinkLocal.add(key);
    this.#advertisements = undefined;
    this.#encodeAhead();
  }

  /**
   * Advertisements with the effective priority. `seal`: of a router that signs; each of its messages is
   * another one, so that none can be encoded in advance.
   */
  advertisements(seal?: Seal): readonly OutgoingDatagram[] {
    if (seal !== undefined) return this.#encode({ priority: this.context.priority, seal });
    this.#advertisements ??= this.#encode({ priority: this.context.priority });
    return this.#advertisements;
  }

  #encodeAhead(): void {
    if (!signs(this.settings)) this.advertisements();
  }

  /**
   * Advertisements with the other checksum form: for a rival that may not understand the first, while
   * its own form is unknown.
   */
  advertisementsInOtherForm(seal?: Seal): readonly OutgoingDatagram[] {
    const { version, family, checksum } = this.settings;
    if (version !== 3 || family !== 'ipv4' || checksum !== 'auto') return [];
    return this.#encode({ priority: this.context.priority, form: 'pseudo_header', seal });
  }

  /**
   * Advertisements of a router that has just lost to a MASTER. DEVIATION: they do not come from the
   * virtual MAC, so that switches keep sending frames to the MASTER that was heard.
   */
  finalAdvertisements(seal?: Seal): readonly OutgoingDatagram[] {
    const { virtualMac } = this.settings;
    const advertisements = this.advertisements(seal);
    if (virtualMac === undefined) return advertisements;
    return advertisements.map(({ frame: _, ...datagram }) => datagram);
  }

  /**
   * Advertisements with priority 0 (RFC 9568 section 6.4.3, Shutdown). If the source address is gone,
   * they have the last one, which the peers know: without them the peers wait a Master_Down_Interval.
   */
  resignations(seal?: Seal): readonly OutgoingDatagram[] {
    return this.#encode({ priority: 0, source: this.source ?? this.#lastSource, seal });
  }

  /** One announcement of each VIP. */
  announcementsOn(links: LinkTable): readonly Announcement[] {
    this.#announcements ??= this.addresses.flatMap((address) => {
      const link = links.byName(address.interface)?.attributes;
      const index = links.byName(this.wireOf(address))?.attributes.index;
      // A link without MAC, such as a tunnel, would carry the frame as a packet.
      if (link === undefined || link.mac === NO_MAC || index === undefined) return [];
      const frames = announcementFrames(address.address, link, this.settings);
      return [{ address, mac: link.mac, frames: frames.map((frame) => ({ index, frame })) }];
    });
    return this.#announcements;
  }

  #encode({ priority, form, source = this.source, seal }: Encoding): OutgoingDatagram[] {
    const { index, settings } = this;
    if (index === undefined || source === undefined || !this.#isHeard) return [];
    const destinations = this.peers ?? [groupOf(settings)];
    const fragments = { mtu: this.#mtu, identification: this.#nextIdentification() };
    // A Master of both versions sends both each time (RFC 9568 section 8.4.2).
    const versions = settings.alsoVersion2 === true ? ([3, 2] as const) : [settings.version];
    const copies = destinations.flatMap((destination) =>
      versions.map((version) => ({ destination, version })),
    );
    return copies.flatMap(({ destination, version }) => {
      const message = encodeAdvertisement(
        {
          version,
          vrid: settings.vrid,
          priority,
          interval: settings.advertisementInterval,
          addresses: this.#listFor(destination),
          ...(version === 2 ? { authentication: settings.authentication } : {}),
        },
        { source, destination },
        form ?? this.#formFor(destination),
      );
      const signed = seal === undefined ? message : seal(message, { source, destination });
      if (signed === undefined) return [];
      const { ttl } = settings.unicast ?? {};
      const packets = enclose({ source, destination }, signed, fragments, ttl);
      return packets.map((packet) =>
        this.#addressed({ index, destination, packet, sender: this.position }),
      );
    });
  }

  /**
   * Adds the virtual MAC as source (RFC 9568 section 7.2). DEVIATION: unicast peers, which the RFC does
   * not mention, may be behind a router: the kernel routes those and uses the interface's own MAC. So it
   * does with `advertise_with: interface`, for peers that cannot receive from the virtual MAC.
   */
  #addressed(datagram: OutgoingDatagram): OutgoingDatagram {
    const { virtualMac, unicast } = this.settings;
    if (virtualMac === undefined || unicast !== undefined) return datagram;
    if (virtualMac.advertisesWith === 'interface') return datagram;
    return { ...datagram, frame: multicastFrame(virtualMac.mac, datagram) };
  }

  /** Differs between packets of different content, and between routers with the same source address. */
  #nextIdentification(): number {
    this.#encodings = (this.#encodings + 1) & 0xffffff;
    return this.settings.vrid * 0x1000000 + this.#encodings;
  }

  #listFor(destination: IpAddress): IpAddress[] {
    const own = this.settings.addresses.map(({ address }) => address);
    return this.#withoutLinkLocal.has(destination)
      ? own.filter((address) => !isLinkLocal(address))
      : own;
  }

  #formFor(destination: IpAddress): ChecksumForm {
    const { checksum } = this.settings;
    return checksum === 'auto' ? (this.#forms.get(destination) ?? 'rfc9568') : checksum;
  }
}

/** Without the addresses of this host: one list of peers may serve all directors. */
export function peersOf(
  { unicast, interface: name }: InstanceSettings,
  links: LinkTable,
): readonly IpAddress[] | undefined {
  const from = links.byName(name)?.attributes;
  return unicast?.peers
    .map(({ address }) => address)
    .filter((address) => !links.isOwn(address, from));
}
