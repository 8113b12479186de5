/**
 * One virtual router: its settings, its state, and the packets it sends, kept ready. Decides
 * nothing: the table in `fsm/` does, and `protocol.ts` puts into force what the table decides.
 */
import type { Effect } from '../../../../fsm/vrrp/effects.ts';
import {
  INITIAL_STATE,
  isBackup,
  type VrrpContext,
  type VrrpState,
} from '../../../../fsm/vrrp/model.ts';
import type { Family, IpAddress } from '../../../net/address.ts';
import type { OutgoingDatagram, OutgoingFrame } from '../../../net/link.ts';
import type { Duration, Instant } from '../../../net/time.ts';
import { encodeAdvertisement } from '../../../wire/vrrp/advertisement.ts';
import type { ChecksumForm } from '../../../wire/vrrp/checksum.ts';
import type { AddressConflict } from '../addresses/address-conflicts.ts';
import { AnnouncementSchedule } from '../addresses/announcements.ts';
import {
  interfacesOf,
  type ManagedAddress,
  managedAddresses,
  wireOf,
} from '../addresses/managed-address.ts';
import { type ManagedRouting, managedRouting } from '../addresses/managed-routing.ts';
import { instanceView } from '../instance-view.ts';
import { addressKey, type Link, type LinkTable } from '../links.ts';
import type { StateName } from '../reports.ts';
import type { InstanceSettings, VirtualAddress } from '../settings.ts';
import { stateNameOf } from '../state-name.ts';
import type {
  FaultReason,
  InstanceView,
  IpvsFault,
  MasterView,
  NewMasterReason,
  TrackView,
  TransitionView,
} from '../view.ts';
import { HeardPeers } from './heard.ts';
import { type ReceiverProfile, VRRP_GROUP } from './intake.ts';
import { announcementFrames, enclose, multicastFrame } from './packets.ts';
import { Priority } from './priority.ts';
import { Rivalry } from './rivalries.ts';
import { initialContext, preemptDelayOf } from './router-context.ts';

/** One VIP in each form that is asked for. */
export interface Announcement {
  readonly address: ManagedAddress;
  readonly frames: readonly OutgoingFrame[];
}

/** An advertisement whose row repeats, and the effects of that row: its like needs no second judgement. */
export interface Expected {
  readonly packet: Uint8Array;
  readonly length: number;
  readonly effects: readonly Effect[];
}

export class VirtualRouter {
  settings: InstanceSettings;
  /** Among all routers; the counter row is one more. */
  readonly position: number;
  readonly row: number;
  addresses: readonly ManagedAddress[];
  /** VIPs of former settings that may still be there. */
  retired: readonly ManagedAddress[] = [];
  /** Routes first, then rules; those of former settings until they are gone. */
  routing: readonly ManagedRouting[];
  /** Names of all interfaces it needs; the one it makes itself is not among them. */
  interfaces: ReadonlySet<string>;
  readonly announcements: AnnouncementSchedule;
  readonly priority: Priority;

  /** Written by `protocol.ts` only. */
  readonly state: VrrpState = INITIAL_STATE;
  readonly context: VrrpContext;
  faults: readonly FaultReason[] = [];
  since: Instant = 0 as Instant;
  lastTransition: TransitionView | null = null;
  upSince: Instant | null = null;
  newMasterReason: NewMasterReason = 'not-master';
  master: MasterView | null = null;

  /** Interface index; undefined while the interface is missing. */
  index: number | undefined = undefined;
  source: IpAddress | undefined = undefined;
  expected: Expected | undefined = undefined;
  /** The effects of the tick of a MASTER's grid, once the table has said that they repeat. */
  due: readonly Effect[] | undefined = undefined;
  lastSentAt: Instant = 0 as Instant;
  readonly rivalry = new Rivalry();
  /** Another station that answers for a VIP; only with the policy not to fight it. */
  conflict: AddressConflict | undefined = undefined;
  /** Another station holds the addresses and has never been heard to advertise. */
  hasUnheardRival = false;
  /** Whose last advertisement that counted was of version 3; only where version 2 is heard as well. */
  version3From: IpAddress | undefined = undefined;
  resignedBy: IpAddress | undefined = undefined;
  /** MASTER of a lower priority, whose advertisements keep this BACKUP from nothing. */
  outranks: IpAddress | undefined = undefined;
  /** Who was MASTER since the start. */
  readonly heard = new HeardPeers();
  /** Its successor has been heard, and it goes on answering until that one has been noticed. */
  parting = false;
  /** An operator has taken it out of service. */
  maintenance = false;
  ipvsFault: IpvsFault | undefined;
  /** Its connection table has not caught up; counts only where preemption waits for that. */
  lacksConnections = true;
  /** Number of the request for permission to become MASTER, while it has no answer. */
  request: number | undefined = undefined;
  /** The kernel refused a VIP or a socket; cleared by a retry. */
  refused: FaultReason | undefined = undefined;
  /** How often it has done so since all VIPs were there. */
  refusals = 0;
  /** Sync group it is a member of. */
  group: string | undefined = undefined;
  tracks: readonly TrackView[] = [];
  /** Tracked things of its own, and of its sync group, that keep it in FAULT. */
  trackFaults: readonly FaultReason[] = [];
  groupTrackFaults: readonly FaultReason[] = [];
  /** The link that carries the virtual MAC cannot be made, unless it is there by now. */
  lacksVirtualLink = false;
  /** Announce as soon as the kernel has confirmed the addresses. */
  announceWhenReady = false;

