/** Sends packets and frames in batches. Counts failures and never waits for a link. */

import type { Family } from '../../net/address.ts';
import { at } from '../../net/assert.ts';
import type { OutgoingDatagram, OutgoingFrame, SendFailure } from '../../net/link.ts';
import { AF_INET, AF_INET6, AF_PACKET, MSG_DONTROUTE, MSG_DONTWAIT } from '../ffi/constants.ts';
import { errnoName } from '../ffi/errno.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { type Libc, libc } from '../ffi/libc.ts';
import { MessageVector } from '../ffi/message-vector.ts';
import { LinkSockets, type SendSockets } from './send-sockets.ts';

const SEND_BATCH = 64;
/** Any advertisement fits, as into a slot of the receive buffer. */
const SLOT_BYTES = 4_352;
const SOCKADDR_BYTES = { ipv4: 16, ipv6: 28, frame: 20 } as const;

/** Errors of the link or its queue: the rest of the batch would fail too. */
const HOPELESS = new Set(['EAGAIN', 'ENETDOWN', 'ENODEV', 'ENXIO', 'EBADF']);

/** What the datagrams of one batch have in common. */
interface Route {
  readonly index: number;
  readonly family: Family;
  readonly multicast: boolean;
}

/** Messages that failed: why, the place of the first one, and their number. */
type Lost = (errno: string, start: number, count: number) => void;

const NO_DATAGRAMS: readonly OutgoingDatagram[] = [];

export class Sender {
  readonly #libc: Libc = libc();
  readonly #vectors = {
    ipv4: senderVector(SOCKADDR_BYTES.ipv4, AF_INET),
    ipv6: senderVector(SOCKADDR_BYTES.ipv6, AF_INET6),
    frame: senderVector(SOCKADDR_BYTES.frame, AF_PACKET),
  };
  readonly #sockets: SendSockets;
  /** Of the last call, by errno name. */
  readonly #failures = new Map<string, { count: number; readonly datagrams: OutgoingDatagram[] }>();

  constructor(sockets: SendSockets = new LinkSockets()) {
    this.#sockets = sockets;
  }

  /** What failed in the last call of `sendDatagrams` or `sendFrames`. */
  get failures(): readonly SendFailure[] {
    return [...this.#failures].map(([errno, failure]) => ({ errno, ...failure }));
  }

  sendDatagrams(datagrams: readonly OutgoingDatagram[]): number {
    this.#failures.clear();
    const framed = framesAmong(datagrams);
    const ordered = byLink(framed.length === 0 ? datagrams : datagrams.filter(isUnframed));
    let failed = framed.length === 0 ? 0 : this.#sendFrames(framed, this.#lost(framed));
    for (let start = 0; start < ordered.length; ) {
      const route = routeOf(at(ordered, start));
      const end = endOfBatch(ordered, start, route);
      failed += this.#sendBatch(ordered, start, end, route);
      start = end;
    }
    return failed;
  }

  sendFrames(frames: readonly OutgoingFrame[]): number {
    this.#failures.clear();
    return this.#sendFrames(frames, (errno, _, count) => this.#failed(errno, count));
  }

  #sendFrames(frames: readonly OutgoingFrame[], lost: Lost): number {
    let failed = 0;
    const vector = this.#vectors.frame;
    for (let start = 0; start < frames.length; start += SEND_BATCH) {
      const count = Math.min(SEND_BATCH, frames.length - start);
      const fd = this.#socket(
        () => this.#sockets.frames(),
        (errno) => lost(errno, start, count),
      );
      if (fd === undefined) {
        failed += count;
        continue;
      }
      for (let slot = 0; slot < count; slot++) loadFrame(vector, slot, at(frames, start + slot));
      const options = { flags: 0, oneLink: false };
      failed += this.#transmit(fd, vector, count, options, (errno, next, some) =>
        lost(errno, start + next, some),
      );
    }
    return failed;
  }

  /** Opens the sockets in advance: a takeover then only sends. A failure here recurs, and counts, there. */
  openLink(index: number, family: Family): void {
    const ignored = () => undefined;
    this.#socket(() => this.#sockets.datagrams(index, family), ignored);
    this.#socket(() => this.#sockets.frames(), ignored);
  }

  closeLink(index: number, family: Family): void {
    this.#sockets.closeLink(index, family);
  }

  close(): void {
    this.#sockets.close();
  }

  #sendBatch(
    datagrams: readonly OutgoingDatagram[],
    start: number,
    end: number,
    route: Route,
  ): number {
    const count = end - start;
    const lost = this.#lost(datagrams);
    const fd = this.#socket(
      () => this.#sockets.datagrams(route.index, route.family),
      (errno) => lost(errno, start, count),
    );
    if (fd === undefined) return count;
    const vector = this.#vectors[route.family];
    for (let slot = 0; slot < count; slot++) {
      loadDatagram(vector, slot, at(datagrams, start + slot), route);
    }
    // The multicast group is always on the link; a unicast peer may be behind a router.
    const options = { flags: route.multicast ? MSG_DONTROUTE : 0, oneLink: true };
    return this.#transmit(fd, vector, count, options, (errno, next, some) =>
      lost(errno, start + next, some),
    );
  }

  #lost(datagrams: readonly OutgoingDatagram[]): Lost {
    return (errno, start, count) =>
      this.#failed(errno, count, datagrams.slice(start, start + count));
  }

  #socket(open: () => number, refused: (errno: string) => void): number | undefined {
    try {
      return open();
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      refused(error.errno);
      return undefined;
    }
  }

  /** sendmmsg(2) stops before a message that fails: reports that one and continues after it. */
  #transmit(
    fd: number,
    vector: MessageVector,
    count: number,
    { flags, oneLink }: { readonly flags: number; readonly oneLink: boolean },
    report: Lost,
  ): number {
    let failed = 0;
    for (let next = 0; next < count; ) {
      const address = vector.addressFrom(next);
      const sent = this.#libc.sendmmsg(fd, address, count - next, flags | MSG_DONTWAIT);
      if (sent > 0) {
        next += sent;
        continue;
      }
      const errno = errnoName(this.#libc.errno());
      const lost = oneLink && HOPELESS.has(errno) ? count - next : 1;
      report(errno, next, lost);
      failed += lost;
      next += lost;
    }
    return failed;
  }

  #failed(errno: string, count: number, datagrams = NO_DATAGRAMS): void {
    const known = this.#failures.get(errno) ?? { count: 0, datagrams: [] };
    known.count += count;
    known.datagrams.push(...datagrams);
    this.#failures.set(errno, known);
  }
}

