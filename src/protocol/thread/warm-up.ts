/**
 * Runs the protocol on a made-up segment before the loop begins, with a C library that does nothing.
 * V8 compiles a function when it is first called: what a BACKUP has never run would be compiled during
 * its first takeover, which costs a millisecond.
 */

import { idleLibc } from '../../kernel/ffi/idle-libc.ts';
import { type Libc, withLibc } from '../../kernel/ffi/libc.ts';
import { Sender } from '../../kernel/packet/sender.ts';
import type { PacketSink } from '../../kernel/ports.ts';
import { Routes } from '../../kernel/rtnetlink/routes.ts';
import { type Family, ip, mac } from '../../net/address.ts';
import type {
  AddressState,
  KernelChange,
  LinkState,
  OutgoingDatagram,
  OutgoingFrame,
} from '../../net/link.ts';
import { type Duration, type Instant, milliseconds, seconds } from '../../net/time.ts';
import { CounterTable, countersLength } from '../engine/counters.ts';
import { Engine } from '../engine/engine.ts';
import type { Input } from '../engine/inputs.ts';
import type { InstanceSettings, Settings, VirtualAddress } from '../engine/settings.ts';
import { Loop } from './loop.ts';

/** All code is compiled after one; the others let V8 optimise what runs for every router. */
const ROUNDS = 4;
const ROUTERS = 16;
const INDEX = 1;
/** Too large for V8's small integers, like any real time: code compiled for those would be thrown away. */
const LATE = 10_000_000_000 as Instant;
const NO_DELAY = seconds(0);

/** How many virtual routers, of these families in turn. */
interface Cast {
  readonly routers: number;
  readonly families: readonly Family[];
  readonly virtualMac: boolean;
}

const USUAL: Cast = { routers: ROUTERS, families: ['ipv4'], virtualMac: false };
const RARER: Cast = { routers: ROUTERS, families: ['ipv4', 'ipv6'], virtualMac: true };

interface Edges {
  readonly routes: Routes;
  readonly sender: Sender;
}

export function warmUp(library: Libc = idleLibc()): void {
  withLibc(library, () => {
    const edges = { routes: new Routes(), sender: new Sender() };
    for (let round = 0; round < ROUNDS; round++) play(round === 0 ? RARER : USUAL, edges);
  });
}

/** Start, take over, hear a loser, yield, take over again, stop. */
function play(cast: Cast, edges: Edges): void {
  const near = new Station(1, 100, cast, edges);
  const far = new Station(2, 200, cast, edges);
  near.start();
  near.advance(seconds(600));
  near.advance(seconds(1));
  far.start();
  far.advance(seconds(600));
  near.hear(far.sent);
  far.hear(near.sent);
  for (let i = 0; i < 4; i++) {
    far.advance(seconds(256));
    near.hear(far.sent);
  }
  near.advance(seconds(1_024));
  near.loop.shutdown();
  near.advance(seconds(300));
  far.loop.shutdown();
}

/** A loop whose packets and addresses go through the real code as far as the C library. */
class Station {
  readonly loop: Loop;
  sent: OutgoingDatagram[] = [];
  /** Last byte of its addresses. */
  readonly #host: number;
  #now = LATE;
  #inbox: OutgoingDatagram[] = [];
  readonly #rested: Input[] = [];
  readonly #cast: Cast;
  readonly #edges: Edges;

  constructor(host: number, priority: number, cast: Cast, edges: Edges) {
    this.#host = host;
    this.#cast = cast;
    this.#edges = edges;
    const engine = new Engine(
      // Shaped like those that arrive in a message, and not like a literal of this file.
      structuredClone(stationSettings(priority, cast)),
      new CounterTable(new Float64Array(countersLength(cast.routers))),
    );
    this.loop = new Loop(
      engine,
      {
        clock: this.#clock(),
        wakeOnPackets: () => {},
        packets: this.#packets(),
        routes: this.#routes(),
      },
      {
        reports: () => {},
        lateness: () => {},
        virtualLink: ({ kind, name }) => {
          if (kind === 'virtual-link.rest')
            this.#rested.push({ kind: 'virtual-link.rested', name });
        },
        finished: () => {},
      },
    );
  }

  start(): void {
    this.loop.start();
  }

