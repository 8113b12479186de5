/**
 * Receives and sends advertisements; sends gratuitous ARP and Neighbor Advertisements. The receive
 * sockets are members of one epoll set, so the cost of a wake-up does not grow with the links.
 */
import type { Family } from '../../net/address.ts';
import { isSame } from '../../net/equality.ts';
import type { OutgoingDatagram, OutgoingFrame, SendFailure } from '../../net/link.ts';
import { PROTOCOL_AH, PROTOCOL_VRRP } from '../../net/vrrp.ts';
import { EPOLL_BATCH, Epoll } from '../ffi/epoll.ts';
import { openedTogether } from '../ffi/opened-together.ts';
import type { PacketPort, PacketSink, Receiver } from '../ports.ts';
import { RECEIVE_BATCH, ReceiveBuffer } from './receive-buffer.ts';
import { ReceiveSocket } from './receive-socket.ts';
import { Sender } from './sender.ts';

/** Over IPv6 there is no version 2, which alone may have an Authentication Header. */
const PROTOCOLS = { ipv4: [PROTOCOL_VRRP, PROTOCOL_AH], ipv6: [PROTOCOL_VRRP] } as const;

/** Bounds `discard`: more than several receive buffers hold. */
const DISCARD_MAX = 16_384;

export class Packets implements PacketPort {
  /** For the reactor: readable when any packet is waiting. */
  readonly fd: number;
  readonly #epoll = new Epoll();
  readonly #sockets = new Map<number, ReceiveSocket>();
  readonly #buffer = new ReceiveBuffer();
  readonly #sender = new Sender();
  #turn = 0;

  /** Each socket opens when it is first needed, in the network namespace of the thread at that time. */
  constructor() {
    this.fd = this.#epoll.fd;
  }

  listen(receiver: Receiver): void {
    const { index, family, vrids, groups } = receiver;
    const known = this.#find(index, family);
    if (known.length > 0 && known.every((one) => isSame(one.groups, groups))) {
      for (const socket of known) socket.setVrids(vrids);
      return;
    }
    for (const socket of known) this.#close(socket);
    const opened = openedTogether((own) =>
      PROTOCOLS[family].map((protocol) => {
        const socket = own(new ReceiveSocket(receiver, protocol));
        this.#epoll.add(socket.fd);
        return socket;
      }),
    );
    for (const socket of opened) this.#sockets.set(socket.fd, socket);
    this.#sender.openLink(index, family);
  }

  unlisten(index: number, family: Family): void {
    for (const socket of this.#find(index, family)) this.#close(socket);
    this.#sender.closeLink(index, family);
  }

  sendDatagrams(datagrams: readonly OutgoingDatagram[]): number {
    return this.#sender.sendDatagrams(datagrams);
  }

  sendFrames(frames: readonly OutgoingFrame[]): number {
    return this.#sender.sendFrames(frames);
  }

  sendFailures(): readonly SendFailure[] {
    return this.#sender.failures;
  }

  /** Each socket with packets gets an equal share of the limit, and each call begins with another one. */
  drain(limit: number, sink: PacketSink): boolean {
    for (let remaining = limit; remaining > 0; ) {
      const readable = this.#epoll.poll();
      if (readable === 0) return true;
      const share = Math.min(RECEIVE_BATCH, Math.ceil(remaining / readable));
      const first = this.#turn++;
      let emptied = readable < EPOLL_BATCH;
      for (let i = 0; i < readable; i++) {
        const socket = this.#sockets.get(this.#epoll.readableAt((first + i) % readable));
        const count = Math.min(share, remaining);
        if (socket === undefined || count === 0) return false;
        const received = this.#buffer.receive(socket, count, sink);
        remaining -= received;
        if (received === count) emptied = false;
      }
      if (emptied) return true;
    }
    return false;
  }

  discard(): void {
    this.drain(DISCARD_MAX, () => undefined);
  }

  close(): void {
    for (const socket of [...this.#sockets.values()]) this.#close(socket);
    this.#sender.close();
    this.#epoll.close();
  }

  #find(index: number, family: Family): readonly ReceiveSocket[] {
    return [...this.#sockets.values()].filter(
      (socket) => socket.index === index && socket.family === family,
    );
  }

  #close(socket: ReceiveSocket): void {
    this.#epoll.remove(socket.fd);
    this.#sockets.delete(socket.fd);
    socket.close();
  }
}