  #advertised: readonly string[];
  readonly #forms = new Map<IpAddress, ChecksumForm>();
  #doubted = false;
  #lastSource: IpAddress | undefined = undefined;
  #mtu = 0;
  #encodings = 0;
  #profile: ReceiverProfile | undefined = undefined;
  #advertisements: readonly OutgoingDatagram[] | undefined = undefined;
  #announcements: readonly Announcement[] | undefined = undefined;

  constructor(settings: InstanceSettings, position: number) {
    this.settings = settings;
    this.position = position;
    this.row = position + 1;
    this.announcements = new AnnouncementSchedule(settings.garp);
    this.priority = new Priority(settings.priority);
    this.context = initialContext(settings, this.lacksConnections);
    this.addresses = managedAddresses(settings);
    this.routing = managedRouting(settings);
    this.#advertised = advertisedOf(settings);
    this.interfaces = interfacesOf(this.settings, this.addresses);
  }

  /**
   * Continues with other settings. To be followed by `place`, because nothing that was prepared can
   * be used again; what they mean for the protocol `Reconfiguration` says to the table.
   */
  adopt(settings: InstanceSettings): void {
    const known = [...this.addresses, ...this.retired];
    this.settings = settings;
    this.addresses = managedAddresses(settings, known);
    this.retired = known.filter((address) => !this.addresses.includes(address));
    for (const address of this.retired) address.retired = true;
    this.routing = managedRouting(settings, this.routing);
    this.#advertised = advertisedOf(settings);
    this.interfaces = interfacesOf(settings, this.addresses);
    this.refused = undefined;
    this.refusals = 0;
  }

  /** How long a MASTER of lower priority stays. */
  get preemptDelay(): Duration {
    return preemptDelayOf(this.settings, this.lacksConnections);
  }

  /** Another router has the address from now on. */
  disown(address: ManagedAddress): void {
    this.addresses = this.addresses.filter((one) => one !== address);
    this.retired = this.retired.filter((one) => one !== address);
    this.#announcements = undefined;
  }

  get family(): Family {
    return this.settings.family;
  }

  /** Whether this router has, or is to have, the addresses. */
  get holds(): boolean {
    return this.state === 'holding.master' || this.state === 'holding.releasing';
  }

  /** Its addresses are there. */
  get serves(): boolean {
    return this.holds || this.parting;
  }

  /** Name of the interface by which the segment of the address is reached. */
  wireOf(address: Pick<VirtualAddress, 'interface'>): string {
    return wireOf(this.settings, address);
  }

  get isBackup(): boolean {
    return isBackup(this.state);
  }

  get stateName(): StateName {
    return stateNameOf(this.state);
  }

  /** The interface or its addresses have changed: nothing prepared can be used again. */
  place(link: Link | undefined, source: IpAddress | undefined): void {
    this.index = link?.attributes.index;
    this.#mtu = link?.attributes.mtu ?? 0;
    this.source = source;
    this.#lastSource = source ?? this.#lastSource;
    this.expected = undefined;
    this.#profile = undefined;
    this.#advertisements = undefined;
    this.#announcements = undefined;
  }

  /** What was prepared says the former priority. */
  priorityChanged(): void {
    this.expected = undefined;
    this.#profile = undefined;
    this.#advertisements = undefined;
    this.advertisements();
    if (this.holds && this.master !== null) {
      this.master = { ...this.master, priority: this.context.priority };
    }
  }

  /** Encodes ahead of need: a take-over then only hands over what lies ready. */
  prepare(links: LinkTable): void {
    this.advertisements();
    this.announcementsOn(links);
    this.profile();
  }

