/**
 * Unicast needs the neighbour tables of both hosts. While the port of a router is down, the kernels of
 * its peers give up its MAC address; afterwards they ask for it once a second only, and their
 * advertisements wait. So each start announces the source address and asks for the peers' MAC addresses:
 * the questions of ARP and ND make an entry in the peer even where an announcement is ignored (Linux
 * does not revive a failed IPv6 entry by an unsolicited advertisement). A source on another link, such as
 * `lo`, is reached through an address of this link, which the gateway may have given up as well.
 */
import { familyOf, type IpAddress, type MacAddress, NO_MAC } from '../../../net/address.ts';
import { isSame } from '../../../net/equality.ts';
import type { AddressClaim, OutgoingFrame } from '../../../net/link.ts';
import { after, type Duration, type Instant } from '../../../net/time.ts';
import { encodeArpAnnouncement, encodeArpQuestion } from '../../../wire/arp.ts';
import { encodeNeighborAdvertisement, encodeNeighborQuestion } from '../../../wire/neighbor.ts';
import type { Outbox } from '../core/outbox.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { Timers } from '../core/timers.ts';
import type { Link, LinkTable } from '../links.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** One for each interval of the Master_Down_Interval: a port may lose the first frames. */
const REPETITIONS = 3;

/** A host with more addresses on the link is not announced in full. */
const ANNOUNCED_MAX = 8;

/** Who greets whom, and by which link. */
interface Parties {
  readonly index: number;
  readonly mac: MacAddress;
  /** Addresses at which the packets of the peers arrive at the link: one, or those of a source elsewhere. */
  readonly announced: readonly [IpAddress, ...IpAddress[]];
  readonly peers: readonly IpAddress[];
}

interface Greeting {
  readonly parties: Parties;
  /** Repetitions that are left. */
  rounds: number;
  /** Peers that have not answered since the start. */
  readonly silent: Set<IpAddress>;
}

interface GreeterParts {
  readonly routers: RouterTable;
  readonly links: LinkTable;
  readonly timers: Timers;
  readonly outbox: Outbox;
}

export class Greeter {
  readonly #parts: GreeterParts;
  /** Without a router whose link cannot carry its greeting yet: it is sent when it can. */
  readonly #greetings = new WeakMap<VirtualRouter, Greeting>();

  constructor(parts: GreeterParts) {
    this.#parts = parts;
  }

  /** The router starts to listen, or to advertise. */
  greet(router: VirtualRouter, now: Instant): void {
    const parties = this.#partiesOf(router);
    if (parties === undefined) {
      this.#greetings.delete(router);
      return;
    }
    const greeting = { parties, rounds: REPETITIONS, silent: new Set(parties.peers) };
    this.#greetings.set(router, greeting);
    this.#send(router, greeting, now);
  }

  /** Another process has greeted for the router. */
  resume(router: VirtualRouter): void {
    const parties = this.#partiesOf(router);
    if (parties === undefined) return;
    this.#greetings.set(router, { parties, rounds: 0, silent: new Set() });
  }

  /**
   * Links, addresses or peers may have changed: greets again if the peers do not know this source or MAC
   * address, or may have forgotten them while the link was down.
   */
  check(router: VirtualRouter, now: Instant): void {
    if (!isRunning(router)) return;
    const greeted = this.#greetings.get(router)?.parties;
    if (!isSame(this.#partiesOf(router), greeted)) this.greet(router, now);
  }

  /** Greets again, unless an advertisement has arrived. */
  repeat(router: VirtualRouter, now: Instant): void {
    const greeting = this.#greetings.get(router);
    if (greeting === undefined || !isRunning(router)) return;
    if (router.isBackup && router.master !== null) return;
    greeting.rounds -= 1;
    this.#send(router, greeting, now);
  }

  /**
   * The routers that have listened in vain so far, and whose peer has just answered for the first time:
   * before that its advertisements could not arrive.
   */
  answered({ index, address }: AddressClaim): readonly VirtualRouter[] {
    return this.#parts.routers.all.filter((router) => {
      if (router.index !== index || router.state !== 'backup.listening') return false;
      if (router.master !== null || router.resignedBy !== undefined) return false;
      return this.#greetings.get(router)?.silent.delete(address) === true;
    });
  }

  #send(router: VirtualRouter, { parties, rounds }: Greeting, now: Instant): void {
    const { index } = parties;
    const frames = greetingFrames(parties, this.#forwards(index));
    const { timers, outbox } = this.#parts;
    outbox.sendFrames(frames.map((frame): OutgoingFrame => ({ index, frame })));
    const interval: Duration = router.settings.advertisementInterval;
    if (rounds === 0) timers.clear('greeting', router.position);
    else timers.set('greeting', router.position, after(now, interval));
  }

  /** Undefined for multicast, and while the link cannot carry a greeting: one without MAC never can. */
  #partiesOf({ index, source, peers }: VirtualRouter): Parties | undefined {
    if (index === undefined || source === undefined || peers === undefined) return undefined;
    const link = this.#parts.links.byIndex(index);
    if (link?.attributes.running !== true || link.attributes.mac === NO_MAC) return undefined;
    return { index, mac: link.attributes.mac, announced: announcedOn(link, source), peers };
  }

  #forwards(index: number): boolean {
    return this.#parts.links.byIndex(index)?.attributes.forwarding === true;
  }
}

function isRunning({ state }: VirtualRouter): boolean {
  return state !== 'initialize' && state !== 'fault';
}

/** The source, unless it is on another link. */
function announcedOn({ addresses }: Link, source: IpAddress): Parties['announced'] {
  const own = [...addresses.values()]
    .filter(({ ours, tentative, duplicate }) => !ours && !tentative && !duplicate)
    .map(({ address }) => address)
    .filter((address) => familyOf(address) === familyOf(source));
  const [first, ...others] = own.slice(0, ANNOUNCED_MAX);
  return first === undefined || own.includes(source) ? [source] : [first, ...others];
}

function greetingFrames({ mac, announced, peers }: Parties, forwards: boolean): Uint8Array[] {
  const [source] = announced;
  if (familyOf(source) === 'ipv4') {
    return [
      ...announced.map((address) => encodeArpAnnouncement(mac, address, 'request')),
      ...peers.map((peer) => encodeArpQuestion(mac, source, peer)),
    ];
  }
  return [
    ...announced.map((address) => encodeNeighborAdvertisement(mac, address, { router: forwards })),
    ...peers.map((peer) => encodeNeighborQuestion(mac, source, peer)),
  ];
}
