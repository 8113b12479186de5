/**
 * Where a received datagram came from, read from its source address and its ancillary data. A socket with few
 * senders reads the same again and again: what is known already is found by comparing words, and not made
 * again.
 *
 * The ancillary data, one `struct cmsghdr` each, aligned to 8 bytes:
 *
 *      0               8           12          16
 *     +---------------+-----------+-----------+------------
 *     |    length     |   level   |   type    |  data
 *     +---------------+-----------+-----------+------------
 */
import { type Family, type IpAddress, ipFromBytes } from '../../net/address.ts';
import { at } from '../../net/assert.ts';
import { IP_PKTINFO, IP_TTL, IPV6_HOPLIMIT, IPV6_PKTINFO } from '../ffi/constants.ts';

export interface HopOrigin {
  readonly source: IpAddress;
  /** Undefined: the kernel did not say. */
  readonly destination: IpAddress | undefined;
  /** Of the link; zero: the kernel did not say. */
  readonly index: number;
  /** Zero: the kernel did not say. */
  readonly ttl: number;
}

interface Known<Mark> {
  readonly words: Uint32Array;
  readonly origin: HopOrigin & Mark;
}

/** How many are kept. */
const KNOWN_MOST = 512;

const CONTROL_HEADER_BYTES = 16;

/** Words of an origin: source and destination, four each, and these. */
const DESTINATION = 4;
const INDEX = 8;
const TTL = 9;
const HAS_DESTINATION = 10;
const WORDS = 11;

/** `Mark`: what the owner of the socket adds to each. */
export class HopOrigins<Mark extends object> {
  readonly #isIpv4: boolean;
  readonly #mark: Mark;
  readonly #words = new Uint32Array(WORDS);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  readonly #known: Known<Mark>[] = [];
  /** Behind the last one that was found, where the next one often is. */
  #position = 0;

  constructor(family: Family, mark: Mark) {
    this.#isIpv4 = family === 'ipv4';
    this.#mark = mark;
  }

  /** `name`: the socket address of the sender. `length`: of the ancillary data. */
  read(name: DataView, control: DataView, length: number): HopOrigin & Mark {
    this.#words.fill(0);
    this.#copy(0, name, this.#isIpv4 ? 4 : 8);
    this.#readControl(control, Math.min(length, control.byteLength));
    const count = this.#known.length;
    for (let tried = 0; tried < count; tried++) {
      const position = (this.#position + tried) % count;
      const { words, origin } = at(this.#known, position);
      if (!this.#isRead(words)) continue;
      this.#position = position + 1;
      return origin;
    }
    return this.#learn();
  }

  #readControl(control: DataView, end: number): void {
    for (let offset = 0; offset + CONTROL_HEADER_BYTES <= end; ) {
      const length = control.getUint32(offset, true);
      if (length < CONTROL_HEADER_BYTES || offset + length > end) break;
      const data = offset + CONTROL_HEADER_BYTES;
      const held = length - CONTROL_HEADER_BYTES;
      switch (control.getInt32(offset + 12, true)) {
        case this.#isIpv4 ? IP_TTL : IPV6_HOPLIMIT:
          if (held >= 4) this.#words[TTL] = control.getInt32(data, true);
          break;
        case this.#isIpv4 ? IP_PKTINFO : IPV6_PKTINFO:
          if (held < (this.#isIpv4 ? 12 : 20)) break;
          this.#words[INDEX] = control.getUint32(data + (this.#isIpv4 ? 0 : 16), true);
          this.#words[HAS_DESTINATION] = 1;
          this.#copy(DESTINATION, control, data + (this.#isIpv4 ? 8 : 0));
          break;
      }
      offset += (length + 7) & ~7;
    }
  }

  /** In the order of the bytes: the host is little-endian. */
  #copy(word: number, from: DataView, offset: number): void {
    const count = this.#isIpv4 ? 1 : 4;
    for (let next = 0; next < count; next++) {
      this.#words[word + next] = from.getUint32(offset + 4 * next, true);
    }
  }

  #isRead(words: Uint32Array): boolean {
    for (let word = 0; word < WORDS; word++) if (words[word] !== this.#words[word]) return false;
    return true;
  }

  #learn(): HopOrigin & Mark {
    const words = this.#words.slice();
    const length = this.#isIpv4 ? 4 : 16;
    const addressAt = (word: number) => ipFromBytes(this.#bytes, word * 4, length);
    const origin = {
      ...this.#mark,
      source: addressAt(0),
      destination: words[HAS_DESTINATION] === 0 ? undefined : addressAt(DESTINATION),
      index: at(words, INDEX),
      ttl: at(words, TTL),
    };
    if (this.#known.length === KNOWN_MOST) this.#known.shift();
    this.#known.push({ words, origin });
    return origin;
  }
}
