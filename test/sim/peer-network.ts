/**
 * The second network of a world, and the edge of one process on it: real datagrams, signed and checked by
 * the production code.
 */
import { type IpAddress, ip } from '../../src/net/address.ts';
import { CounterTable, countersLength } from '../../src/protocol/engine/counters.ts';
import type {
  DirectorOutput,
  OutgoingPeerDatagram,
} from '../../src/protocol/engine/director-messages.ts';
import { type DirectorSink, Gate } from '../../src/protocol/thread/peer-link/gate.ts';
import type { PeerLinkPort } from '../../src/protocol/thread/peer-link/peer-link.ts';
import { Signature } from '../../src/protocol/thread/peer-link/signature.ts';
import { encodeDatagram } from '../../src/wire/peer-link/datagram.ts';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';
import { Segment } from './segment.ts';

const KEY = { id: 1, bytes: new Uint8Array(32).fill(7) };
const WRONG_KEY = { id: 1, bytes: new Uint8Array(32).fill(8) };

/** Size of the receive queue in datagrams. */
const LIMIT = 400;

/** Recorded datagrams that an attacker keeps. */
const RECORDED_MAX = 200;

export function peerAddress(number: number): IpAddress {
  return ip(`198.51.100.${11 + number}`);
}

export class PeerNetwork extends Segment {
  /** What an attacker has recorded, with the address of its sender. */
  readonly recorded: { readonly from: number; readonly bytes: Uint8Array }[] = [];

  record(from: number, bytes: Uint8Array): void {
    this.recorded.push({ from, bytes });
    if (this.recorded.length > RECORDED_MAX) this.recorded.shift();
  }
}

interface Arrived {
  readonly bytes: Uint8Array;
  readonly source: IpAddress;
}

type OpenRequest = Omit<Extract<DirectorOutput, { kind: 'peer-link.open' }>, 'kind'>;

export class SimPeerLink implements PeerLinkPort {
  readonly #number: number;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #network: PeerNetwork;
  readonly #readable: () => void;
  readonly #signature = new Signature({ keys: [KEY], activeKey: KEY.id });
  #gate = newGate();
  #boot = '';
  #isOpen = false;
  #queue: Arrived[] = [];

  constructor(
    number: number,
    clock: Clock,
    random: Random,
    network: PeerNetwork,
    readable: () => void,
  ) {
    this.#number = number;
    this.#clock = clock;
    this.#random = random;
    this.#network = network;
    this.#readable = readable;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Another process: another boot id, and no memory of what was heard. */
  restart(): void {
    this.#boot = Array.from({ length: 16 }, () => this.#random.integer(0, 15).toString(16)).join(
      '',
    );
    this.#gate = newGate();
    this.close();
  }

  open({ directors }: OpenRequest): { readonly boot: string; readonly version: string } {
    this.#gate.setDirectors(directors);
    this.#isOpen = true;
    return { boot: this.#boot, version: 'simulated' };
  }

  close(): void {
    this.#isOpen = false;
    this.#queue = [];
  }

  send(datagrams: readonly OutgoingPeerDatagram[]): void {
    for (const { to, datagram } of datagrams) {
      const bytes = encodeDatagram({ ...datagram, wall: this.#clock.now }, KEY.id);
      this.#signature.sign(bytes);
      this.#network.record(this.#number, bytes);
      this.#network.transmitTo(this.#number, numberOf(to), bytes);
    }
  }

  /** From another director, or from an attacker that uses its address. */
  arrive(bytes: Uint8Array, source: IpAddress): void {
    if (!this.#isOpen || this.#queue.length >= LIMIT) return;
    this.#queue.push({ bytes, source });
    this.#readable();
  }

  drain(limit: number, sink: DirectorSink): boolean {
    const times = { now: this.#clock.now / 1_000, wall: this.#clock.now };
    for (const { bytes, source } of this.#queue.splice(0, limit)) {
      this.#gate.take(bytes, source, this.#signature, times, sink);
    }
    return this.#queue.length === 0;
  }

  discard(): void {
    this.#queue = [];
  }
}

/** What an attacker without the key makes of a recorded datagram. */
export function forged(random: Random, recorded: Uint8Array): Uint8Array {
  const bytes = recorded.slice();
  switch (random.integer(0, 3)) {
    case 0:
      return bytes;
    case 1:
      return bytes.subarray(0, random.integer(0, bytes.length));
    case 2:
      new Signature({ keys: [WRONG_KEY], activeKey: WRONG_KEY.id }).sign(bytes);
      return bytes;
    default: {
      const position = random.integer(0, bytes.length - 1);
      bytes[position] = (bytes[position] ?? 0) ^ (1 << random.integer(0, 7));
      return bytes;
    }
  }
}

function numberOf(address: IpAddress): number {
  return Number(address.split('.').at(-1)) - 11;
}

function newGate(): Gate {
  return new Gate(new CounterTable(new Float64Array(countersLength(1))));
}
