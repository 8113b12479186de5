/** A network segment that carries real bytes between ports, with loss, delay and damage. */
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

export interface Port {
  /** The bytes are the receiver's own copy. */
  deliver(packet: Uint8Array, from: number): void;
}

/** Microseconds and probabilities. */
export interface Impairments {
  readonly delay: number;
  readonly jitter: number;
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
  readonly corruption: number;
}

export const CALM: Impairments = {
  delay: 50,
  jitter: 450,
  loss: 0,
  duplication: 0,
  reordering: 0,
  corruption: 0,
};

/** The longest delay on an unimpaired segment. */
export const CALM_DELAY = CALM.delay + CALM.jitter;

/** How far behind a reordered packet falls. */
const REORDERING_DELAY = 20_000;

/** An IP packet begins with its version; the destinations of frames here do not. */
export function isFrame(bytes: Uint8Array): boolean {
  const version = (bytes[0] ?? 0) >> 4;
  return version !== 4 && version !== 6;
}

export class Segment {
  impairments: Impairments = CALM;
  /** Damaged packets, which differ from those that a peer sent. */
  readonly damaged = new WeakSet<Uint8Array>();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ports: Port[] = [];
  readonly #cuts = new Set<string>();
  readonly #filtered = new Set<string>();
  readonly #echoes = new Set<number>();
  /** Arrival of the last packet between two ports: later packets do not overtake it. */
  readonly #arrivals = new Map<string, number>();
  /** Number of impairments so far. */
  #era = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  attach(port: Port): number {
    return this.#ports.push(port) - 1;
  }

  /** Drops packets from one port to the other, in this direction only. */
  cut(from: number, to: number): void {
    this.#cuts.add(`${from}>${to}`);
  }

  /** A firewall, or IGMP snooping, between the two ports: IP packets do not pass, frames of ARP do. */
  filter(from: number, to: number): void {
    this.#filtered.add(`${from}>${to}`);
  }

  /** A port that hears itself: a loop in the network. */
  echo(port: number): void {
    this.#echoes.add(port);
  }

  /** Drops packets that are still in flight from the impairment. */
  heal(): void {
    this.#era++;
    this.#cuts.clear();
    this.#filtered.clear();
    this.#echoes.clear();
    this.impairments = CALM;
    this.#arrivals.clear();
  }

  isOpen(from: number, to: number): boolean {
    return !this.#cuts.has(`${from}>${to}`);
  }

  /** Advertisements pass in this direction. */
  passesVrrp(from: number, to: number): boolean {
    return this.isOpen(from, to) && !this.#filtered.has(`${from}>${to}`);
  }

  get isCalm(): boolean {
    return this.impairments === CALM;
  }

  transmit(from: number, packet: Uint8Array): void {
    for (let to = 0; to < this.#ports.length; to++) this.transmitTo(from, to, packet);
  }

  transmitTo(from: number, to: number, packet: Uint8Array): void {
    const reaches = to === from ? this.#echoes.has(from) : this.isOpen(from, to);
    if (!reaches || this.#isFiltered(from, to, packet)) return;
    if (this.#random.chance(this.impairments.loss)) return;
    this.#carry(from, to, packet);
    if (this.#random.chance(this.impairments.duplication)) this.#carry(from, to, packet);
  }

  #isFiltered(from: number, to: number, packet: Uint8Array): boolean {
    return this.#filtered.size > 0 && !isFrame(packet) && !this.passesVrrp(from, to);
  }

  /** Delivers bytes to one port as if they had come over the wire. */
  inject(to: number, packet: Uint8Array): void {
    const copy = packet.slice();
    this.damaged.add(copy);
    this.#ports[to]?.deliver(copy, to);
  }

  #carry(from: number, to: number, packet: Uint8Array): void {
    const { delay, jitter, reordering, corruption } = this.impairments;
    const copy = packet.slice();
    if (this.#random.chance(corruption)) this.#damage(copy);
    let arrival = this.#clock.now + delay + this.#random.integer(0, jitter);
    if (this.#random.chance(reordering)) {
      arrival += REORDERING_DELAY;
    } else {
      const pair = `${from}>${to}`;
      arrival = Math.max(arrival, this.#arrivals.get(pair) ?? 0);
      this.#arrivals.set(pair, arrival);
    }
    const era = this.#era;
    this.#clock.after(arrival - this.#clock.now, () => {
      const arrives = era === this.#era && (to === from || this.isOpen(from, to));
      if (arrives) this.#ports[to]?.deliver(copy, from);
    });
  }

  /** Flips one bit of the message: the kernel drops damaged IP headers. */
  #damage(packet: Uint8Array): void {
    const start = (packet[0] ?? 0) >> 4 === 4 ? 20 : 40;
    const position = this.#random.integer(start, packet.length - 1);
    packet[position] = (packet[position] ?? 0) ^ (1 << this.#random.integer(0, 7));
    this.damaged.add(packet);
  }
}