  /** What the receive checks hold against a packet. */
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
      localAddress: this.source,
    };
    return this.#profile;
  }

  /** The next packet decides which form of checksum the peer uses. */
  get doubtsForm(): boolean {
    return this.#doubted;
  }

  /** What is known of the forms that peers use. */
  get forms(): readonly (readonly [IpAddress, ChecksumForm])[] {
    return [...this.#forms];
  }

  /** The same as another process has learnt it. */
  recall(forms: Iterable<readonly [IpAddress, ChecksumForm]>): void {
    for (const [peer, form] of forms) this.#forms.set(peer, form);
    this.#advertisements = undefined;
  }

  /** Whether any peer has been heard since the start. */
  get knowsForm(): boolean {
    return this.#forms.size > 0;
  }

  /**
   * The peer's form of checksum; answers whether that differs from what was known of it. One
   * pseudo-header among the RFC's form is a copy for somebody else, two in a row are a change.
   */
  learnForm(peer: IpAddress, form: ChecksumForm): 'same' | 'first' | 'changed' {
    const key = this.settings.unicast === undefined ? VRRP_GROUP[this.family] : peer;
    this.hasUnheardRival = false;
    const known = this.#forms.get(key);
    if (known === form) {
      this.#doubted = false;
      return 'same';
    }
    if (known === 'rfc9568' && !this.#doubted) {
      this.#doubted = true;
      return 'same';
    }
    this.#doubted = false;
    this.#forms.set(key, form);
    this.#advertisements = undefined;
    this.advertisements();
    return known === undefined ? 'first' : 'changed';
  }

  /** Advertisements of the own priority, ready to send. */
  advertisements(): readonly OutgoingDatagram[] {
    this.#advertisements ??= this.#encode(this.context.priority);
    return this.#advertisements;
  }

  /**
   * The same with the other form of checksum: for a rival that may understand nothing else, as
   * long as it is not known which form it does understand.
   */
  advertisementsInOtherForm(): readonly OutgoingDatagram[] {
    const { version, family, checksum } = this.settings;
    if (version !== 3 || family !== 'ipv4' || checksum !== 'auto') return [];
    return this.#encode(this.context.priority, 'pseudo_header');
  }

  /**
   * Of one that was MASTER until now. DEVIATION: they do not come from the virtual MAC, so that no
   * switch turns away from the MASTER that was heard.
   */
  lastWords(): readonly OutgoingDatagram[] {
    const { virtualMac } = this.settings;
    const advertisements = this.advertisements();
    if (virtualMac === undefined) return advertisements;
    return advertisements.map(({ frame: _, ...datagram }) => datagram);
  }

  /**
   * Advertisements with priority 0 (RFC 9568 section 6.4.3, Shutdown). Where the source is gone, they
   * come from the one that the peers know, or else those wait for a Master_Down_Interval.
   */
  resignations(): readonly OutgoingDatagram[] {
    return this.#encode(0, undefined, this.source ?? this.#lastSource);
  }

  /** One announcement of each VIP, ready to send. */
  announcementsOn(links: LinkTable): readonly Announcement[] {
    this.#announcements ??= this.addresses.flatMap((address) => {
      const link = links.byName(address.interface)?.attributes;
      const index = links.byName(this.wireOf(address))?.attributes.index;
      if (link === undefined || index === undefined) return [];
      const frames = announcementFrames(address.address, link, this.settings);
      return [{ address, frames: frames.map((frame) => ({ index, frame })) }];
    });
    return this.#announcements;
  }

  view(): InstanceView {
    return instanceView(this, this.#advertised);
  }

  #encode(priority: number, form?: ChecksumForm, source = this.source): OutgoingDatagram[] {
    const { index, settings } = this;
    if (index === undefined || source === undefined) return [];
    const destinations = settings.unicast?.peers.map((peer) => peer.address) ?? [
      VRRP_GROUP[settings.family],
    ];
    const fragments = { mtu: this.#mtu, identification: this.#nextIdentification() };
    // A Master of both versions sends both each time (RFC 9568 section 8.4.2).
    const versions = settings.alsoVersion2 === true ? ([3, 2] as const) : [settings.version];
    const ways = destinations.flatMap((destination) =>
      versions.map((version) => ({ destination, version })),
    );
    return ways.flatMap(({ destination, version }) => {
      const message = encodeAdvertisement(
        {
          version,
          vrid: settings.vrid,
          priority,
          interval: settings.advertisementInterval,
          addresses: settings.addresses.map((one) => one.address),
          ...(version === 2 ? { authentication: settings.authentication } : {}),
        },
        { source, destination },
        form ?? this.#formFor(destination),
      );
      const packets = enclose({ source, destination }, message, fragments);
      return packets.map((packet) => this.#addressed({ index, destination, packet }));
    });
  }

  /**
   * With the virtual MAC as source (RFC 9568 section 7.2). DEVIATION: unicast peers, of which the RFC
   * does not speak, may be behind a router: the kernel finds the way and uses the interface's own.
   */
  #addressed(datagram: OutgoingDatagram): OutgoingDatagram {
    const { virtualMac, unicast } = this.settings;
    if (virtualMac === undefined || unicast !== undefined) return datagram;
    return { ...datagram, frame: multicastFrame(virtualMac.mac, datagram) };
  }

  /** Tells packets apart that differ in content; routers of one link share the source address. */
  #nextIdentification(): number {
    this.#encodings = (this.#encodings + 1) & 0xffffff;
    return this.settings.vrid * 0x1000000 + this.#encodings;
  }

  #formFor(destination: IpAddress): ChecksumForm {
    const { checksum } = this.settings;
    return checksum === 'auto' ? (this.#forms.get(destination) ?? 'rfc9568') : checksum;
  }
}

function advertisedOf({ addresses }: InstanceSettings): string[] {
  return addresses.map((one) => addressKey(one.address, one.prefixLength));
}
