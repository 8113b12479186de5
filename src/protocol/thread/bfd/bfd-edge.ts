/**
 * BFD's edge in the protocol thread: a socket for each family and port that receives for all sessions, and
 * one for each session that sends. They are in an epoll set of their own, so that the loop waits for one
 * descriptor however many are open.
 */
import { randomBytes } from 'node:crypto';
import { HopReceiver } from '../../../kernel/datagram/hop-receiver.ts';
import { HopSender } from '../../../kernel/datagram/hop-sender.ts';
import { Epoll } from '../../../kernel/ffi/epoll.ts';
import { KernelError } from '../../../kernel/ffi/kernel-error.ts';
import { type Family, familyOf } from '../../../net/address.ts';
import { BFD_PORT, BFD_SOURCE_PORTS, type BfdHops } from '../../../net/bfd.ts';
import type { BfdOrigin, BfdSocketRequest } from '../../engine/bfd-messages.ts';

/** The bytes are valid only during the call. */
export type BfdSink = (origin: BfdOrigin, bytes: Uint8Array, length: number) => void;

/** What the loop asks of the edge. */
export interface BfdPort {
  /** Throws `KernelError`. */
  open(request: BfdSocketRequest): { readonly random: number; readonly port: number };
  close(session: string): void;
  /** Returns the name of the errno; undefined: sent. */
  send(session: string, packet: Uint8Array): string | undefined;
  /** Hands over at most `limit` waiting packets of each socket; true when none is left. */
  drain(limit: number, sink: BfdSink): boolean;
  /** Sets whether waiting packets wake the loop. */
  wakeOnPackets(wake: boolean): void;
  /** Discards the waiting packets, up to a bound. */
  discard(): void;
}

interface OpenSession {
  readonly request: BfdSocketRequest;
  readonly sender: HopSender;
}

interface OpenReceiver {
  readonly hops: BfdHops;
  readonly family: Family;
  readonly socket: HopReceiver<{ readonly hops: BfdHops }>;
}

const DISCARD_MAX = 4_096;

/** Ports that are tried: of sixteen thousand, few are in use. */
const PORTS_TRIED = 32;

export class BfdEdge implements BfdPort {
  /** For the reactor: readable when a packet is waiting. */
  readonly fd: number;
  readonly #epoll = new Epoll();
  readonly #sessions = new Map<string, OpenSession>();
  #receivers: readonly OpenReceiver[] = [];
  #wakes = true;
  /** Between `suspend` and `resume`. */
  #suspended: readonly BfdSocketRequest[] = [];

  constructor() {
    this.fd = this.#epoll.fd;
  }

  open(request: BfdSocketRequest): { readonly random: number; readonly port: number } {
    const { session, neighbour, source, index, hops, port: wanted } = request;
    this.close(session);
    this.#listen(familyOf(neighbour), hops);
    try {
      const target = { neighbour, source, index, port: BFD_PORT[hops] };
      const sender = new HopSender(target, portsFrom(wanted));
      const { port } = sender;
      this.#sessions.set(session, { request: { ...request, port }, sender });
      return { random: randomNumber(), port };
    } finally {
      this.#update();
    }
  }

  close(session: string): void {
    this.#sessions.get(session)?.sender.close();
    if (this.#sessions.delete(session)) this.#update();
  }

  send(session: string, packet: Uint8Array): string | undefined {
    const open = this.#sessions.get(session);
    return open === undefined ? 'ENODEV' : open.sender.send(packet);
  }

  drain(limit: number, sink: BfdSink): boolean {
    let isEmpty = true;
    for (const { socket } of this.#receivers) {
      const received = socket.receive(limit, sink);
      isEmpty &&= received < limit;
    }
    return isEmpty;
  }

  wakeOnPackets(wake: boolean): void {
    if (wake === this.#wakes) return;
    this.#wakes = wake;
    for (const { socket } of this.#receivers) {
      if (wake) this.#epoll.add(socket.fd);
      else this.#epoll.remove(socket.fd);
    }
  }

  discard(): void {
    for (const { socket } of this.#receivers) {
      for (let total = 0; total < DISCARD_MAX; ) {
        const received = socket.receive(DISCARD_MAX, () => undefined);
        if (received === 0) break;
        total += received;
      }
    }
  }

  /** The next process opens its sockets on the same ports. */
  suspend(): void {
    const requests = [...this.#sessions.values()].map(({ request }) => request);
    this.#closeAll();
    this.#suspended = requests;
  }

  /** Opens the sockets again that `suspend` has closed; another process may have one by now. */
  resume(): void {
    for (const request of this.#suspended) {
      try {
        this.open(request);
      } catch (error) {
        // The session goes down, and its packets are reported as unsent.
        if (!(error instanceof KernelError)) throw error;
      }
    }
    this.#suspended = [];
  }

  /** For the end of the thread. */
  dispose(): void {
    this.#closeAll();
    this.#epoll.close();
  }

  #closeAll(): void {
    for (const { sender } of this.#sessions.values()) sender.close();
    this.#sessions.clear();
    this.#update();
  }

  #listen(family: Family, hops: BfdHops): void {
    if (this.#receivers.some((one) => one.family === family && one.hops === hops)) return;
    const socket = new HopReceiver(family, BFD_PORT[hops], { hops });
    if (this.#wakes) this.#epoll.add(socket.fd);
    this.#receivers = [...this.#receivers, { family, hops, socket }];
  }

  /** Receives from the neighbours of the open sessions, and closes what nothing uses. */
  #update(): void {
    const requests = [...this.#sessions.values()].map(({ request }) => request);
    this.#receivers = this.#receivers.filter(({ family, hops, socket }) => {
      const own = requests.filter((one) => one.hops === hops && familyOf(one.neighbour) === family);
      if (own.length > 0) {
        const neighbours = new Set(own.map(({ neighbour }) => neighbour));
        socket.setSources([...neighbours], Math.min(...own.map((one) => one.minimumTtl)));
        return true;
      }
      this.#epoll.remove(socket.fd);
      socket.close();
      return false;
    });
  }
}

function randomNumber(): number {
  return randomBytes(4).readUInt32BE();
}

/** The wanted one, and then any. */
function* portsFrom(wanted: number | undefined): Iterable<number> {
  if (wanted !== undefined) yield wanted;
  const { first, last } = BFD_SOURCE_PORTS;
  for (let tried = 0; tried < PORTS_TRIED; tried++) {
    yield first + (randomNumber() % (last - first + 1));
  }
}
