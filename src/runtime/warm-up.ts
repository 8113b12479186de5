/**
 * Runs the protocol on a made-up segment, in memory only, before the loop begins: V8 has then compiled
 * the code that a takeover needs.
 */
import { CounterTable, countersLength } from '../engine/counters.ts';
import { Engine } from '../engine/engine.ts';
import type { Input } from '../engine/inputs.ts';
import type { InstanceSettings, Settings, VirtualAddress } from '../engine/settings.ts';
import type { PacketSink } from '../kernel/ports.ts';
import { type Family, ip, mac } from '../net/address.ts';
import type { AddressState, LinkState, OutgoingDatagram } from '../net/link.ts';
import { type Duration, type Instant, milliseconds, seconds } from '../net/time.ts';
import { encodeNewAddress } from '../wire/netlink/route/address.ts';
import { Loop } from './loop.ts';

const ROUNDS = 40;
const LIMIT_MS = 100;
const ROUTERS = 16;
/** Address requests to encode: enough calls for V8 to optimise the encoder. */
const ENCODINGS = 2_000;
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

/**
 * Returns the number of rounds played. The time is bounded: on a slow machine a late start would cost
 * more than a slower first takeover.
 */
export function warmUp(now: () => number = () => performance.now()): number {
  const end = now() + LIMIT_MS;
  const address = { operation: 'add', index: INDEX, address: ip('198.51.100.1') } as const;
  for (let index = 0; index < ENCODINGS; index++) {
    encodeNewAddress({ ...address, index, prefixLength: 32 });
  }
  let round = 0;
  do {
    play(round % 4 === 0 ? RARER : USUAL);
    round++;
  } while (round < ROUNDS && now() < end);
  return round;
}

/** Start, take over, hear a loser, yield, take over again, stop. */
function play(cast: Cast): void {
  const near = new Station(1, 100, cast);
  const far = new Station(2, 200, cast);
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

/** A loop on ports that only remember. */
class Station {
  readonly loop: Loop;
  sent: OutgoingDatagram[] = [];
  /** Last byte of its addresses. */
  readonly #host: number;
  #now = LATE;
  #inbox: OutgoingDatagram[] = [];
  readonly #rested: Input[] = [];
  readonly #cast: Cast;

  constructor(host: number, priority: number, cast: Cast) {
    this.#host = host;
    this.#cast = cast;
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
        return 0;
      },
      sendFrames: () => 0,
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
      changeAddresses: (changes: readonly unknown[]) => changes.map(() => 0),
      clearRouting: () => [],
      raiseLinks: (indexes: readonly number[]) => indexes.map(() => 0),
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
