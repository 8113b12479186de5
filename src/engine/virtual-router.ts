/**
 * One virtual router: its settings, its state, and the packets it sends, kept ready. Decides
 * nothing: the table in `fsm/` does, and `engine.ts` carries out what the table asks for.
 */
import { INITIAL_STATE, type VrrpState } from '../../fsm/step.ts';
import type { VrrpContext } from '../../fsm/vrrp/context.ts';
import { type Family, type IpAddress, ipToBytes } from '../net/address.ts';
import type { OutgoingDatagram, OutgoingFrame } from '../net/link.ts';
import { type Duration, type Instant, NEVER } from '../net/time.ts';
import { encodeArpAnnouncement } from '../wire/arp.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../wire/ip.ts';
import { encodeNeighborAdvertisement } from '../wire/neighbor.ts';
import { encodeAdvertisement } from '../wire/vrrp/advertisement.ts';
import { type ChecksumForm, PROTOCOL_VRRP } from '../wire/vrrp/checksum.ts';
import { AnnouncementSchedule } from './announcements.ts';
import { type ReceiverProfile, VRRP_GROUP } from './intake.ts';
import { addressKey, type Link, type LinkTable } from './links.ts';
import type { StateName } from './reports.ts';
import type { InstanceSettings, VirtualAddress } from './settings.ts';
import type { FaultReason, InstanceView, MasterView, TransitionView } from './view.ts';

/** TTL and Hop Limit of every advertisement (RFC 9568 sections 5.1.1.3, 5.1.2.3). */
const TTL = 255;

/** DSCP CS6, network control (RFC 4594 section 3.2). */
const TRAFFIC_CLASS = 0xc0;

/** One VIP and what has been asked of the kernel about it. */
export interface ManagedAddress extends VirtualAddress {
  readonly key: string;
  pending: 'none' | 'add' | 'remove';
  /** Put there by this run, and not by somebody else or a former run. */
  held: boolean;
  /** Being put back after somebody removed it. */
  restoring: boolean;
}

/** The last advertisement that only restarted Active_Down_Timer: its like needs no second judgement. */
export interface Expected {
  readonly packet: Uint8Array;
  readonly length: number;
  readonly restart: Duration;
}

export class VirtualRouter {
  readonly settings: InstanceSettings;
  /** Position in the settings; the counter row is one more. */
  readonly position: number;
  readonly row: number;
  readonly addresses: readonly ManagedAddress[];
  /** Names of all interfaces it needs. */
  readonly interfaces: ReadonlySet<string>;
  readonly announcements: AnnouncementSchedule;

  state: VrrpState = INITIAL_STATE;
  context: VrrpContext;
  faults: readonly FaultReason[] = [];
  since: Instant = 0 as Instant;
  lastTransition: TransitionView | null = null;
  master: MasterView | null = null;

  /** Interface index; undefined while the interface is missing. */
  index: number | undefined = undefined;
  source: IpAddress | undefined = undefined;
  expected: Expected | undefined = undefined;
  lastSentAt: Instant = 0 as Instant;
  contestedAt: Instant = -NEVER as Instant;
  /** Until when the advertisements of other MASTERs are counted as their time. */
  rivalUntil: Instant = -NEVER as Instant;
  /** Another station holds the addresses and has never been heard to advertise. */
  hasUnheardRival = false;
  resignedBy: IpAddress | undefined = undefined;
  /** The kernel refused a VIP or a socket; cleared by a retry. */
  refused: FaultReason | undefined = undefined;
  /** Announce as soon as the kernel has confirmed the addresses. */
  announceWhenReady = false;

  readonly #advertised: readonly string[];
  readonly #forms = new Map<IpAddress, ChecksumForm>();
  #doubted = false;
  #profile: ReceiverProfile | undefined = undefined;
  #advertisements: readonly OutgoingDatagram[] | undefined = undefined;
  #frames: readonly (readonly OutgoingFrame[])[] | undefined = undefined;

  constructor(settings: InstanceSettings, position: number) {
    this.settings = settings;
    this.position = position;
    this.row = position + 1;
    this.announcements = new AnnouncementSchedule(settings.garp);
    this.context = {
      version: settings.version,
      priority: settings.priority,
      preempt: settings.preempt,
      preemptDelay: settings.preemptDelay,
      advertisementInterval: settings.advertisementInterval,
      masterInterval: settings.advertisementInterval,
      holding: false,
    };
    this.addresses = [...settings.addresses, ...settings.extraAddresses].map((address) => ({
      ...address,
      key: addressKey(address.address, address.prefixLength),
      pending: 'none' as const,
      held: false,
      restoring: false,
    }));
    this.#advertised = settings.addresses.map((one) => addressKey(one.address, one.prefixLength));
    this.interfaces = new Set([settings.interface, ...this.addresses.map((one) => one.interface)]);
  }

