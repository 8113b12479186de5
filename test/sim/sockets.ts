/** The raw sockets of one process: memberships, received packets, and sending. */
import type { PacketPort, PacketSink, Receiver } from '../../src/kernel/ports.ts';
import { type Family, isMulticast } from '../../src/net/address.ts';
import type { OutgoingDatagram, OutgoingFrame, SendFailure } from '../../src/net/link.ts';
import type { Duration } from '../../src/net/time.ts';
import { decodeIpv4Header, decodeIpv6Header } from '../../src/wire/ip.ts';
import type { SimKernel, SimLink } from './kernel.ts';

/** Size of the receive queue in packets. */
const LIMIT = 200;
const NO_WAIT = 0 as Duration;

export interface SocketHooks {
  /** Called when data becomes readable. */
  readable(): void;
  transmit(packet: Uint8Array, frame: Uint8Array | undefined): void;
  announce(frame: Uint8Array): void;
}

export class SimSockets implements PacketPort {
  readonly #kernel: SimKernel;
  readonly #hooks: SocketHooks;
  /** Nothing arrives: the machine is frozen. */
  isDeaf = false;
  /** A firewall of this host drops what it sends. */
  isMute = false;
  #failures: SendFailure[] = [];
  readonly #filters = new Map<string, ReadonlySet<number>>();
  #queue: { readonly index: number; readonly packet: Uint8Array }[] = [];

  constructor(kernel: SimKernel, hooks: SocketHooks) {
    this.#kernel = kernel;
    this.#hooks = hooks;
  }

  /** A packet arrives on every interface of the host: all are on one segment. */
  arrive(packet: Uint8Array): void {
    if (this.isDeaf) return;
    for (const link of this.#kernel.links()) {
      const { running, portOf } = link.attributes;
      if (!running || portOf !== undefined || !this.#isWanted(link, packet)) continue;
      if (this.#queue.length < LIMIT) {
        this.#queue.push({ index: link.attributes.index, packet });
      }
      this.#hooks.readable();
    }
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** On the interface that currently has this name. */
  isListening(name: string, family: Family): boolean {
    for (const { attributes } of this.#kernel.links()) {
      const { running, portOf } = attributes;
      if (attributes.name !== name || !running || portOf !== undefined) continue;
      return this.#filters.has(`${attributes.index} ${family}`);
    }
    return false;
  }

  listen({ index, family, vrids }: Receiver): void {
    this.#filters.set(`${index} ${family}`, new Set(vrids));
  }

  unlisten(index: number, family: Family): void {
    this.#filters.delete(`${index} ${family}`);
    this.#queue = this.#queue.filter((one) => one.index !== index);
  }

  sendDatagrams(datagrams: readonly OutgoingDatagram[]): number {
    this.#failures = [];
    for (const datagram of datagrams) {
      const { index, packet, frame } = datagram;
      const isDown = this.#kernel.byIndex(index)?.attributes.running !== true;
      if (!isDown && !this.isMute) {
        this.#hooks.transmit(packet, frame);
        continue;
      }
      const errno = isDown ? 'ENETDOWN' : 'EPERM';
      this.#failures.push({ errno, count: 1, datagrams: [datagram] });
    }
    return this.#failures.length;
  }

  sendFailures(): readonly SendFailure[] {
    return this.#failures;
  }

  sendFrames(frames: readonly OutgoingFrame[]): number {
    for (const { frame } of frames) this.#hooks.announce(frame);
    return 0;
  }

  drain(limit: number, sink: PacketSink): boolean {
    for (const { index, packet } of this.#queue.splice(0, limit)) {
      sink(index, packet, packet.length, NO_WAIT);
    }
    return this.#queue.length === 0;
  }

  discard(): void {
    this.#queue = [];
  }

  close(): void {
    this.isDeaf = false;
    this.#filters.clear();
    this.#queue = [];
  }

  /** Applies the socket's filter, then the kernel's check of the destination. */
  #isWanted({ attributes, addresses }: SimLink, packet: Uint8Array): boolean {
    const family = (packet[0] ?? 0) >> 4 === 4 ? 'ipv4' : 'ipv6';
    const decode = family === 'ipv4' ? decodeIpv4Header : decodeIpv6Header;
    const header = decode(packet, 0, packet.length);
    if (!header.ok) return false;
    const vrid = packet[header.value.headerLength + 1] ?? 0;
    if (this.#filters.get(`${attributes.index} ${family}`)?.has(vrid) !== true) return false;
    const { destination } = header.value;
    if (isMulticast(destination)) return true;
    return [...addresses.values()].some(({ address }) => address === destination);
  }
}
