/**
 * Runs the whole protocol on a segment that does not exist: some dozens of times before the first
 * real packet, so that all of it is compiled, and once more shortly before a take-over, so that it
 * is in the processor's caches.
 */
import { CounterTable, countersLength } from '../engine/counters.ts';
import { Engine } from '../engine/engine.ts';
import type { Input } from '../engine/inputs.ts';
import type { InstanceSettings, Settings, VirtualAddress } from '../engine/settings.ts';
import type { PacketSink } from '../kernel/ports.ts';
import { type Family, ip, mac } from '../net/address.ts';
import type { AddressState, LinkState, OutgoingDatagram } from '../net/link.ts';
import { type Duration, type Instant, milliseconds, seconds } from '../net/time.ts';
import { Loop } from './loop.ts';

const ROUNDS = 40;
const LIMIT_MS = 100;
const ROUTERS = 16;
/** What a rehearsal of one or two milliseconds has time for; IPv6 and virtual MACs take more of it. */
const REHEARSED = { least: 2, most: 16, mostOfTheDear: 5 } as const;
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
 * A tenth of a second, for a thread that waits to be told what to do. A slow machine goes on with what
 * it has got within the limit: to start late is worse than to run cold. Answers the rounds it took.
 */
export function warmUp(now: () => number = () => performance.now()): number {
  const end = now() + LIMIT_MS;
  let round = 0;
  do {
    play(round % 4 === 0 ? RARER : USUAL);
    round++;
  } while (round < ROUNDS && now() < end);
  return round;
}

/** As many routers as there are, within what a few milliseconds allow. */
export function rehearse(instances: readonly InstanceSettings[]): void {
  const { least, most, mostOfTheDear } = REHEARSED;
  const kind = kindOf(instances);
  const isDear = kind.virtualMac || kind.families.includes('ipv6');
  const limit = isDear ? mostOfTheDear : most;
  play({ ...kind, routers: Math.min(Math.max(instances.length, least), limit) });
}

/** A take-over alone, and how it is lost again, by one router of each family; to be done often. */
export function rehearsedTakeOver(instances: readonly InstanceSettings[]): () => void {
  const kind = kindOf(instances);
  const cast = { ...kind, routers: kind.families.length };
  const near = new Rehearsal(1, 100, cast);
  const far = new Rehearsal(2, 200, cast);
  near.start();
  far.start();
  far.advance(seconds(600));
  const { sent } = far;
  return () => {
    near.advance(seconds(600));
    near.hear(sent);
  };
}

function kindOf(instances: readonly InstanceSettings[]): Omit<Cast, 'routers'> {
  const families = [...new Set(instances.map(({ family }) => family))];
  return { families, virtualMac: instances.some((one) => one.virtualMac !== undefined) };
}

/** Start, take over, hear a loser, yield, take over again, stop. */
function play(cast: Cast): void {
  const near = new Rehearsal(1, 100, cast);
  const far = new Rehearsal(2, 200, cast);
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
class Rehearsal {
  readonly loop: Loop;
  sent: OutgoingDatagram[] = [];
  /** Last byte of its addresses. */
  readonly #station: number;
  #now = LATE;
  #inbox: OutgoingDatagram[] = [];
  readonly #rested: Input[] = [];
  readonly #cast: Cast;

  constructor(station: number, priority: number, cast: Cast) {
    this.#station = station;
    this.#cast = cast;
    const engine = new Engine(
      // Shaped like those that arrive in a message, and not like a literal of this file.
      structuredClone(rehearsalSettings(priority, cast)),
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
      name: 'rehearsal',
      mac: mac('02:00:00:00:00:01'),
      mtu: 1500,
      running: true,
      addresses: [
        addressState(`192.0.2.${this.#station}`, 24),
        addressState(`fe80::${this.#station}`, 64),
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
  return `rehearsal-${position}`;
}

function rehearsalSettings(priority: number, cast: Cast): Settings {
  const { routers, families, virtualMac } = cast;
  const instances = Array.from({ length: routers }, (_, position): InstanceSettings => {
    const family = families[position % families.length] ?? 'ipv4';
    const number = position + 1;
    const place = virtualMac ? linkName(position) : 'rehearsal';
    return {
      name: `rehearsal-${position}`,
      interface: 'rehearsal',
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
  return { router: 'rehearsal', linger: 'off', instances, syncGroups: [] };
}

function virtualAddress(
  address: string,
  prefixLength: number,
  interfaceName: string,
): VirtualAddress {
  return { address: ip(address), prefixLength, interface: interfaceName };
}
