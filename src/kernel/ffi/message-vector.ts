/**
 * Memory for sendmmsg(2) and recvmmsg(2), laid out once: `slots` messages of one buffer each, with
 * an optional peer address and optional ancillary data. No buffer is allocated for a message.
 *
 * `struct mmsghdr` on 64-bit hosts, in words of 32 bits:
 *
 *      0        2        3        4        6        8        10
 *     +--------+--------+--------+--------+--------+--------+
 *     |  name  | length | padding|  iovec |  count | control|
 *     +--------+--------+--------+--------+--------+--------+
 *      10       12       13       14       15       16
 *     +--------+--------+--------+--------+--------+
 *     | length | flags  | padding| bytes  | padding|
 *     +--------+--------+--------+--------+--------+
 *
 * `struct iovec` is an address and a length of 64 bits each.
 */
import { at } from '../../net/assert.ts';
import { addressOf, putUint64 } from './memory.ts';

const HEADER_WORDS = 16;
const HEADER_BYTES = HEADER_WORDS * 4;
const IOVEC_WORDS = 4;
const IOVEC_BYTES = IOVEC_WORDS * 4;

const NAME = 0;
const NAME_LENGTH = 2;
const IOVEC = 4;
const IOVEC_COUNT = 6;
const CONTROL = 8;
const CONTROL_LENGTH = 10;
const BYTES = 14;

interface MessageVectorLayout {
  readonly slots: number;
  readonly slotBytes: number;
  /** Free bytes of a slot before the data. */
  readonly headroom?: number;
  readonly nameBytes?: number;
  readonly controlBytes?: number;
}

export class MessageVector {
  readonly slots: number;
  /** Whole slots, headroom included. */
  readonly data: readonly Uint8Array[];
  readonly names: readonly Uint8Array[];
  readonly controls: readonly DataView[];
  readonly #layout: Required<MessageVectorLayout>;
  readonly #headers: Uint32Array;
  readonly #headersAddress: number;
  readonly #iovecs: Uint32Array;

  constructor(layout: MessageVectorLayout) {
    this.#layout = { headroom: 0, nameBytes: 0, controlBytes: 0, ...layout };
    const { slots, slotBytes, headroom, nameBytes, controlBytes } = this.#layout;
    this.slots = slots;
    // Written once, so that no page fault happens during a takeover.
    const data = new Uint8Array(slots * slotBytes).fill(0xff);
    const names = new Uint8Array(slots * nameBytes);
    const controls = new Uint8Array(slots * controlBytes);
    this.data = partition(data, slots, slotBytes);
    this.names = partition(names, slots, nameBytes);
    this.controls = partition(controls, slots, controlBytes).map(
      (part) => new DataView(part.buffer, part.byteOffset, part.length),
    );
    this.#headers = new Uint32Array(slots * HEADER_WORDS);
    this.#headersAddress = addressOf(this.#headers);
    this.#iovecs = new Uint32Array(slots * IOVEC_WORDS);
    const dataAddress = addressOf(data);
    const namesAddress = addressOf(names);
    const controlsAddress = addressOf(controls);
    const iovecsAddress = addressOf(this.#iovecs);
    for (let slot = 0; slot < slots; slot++) {
      const header = slot * HEADER_WORDS;
      const iovec = slot * IOVEC_WORDS;
      putUint64(this.#iovecs, iovec, dataAddress + slot * slotBytes + headroom);
      putUint64(this.#iovecs, iovec + 2, slotBytes - headroom);
      putUint64(this.#headers, header + IOVEC, iovecsAddress + slot * IOVEC_BYTES);
      this.#headers[header + IOVEC_COUNT] = 1;
      if (nameBytes > 0) putUint64(this.#headers, header + NAME, namesAddress + slot * nameBytes);
      if (controlBytes > 0) {
        putUint64(this.#headers, header + CONTROL, controlsAddress + slot * controlBytes);
      }
    }
    this.prepare(slots);
  }

  /** Restores the lengths of the first `count` messages, which the kernel overwrites with those it used. */
  prepare(count: number): void {
    const { nameBytes, controlBytes } = this.#layout;
    for (let slot = 0; slot < count; slot++) {
      const header = slot * HEADER_WORDS;
      this.#headers[header + NAME_LENGTH] = nameBytes;
      this.#headers[header + CONTROL_LENGTH] = controlBytes;
    }
  }

  /** Copies a message to send into the slot; throws `RangeError` if it does not fit. */
  load(slot: number, message: Uint8Array): void {
    at(this.data, slot).set(message, this.#layout.headroom);
    this.#iovecs[slot * IOVEC_WORDS + 2] = message.length;
  }

  /** The address of the header to start from. */
  addressFrom(slot: number): number {
    return this.#headersAddress + slot * HEADER_BYTES;
  }

  /** The number of bytes received into the slot. */
  received(slot: number): number {
    return at(this.#headers, slot * HEADER_WORDS + BYTES);
  }

  controlLength(slot: number): number {
    return at(this.#headers, slot * HEADER_WORDS + CONTROL_LENGTH);
  }
}

function partition(memory: Uint8Array, count: number, bytes: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => memory.subarray(i * bytes, (i + 1) * bytes));
}