type FramedDatagram = OutgoingDatagram & OutgoingFrame;

const NO_FRAMES: readonly FramedDatagram[] = [];

/** Advertisements from a virtual MAC address leave as frames. */
function framesAmong(datagrams: readonly OutgoingDatagram[]): readonly FramedDatagram[] {
  if (datagrams.every(isUnframed)) return NO_FRAMES;
  return datagrams.filter((datagram): datagram is FramedDatagram => {
    return datagram.frame !== undefined;
  });
}

function isUnframed({ frame }: OutgoingDatagram): boolean {
  return frame === undefined;
}

function senderVector(nameBytes: number, family: number): MessageVector {
  const vector = new MessageVector({ slots: SEND_BATCH, slotBytes: SLOT_BYTES, nameBytes });
  for (const name of vector.names) name[0] = family;
  return vector;
}

/** Sorts by link; keeps the order within a link. */
function byLink(datagrams: readonly OutgoingDatagram[]): readonly OutgoingDatagram[] {
  const first = datagrams[0]?.index;
  return datagrams.every((datagram) => datagram.index === first)
    ? datagrams
    : [...datagrams].sort((a, b) => a.index - b.index);
}

/** Reads the header, which is cheaper than parsing `destination`. */
function routeOf({ packet, index }: OutgoingDatagram): Route {
  const ipv4 = at(packet, 0) >>> 4 === 4;
  return {
    index,
    family: ipv4 ? 'ipv4' : 'ipv6',
    multicast: ipv4 ? at(packet, 16) >>> 4 === 0xe : packet[24] === 0xff,
  };
}

function endOfBatch(datagrams: readonly OutgoingDatagram[], start: number, route: Route): number {
  let end = start + 1;
  while (end < datagrams.length && end - start < SEND_BATCH) {
    const next = routeOf(at(datagrams, end));
    const same = next.index === route.index && next.family === route.family;
    if (!same || next.multicast !== route.multicast) break;
    end++;
  }
  return end;
}

/** `struct sockaddr_in` has the address at 4, `struct sockaddr_in6` at 8 and the link at 24. */
function loadDatagram(
  vector: MessageVector,
  slot: number,
  { packet }: OutgoingDatagram,
  route: Route,
): void {
  const name = at(vector.names, slot);
  vector.load(slot, packet);
  if (route.family === 'ipv4') {
    for (let i = 0; i < 4; i++) name[4 + i] = at(packet, 16 + i);
    return;
  }
  for (let i = 0; i < 16; i++) name[8 + i] = at(packet, 24 + i);
  putInt32(name, 24, route.index);
}

/** `struct sockaddr_ll` (packet(7)): EtherType at 2, as in the frame, and the link at 4. */
function loadFrame(vector: MessageVector, slot: number, frame: OutgoingFrame): void {
  const name = at(vector.names, slot);
  vector.load(slot, frame.frame);
  name[2] = at(frame.frame, 12);
  name[3] = at(frame.frame, 13);
  putInt32(name, 4, frame.index);
}

function putInt32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
  bytes[offset + 3] = value >>> 24;
}