  advance(by: Duration): void {
    const end = this.#now + by;
    for (let step = 0; step < 8 && this.#deadline <= end; step++) {
      this.#now = Math.max(this.#now, this.#deadline) as Instant;
      this.loop.turn();
      if (this.#rested.length > 0) this.loop.feed(this.#rested.splice(0));
    }
  }

  hear(packets: readonly OutgoingDatagram[]): void {
    this.#inbox = [...packets];
    this.#now = (this.#now + milliseconds(1)) as Instant;
    this.loop.turn();
  }

  #deadline = 0 as Instant;

  #clock() {
    return {
      now: () => this.#now,
      arm: (deadline: Instant) => {
        this.#deadline = deadline;
      },
    };
  }

  #packets() {
    return {
      listen: () => {},
      unlisten: () => {},
      sendDatagrams: (datagrams: readonly OutgoingDatagram[]) => {
        this.sent = [...datagrams];
        return this.#edges.sender.sendDatagrams(datagrams);
      },
      sendFrames: (frames: readonly OutgoingFrame[]) => this.#edges.sender.sendFrames(frames),
      sendError: () => '',
      drain: (_limit: number, sink: PacketSink) => {
        for (const { packet } of this.#inbox) sink(INDEX, packet, packet.length, NO_DELAY);
        this.#inbox = [];
        return true;
      },
      discard: () => {},
      close: () => {},
    };
  }

  #routes() {
    const link: LinkState = {
      index: INDEX,
      name: 'warm-up',
      mac: mac('02:00:00:00:00:01'),
      mtu: 1500,
      running: true,
      addresses: [
        addressState(`192.0.2.${this.#host}`, 24),
        addressState(`fe80::${this.#host}`, 64),
      ],
    };
    const virtualLinks = Array.from({ length: this.#cast.routers }, (_, position) => ({
      ...link,
      ...{ index: INDEX + 1 + position, name: linkName(position), addresses: [] },
      ...{ up: false, running: false },
    }));
    const links = this.#cast.virtualMac ? [link, ...virtualLinks] : [link];
    return {
      changeKernel: (changes: readonly KernelChange[]) => this.#edges.routes.changeKernel(changes),
      clearRouting: () => [],
      raiseLinks: (indexes: readonly number[]) => this.#edges.routes.raiseLinks(indexes),
      snapshot: () => links,
      drain: () => 'drained' as const,
      close: () => {},
    };
  }
}

function addressState(address: string, prefixLength: number): AddressState {
  return { address: ip(address), prefixLength, ours: false, tentative: false, duplicate: false };
}

function linkName(position: number): string {
  return `warm-up-${position}`;
}

function stationSettings(priority: number, cast: Cast): Settings {
  const { routers, families, virtualMac } = cast;
  const instances = Array.from({ length: routers }, (_, position): InstanceSettings => {
    const family = families[position % families.length] ?? 'ipv4';
    const number = position + 1;
    const place = virtualMac ? linkName(position) : 'warm-up';
    return {
      name: `warm-up-${position}`,
      interface: 'warm-up',
      family,
      vrid: number,
      version: 3,
      priority,
      advertisementInterval: seconds(1),
      addresses:
        family === 'ipv4'
          ? [virtualAddress(`198.51.100.${number}`, 32, place)]
          : [`fe80::1:${number}`, `2001:db8::${number}`].map((one) =>
              virtualAddress(one, 128, place),
            ),
      extraAddresses: [],
      routes: [],
      rules: [],
      preempt: true,
      preemptDelay: NO_DELAY,
      accept: true,
      checksum: 'auto',
      authentication: { type: 'none' },
      unicast: undefined,
      sourceAddress: undefined,
      garp: { repeat: 5, secondBurstAfter: seconds(5), refresh: NO_DELAY, form: 'both' },
      neighborAdvertisement: { router: 'auto' },
      track: [],
      virtualMac: virtualMac ? { interface: place, mac: mac('00:00:5e:00:01:01') } : undefined,
    };
  });
  return { router: 'warm-up', linger: 'off', instances, syncGroups: [] };
}

function virtualAddress(
  address: string,
  prefixLength: number,
  interfaceName: string,
): VirtualAddress {
  return { address: ip(address), prefixLength, interface: interfaceName };
}
