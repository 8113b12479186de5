/**
 * Unicast needs the neighbour tables of both hosts. While the port of a router is down, the kernels of
 * its peers give up its MAC address; afterwards they ask for it once a second only, and their
 * advertisements wait. So each start announces the source address and asks for the peers' MAC addresses:
 * the questions of ARP and ND make an entry in the peer even where an announcement is ignored (Linux
 * does not revive a failed IPv6 entry by an unsolicited advertisement).
 */
import { familyOf, type IpAddress, type MacAddress } from '../../../net/address.ts';
import type { AddressClaim, OutgoingFrame } from '../../../net/link.ts';
import { after, type Duration, type Instant } from '../../../net/time.ts';
import { encodeArpAnnouncement, encodeArpQuestion } from '../../../wire/arp.ts';
import { encodeNeighborAdvertisement, encodeNeighborQuestion } from '../../../wire/neighbor.ts';
import type { LinkTable } from '../links.ts';
import type { Outbox } from '../outbox.ts';
import type { RouterTable } from '../router-table.ts';
import type { Timers } from '../timers.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** One for each interval of the Master_Down_Interval: a port may lose the first frames. */
const REPETITIONS = 3;

interface Greeting {
  readonly source: IpAddress;
  readonly mac: MacAddress;
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
  readonly #greetings = new WeakMap<VirtualRouter, Greeting>();

  constructor(parts: GreeterParts) {
    this.#parts = parts;
  }

  /** The router starts to listen, or to advertise. */
  greet(router: VirtualRouter, now: Instant): void {
    const { unicast } = router.settings;
    const mac = this.#macOf(router);
    if (unicast === undefined || mac === undefined || router.source === undefined) return;
    this.#greetings.set(router, {
      ...{ source: router.source, mac, rounds: REPETITIONS },
      silent: new Set(unicast.peers.map(({ address }) => address)),
    });
    this.#send(router, now);
  }

  /** The links or addresses have changed: another source or MAC address is greeted with as well. */
  check(router: VirtualRouter, now: Instant): void {
    if (!isRunning(router) || router.settings.unicast === undefined) return;
    const { source } = router;
    const mac = this.#macOf(router);
    if (mac === undefined || source === undefined) return;
    const greeting = this.#greetings.get(router);
    if (greeting === undefined) {
      // Another process has greeted.
      this.#greetings.set(router, { source, mac, rounds: 0, silent: new Set() });
    } else if (mac !== greeting.mac || source !== greeting.source) this.greet(router, now);
  }

  /** Greets again, unless an advertisement has arrived. */
  repeat(router: VirtualRouter, now: Instant): void {
    const greeting = this.#greetings.get(router);
    if (greeting === undefined || !isRunning(router)) return;
    if (router.isBackup && router.master !== null) return;
    greeting.rounds -= 1;
    this.#send(router, now);
  }

  /**
   * The routers that have listened in vain so far, and whose peer has just answered for the first time:
   * only from now on could its advertisements arrive.
   */
  answered({ index, address }: AddressClaim): readonly VirtualRouter[] {
    return this.#parts.routers.all.filter((router) => {
      if (router.index !== index || router.state !== 'backup.listening') return false;
      if (router.master !== null || router.resignedBy !== undefined) return false;
      return this.#greetings.get(router)?.silent.delete(address) === true;
    });
  }

  #send(router: VirtualRouter, now: Instant): void {
    const { index, source, settings } = router;
    const greeting = this.#greetings.get(router);
    if (greeting === undefined || index === undefined || source === undefined) return;
    const frames = greetingFrames(router, source, greeting.mac, this.#forwards(router));
    this.#parts.outbox.sendFrames(frames.map((frame): OutgoingFrame => ({ index, frame })));
    const { timers } = this.#parts;
    const interval: Duration = settings.advertisementInterval;
    if (greeting.rounds === 0) timers.clear('greeting', router.position);
    else timers.set('greeting', router.position, after(now, interval));
  }

  #macOf({ index }: VirtualRouter): MacAddress | undefined {
    return index === undefined ? undefined : this.#parts.links.byIndex(index)?.attributes.mac;
  }

  #forwards({ index }: VirtualRouter): boolean {
    if (index === undefined) return false;
    return this.#parts.links.byIndex(index)?.attributes.forwarding === true;
  }
}

function isRunning({ state }: VirtualRouter): boolean {
  return state !== 'initialize' && state !== 'fault';
}

function greetingFrames(
  { settings }: VirtualRouter,
  source: IpAddress,
  mac: MacAddress,
  forwards: boolean,
): Uint8Array[] {
  const peers = settings.unicast?.peers.map(({ address }) => address) ?? [];
  if (familyOf(source) === 'ipv4') {
    return [
      encodeArpAnnouncement(mac, source, 'request'),
      ...peers.map((peer) => encodeArpQuestion(mac, source, peer)),
    ];
  }
  return [
    encodeNeighborAdvertisement(mac, source, { router: forwards }),
    ...peers.map((peer) => encodeNeighborQuestion(mac, source, peer)),
  ];
}
