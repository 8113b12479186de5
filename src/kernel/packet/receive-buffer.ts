/** Receives packets in batches, into slots that all sockets share. */

import type { Family } from '../../net/address.ts';
import { at } from '../../net/assert.ts';
import { EAGAIN } from '../../net/errno.ts';
import { MSG_DONTWAIT } from '../ffi/constants.ts';
import { type Libc, libc } from '../ffi/libc.ts';
import { MessageVector } from '../ffi/message-vector.ts';
import type { PacketSink } from '../ports.ts';
import { Arrivals, TIMESTAMP_BYTES } from './arrival.ts';
import { IPV6_HEADER_BYTES, writeIpv6Header } from './ipv6-header.ts';
import type { ReceiveSocket } from './receive-socket.ts';

export const RECEIVE_BATCH = 64;

/** The largest advertisement, 255 IPv6 addresses in 4,088 bytes, with its header and some reserve. */
const SLOT_BYTES = 4_352;
const SOCKADDR_IN6_BYTES = 28;
/** Three records of ancillary data take 88 bytes, the time stamp 32. */
const CONTROL_BYTES = 128;

export class ReceiveBuffer {
  readonly #libc: Libc = libc();
  readonly #arrivals = new Arrivals();
  readonly #vectors: { readonly [F in Family]: MessageVector } = {
    ipv4: new MessageVector({
      slots: RECEIVE_BATCH,
      slotBytes: SLOT_BYTES,
      controlBytes: TIMESTAMP_BYTES,
    }),
    ipv6: new MessageVector({
      slots: RECEIVE_BATCH,
      slotBytes: SLOT_BYTES,
      headroom: IPV6_HEADER_BYTES,
      nameBytes: SOCKADDR_IN6_BYTES,
      controlBytes: CONTROL_BYTES,
    }),
  };

  /** Hands over at most `count` packets of the socket; returns their number. */
  receive(socket: ReceiveSocket, count: number, sink: PacketSink): number {
    const vector = this.#vectors[socket.family];
    const received = this.#receive(socket.fd, vector, Math.min(count, RECEIVE_BATCH));
    if (received > 0) this.#arrivals.readClock();
    for (let slot = 0; slot < received; slot++) {
      const packet = at(vector.data, slot);
      const control = at(vector.controls, slot);
      let length = vector.received(slot);
      if (socket.family === 'ipv6') {
        const name = at(vector.names, slot);
        writeIpv6Header(packet, length, name, control, vector.controlLength(slot));
        length += IPV6_HEADER_BYTES;
      }
      sink(
        socket.index,
        packet,
        length,
        this.#arrivals.waited(control, vector.controlLength(slot)),
      );
    }
    return received;
  }

  /** A pending error of the socket, such as ENETDOWN, is cleared by the call that reports it: try again. */
  #receive(fd: number, vector: MessageVector, count: number): number {
    for (let attempt = 0; attempt < 2; attempt++) {
      vector.prepare(count);
      const received = this.#libc.recvmmsg(fd, vector.addressFrom(0), count, MSG_DONTWAIT, 0);
      if (received >= 0) return received;
      if (this.#libc.errno() === EAGAIN) return 0;
    }
    return 0;
  }
}
