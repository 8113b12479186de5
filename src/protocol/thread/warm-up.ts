/**
 * Plays a takeover on an invented segment before the protocol begins: the production loop, engine,
 * sender and netlink code run with a C library that does nothing (`idle-libc.ts`).
 *
 * V8 compiles a function at its first call, and a BACKUP has never added an address or sent a packet.
 * Without this, the first takeover waits for the compiler: 1 ms of 2 (bench/README.md, "Crash, over
 * the formula"). It costs some 40 ms of processor time while the main thread reads the configuration.
 * Neither more rounds nor more routers make a takeover faster. Compiling everything when it is loaded
 * (`--no-lazy`) gains less: the first calls of compiled code are slow too, until V8 has seen the types
 * of their arguments.
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

/** Two of each family. */
const ROUTERS = 4;
const INDEX = 1;
/** Like any real time, beyond the small integers of V8: it would discard code compiled for those. */
const START = 10_000_000_000 as Instant;
const NO_DELAY = seconds(0);

/** The real code between the engine and the C library. */
interface Edges {
  readonly routes: Routes;
  readonly sender: Sender;
}

export function warmUp(library: Libc = idleLibc()): void {
  withLibc(library, () => {
    const edges = { routes: new Routes(), sender: new Sender() };
    for (const virtualMac of [true, false]) play(virtualMac, edges);
  });
}

/** `low` takes over, yields to `high`, and takes over again when `high` is silent. */
function play(virtualMac: boolean, edges: Edges): void {
  const low = new WarmUpHost({ host: 1, priority: 100, virtualMac, edges });
  const high = new WarmUpHost({ host: 2, priority: 200, virtualMac, edges });
  low.loop.start();
  low.advance(seconds(600));
  low.advance(seconds(1));
  high.loop.start();
  high.advance(seconds(600));
  low.receive(high.sent);
  high.receive(low.sent);
  for (let i = 0; i < 4; i++) {
    high.advance(seconds(256));
    low.receive(high.sent);
  }
  low.advance(seconds(1_024));
  low.loop.shutdown();
  low.advance(seconds(300));
  high.loop.shutdown();
}

interface WarmUpHostOptions {
  /** Last byte of its addresses. */
  readonly host: number;
  readonly priority: number;
  readonly virtualMac: boolean;
  readonly edges: Edges;
}

class WarmUpHost {
  readonly loop: Loop;
  /** The datagrams of the last turn that sent any. */
  sent: OutgoingDatagram[] = [];
  readonly #options: WarmUpHostOptions;
  #now = START;
  #deadline = 0 as Instant;
  #inbox: OutgoingDatagram[] = [];
  /** Inputs that the main thread would answer with. */
  readonly #answers: Input[] = [];

  constructor(options: WarmUpHostOptions) {
    this.#options = options;
    const engine = new Engine(
      // V8 distinguishes objects of a message from those of a literal: real settings arrive in a message.
      structuredClone(settings(options.priority, options.virtualMac)),
      new CounterTable(new Float64Array(countersLength(ROUTERS))),
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
          if (kind === 'virtual-link.set-down')
            this.#answers.push({ kind: 'virtual-link.down', name });
        },
        finished: () => {},
      },
    );
  }

  /** Eight turns at most: enough for a takeover with its announcements. */
  advance(by: Duration): void {
    const end = this.#now + by;
    for (let turn = 0; turn < 8 && this.#deadline <= end; turn++) {
      this.#now = Math.max(this.#now, this.#deadline) as Instant;
      this.loop.turn();
      if (this.#answers.length > 0) this.loop.feed(this.#answers.splice(0));
    }
  }

  receive(packets: readonly OutgoingDatagram[]): void {
    this.#inbox = [...packets];
    this.#now = (this.#now + milliseconds(1)) as Instant;
    this.loop.turn();
  }

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
        return this.#options.edges.sender.sendDatagrams(datagrams);
      },
      sendFrames: (frames: readonly OutgoingFrame[]) =>
        this.#options.edges.sender.sendFrames(frames),
      sendFailures: () => [],
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
        addressState(`192.0.2.${this.#options.host}`, 24),
        addressState(`fe80::${this.#options.host}`, 64),
      ],
    };
    const virtualLinks = Array.from({ length: ROUTERS }, (_, position) => ({
      ...link,
      index: INDEX + 1 + position,
      name: linkName(position),
      addresses: [],
      up: false,
      running: false,
    }));
    const links = this.#options.virtualMac ? [link, ...virtualLinks] : [link];
    return {
      changeKernel: (changes: readonly KernelChange[]) =>
        this.#options.edges.routes.changeKernel(changes),
      clearRouting: () => [],
      gateway: () => null,
      prefixRoute: () => null,
      claim: () => false,
      setLinksUp: (indexes: readonly number[]) => this.#options.edges.routes.setLinksUp(indexes),
      snapshot: () => ({ links, complete: true }),
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

function settings(priority: number, virtualMac: boolean): Settings {
  const instances = Array.from({ length: ROUTERS }, (_, position): InstanceSettings => {
    const family: Family = position % 2 === 0 ? 'ipv4' : 'ipv6';
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