  get family(): Family {
    return this.settings.family;
  }

  /** Whether this router has, or is to have, the addresses. */
  get holds(): boolean {
    return this.state === 'holding.master' || this.state === 'holding.releasing';
  }

  get stateName(): StateName {
    return stateNameOf(this.state);
  }

  /** The interface or its addresses have changed: nothing prepared can be used again. */
  place(link: Link | undefined, source: IpAddress | undefined): void {
    this.index = link?.attributes.index;
    this.source = source;
    this.expected = undefined;
    this.#profile = undefined;
    this.#advertisements = undefined;
    this.#frames = undefined;
  }

  /** Encodes ahead of need: a take-over then only hands over what lies ready. */
  prepare(links: LinkTable): void {
    this.advertisements();
    this.frames(links);
    this.profile();
  }

  /** What the receive checks hold against a packet. */
  profile(): ReceiverProfile {
    this.#profile ??= {
      vrid: this.settings.vrid,
      version: this.settings.version,
      priority: this.settings.priority,
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

  /** Advertisements with priority 0 (RFC 9568 section 6.4.3, Shutdown). */
  resignations(): readonly OutgoingDatagram[] {
    return this.#encode(0);
  }

  /** One announcement of each VIP in the first form asked for, then in the second. */
  frames(links: LinkTable): readonly (readonly OutgoingFrame[])[] {
    if (this.#frames !== undefined) return this.#frames;
    const waves: [OutgoingFrame[], OutgoingFrame[]] = [[], []];
    for (const address of this.addresses) {
      const link = links.byName(address.interface)?.attributes;
      if (link === undefined) continue;
      const [first, second] = announcementsOf(address, this.settings.garp.form, link.mac);
      if (first !== undefined) waves[0].push({ index: link.index, frame: first });
      if (second !== undefined) waves[1].push({ index: link.index, frame: second });
    }
    this.#frames = waves;
    return waves;
  }

  view(): InstanceView {
    const { settings } = this;
    return {
      name: settings.name,
      state: this.stateName,
      releasing: this.state === 'holding.releasing',
      since: this.since,
      faults: this.faults,
      interface: settings.interface,
      family: settings.family,
      vrid: settings.vrid,
      version: settings.version,
      priority: { configured: settings.priority, effective: this.context.priority },
      addresses: this.#advertised,
      master: this.master,
      lastTransition: this.lastTransition,
    };
  }

  #encode(priority: number, form?: ChecksumForm): readonly OutgoingDatagram[] {
    const { index, source, settings } = this;
    if (index === undefined || source === undefined) return [];
    const destinations = settings.unicast?.peers.map((peer) => peer.address) ?? [
      VRRP_GROUP[settings.family],
    ];
    return destinations.map((destination) => {
      const message = encodeAdvertisement(
        {
          version: settings.version,
          vrid: settings.vrid,
          priority,
          interval: settings.advertisementInterval,
          addresses: settings.addresses.map((one) => one.address),
          authentication: settings.authentication,
        },
        { source, destination },
        form ?? this.#formFor(destination),
      );
      return { index, destination, packet: enclose(source, destination, message) };
    });
  }

  #formFor(destination: IpAddress): ChecksumForm {
    const { checksum } = this.settings;
    return checksum === 'auto' ? (this.#forms.get(destination) ?? 'rfc9568') : checksum;
  }
}

export function stateNameOf(state: VrrpState): StateName {
  switch (state) {
    case 'initialize':
      return 'INIT';
    case 'backup':
      return 'BACKUP';
    case 'holding.master':
    case 'holding.releasing':
      return 'MASTER';
    case 'fault':
      return 'FAULT';
  }
}

function enclose(source: IpAddress, destination: IpAddress, message: Uint8Array): Uint8Array {
  return source.includes(':')
    ? encodeIpv6Packet(
        {
          source,
          destination,
          hopLimit: TTL,
          trafficClass: TRAFFIC_CLASS,
          nextHeader: PROTOCOL_VRRP,
        },
        message,
      )
    : encodeIpv4Packet(
        { source, destination, ttl: TTL, trafficClass: TRAFFIC_CLASS, protocol: PROTOCOL_VRRP },
        message,
      );
}

function announcementsOf(
  { address }: ManagedAddress,
  form: InstanceSettings['garp']['form'],
  mac: Parameters<typeof encodeArpAnnouncement>[0],
): Uint8Array[] {
  if (ipToBytes(address).length === 16) {
    return [encodeNeighborAdvertisement(mac, address, { router: false })];
  }
  const forms = form === 'both' ? (['request', 'reply'] as const) : [form];
  return forms.map((one) => encodeArpAnnouncement(mac, address, one));
}
