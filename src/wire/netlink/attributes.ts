/**
 * Netlink attributes (<linux/netlink.h>, struct nlattr): type, length and value, in any order.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------------------------------+-+-+---------------------------+
 *     |    Length (header included)   |N|B|           Type            |
 *     +-------------------------------+-+-+---------------------------+
 *     |             Value, padded to a multiple of 4 bytes            |
 *
 * N says that the value is a list of attributes, B that it is in network byte order; neither is part
 * of the type.
 */

import { at as element } from '../../net/assert.ts';
import { failure, type Result, success } from '../../net/result.ts';
import { byteAt } from '../bytes.ts';
import { align4, putUint16, putUint32 } from './message.ts';
import { textFromBytes, textToBytes } from './text.ts';

const HEADER_LENGTH = 4;
const NLA_F_NESTED = 0x8000;
const TYPE_MASK = 0x3fff;

export interface AttributeDecodeError {
  readonly code: 'netlink-attribute-truncated';
  readonly offset: number;
  readonly length: number;
  readonly held: number;
}

/** Builds attributes: `new AttributeWriter().uint32(8, flags).bytes(2, local).finish()`. */
export class AttributeWriter {
  #bytes = new Uint8Array(64);
  #length: number;

  /** `headroom`: bytes left free before the attributes, for a header. */
  constructor(headroom = 0) {
    this.#length = headroom;
  }

  bytes(type: number, value: Uint8Array): this {
    const start = this.#begin(type, value.length);
    this.#bytes.set(value, start);
    return this;
  }

  uint8(type: number, value: number): this {
    const start = this.#begin(type, 1);
    this.#bytes[start] = value;
    return this;
  }

  uint16(type: number, value: number): this {
    const start = this.#begin(type, 2);
    putUint16(this.#bytes, start, value);
    return this;
  }

  uint32(type: number, value: number): this {
    const start = this.#begin(type, 4);
    putUint32(this.#bytes, start, value);
    return this;
  }

  text(type: number, value: string): this {
    return this.bytes(type, textToBytes(value));
  }

  nested(type: number, fill: (inner: AttributeWriter) => void): this {
    const inner = new AttributeWriter();
    fill(inner);
    return this.bytes(type | NLA_F_NESTED, inner.finish());
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Writes the header of an attribute; returns where its value begins. */
  #begin(type: number, length: number): number {
    const start = this.#length;
    const end = start + align4(HEADER_LENGTH + length);
    this.#reserve(end);
    putUint16(this.#bytes, start, HEADER_LENGTH + length);
    putUint16(this.#bytes, start + 2, type);
    this.#length = end;
    return start + HEADER_LENGTH;
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(length, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/**
 * Attributes by type; if a type occurs twice, the last one counts, as in the kernel. Numbers are read where
 * they are: dumps have tens of thousands of them, and a view of each takes longer than all the rest.
 */
export class Attributes {
  readonly #bytes: Uint8Array;
  /** Type, start and end of the value of each. */
  readonly #places: readonly number[];

  constructor(bytes: Uint8Array, places: readonly number[]) {
    this.#bytes = bytes;
    this.#places = places;
  }

  bytes(type: number): Uint8Array | undefined {
    const at = this.#find(type, 0);
    return at < 0 ? undefined : this.#bytes.subarray(this.#start(at), this.#end(at));
  }

  /** Undefined if absent or too short, like the following ones. */
  uint8(type: number): number | undefined {
    const at = this.#find(type, 1);
    return at < 0 ? undefined : byteAt(this.#bytes, this.#start(at));
  }

  uint16(type: number): number | undefined {
    const at = this.#find(type, 2);
    return at < 0 ? undefined : littleUint16At(this.#bytes, this.#start(at));
  }

  uint32(type: number): number | undefined {
    const at = this.#find(type, 4);
    return at < 0 ? undefined : littleUint32At(this.#bytes, this.#start(at));
  }

  /** Of 64 bits, or of 32 if it is shorter; beyond 2^53 it loses its last bits. */
  counter(type: number): number | undefined {
    const at = this.#find(type, 4);
    if (at < 0) return undefined;
    const start = this.#start(at);
    const low = littleUint32At(this.#bytes, start);
    if (this.#end(at) - start < 8) return low;
    return littleUint32At(this.#bytes, start + 4) * 0x1_0000_0000 + low;
  }

  text(type: number): string | undefined {
    const value = this.bytes(type);
    return value === undefined ? undefined : textFromBytes(value);
  }

  /** The attributes inside the value; undefined if absent or malformed. */
  nested(type: number): Attributes | undefined {
    const at = this.#find(type, 0);
    if (at < 0) return undefined;
    const inner = decodeAttributes(this.#bytes, this.#start(at), this.#end(at));
    return inner.ok ? inner.value : undefined;
  }

  /** Types in the order of their first occurrence. */
  types(): number[] {
    return [...new Set(this.#places.filter((_, at) => at % PLACE === 0))];
  }

  /** Where its place is; -1 if absent, or shorter than that. */
  #find(type: number, least: number): number {
    for (let at = this.#places.length - PLACE; at >= 0; at -= PLACE) {
      if (this.#places[at] !== type) continue;
      return this.#end(at) - this.#start(at) < least ? -1 : at;
    }
    return -1;
  }

  #start(at: number): number {
    return element(this.#places, at + 1);
  }

  #end(at: number): number {
    return element(this.#places, at + 2);
  }
}

/** Numbers for each attribute. */
const PLACE = 3;

/** Reads from `start` to `end`; a remainder shorter than a header is padding. */
export function decodeAttributes(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): Result<Attributes, AttributeDecodeError> {
  const places: number[] = [];
  let offset = start;
  while (end - offset >= HEADER_LENGTH) {
    const length = littleUint16At(bytes, offset);
    const held = end - offset;
    if (length < HEADER_LENGTH || length > held) {
      return failure({ code: 'netlink-attribute-truncated', offset: offset - start, length, held });
    }
    const type = littleUint16At(bytes, offset + 2) & TYPE_MASK;
    places.push(type, offset + HEADER_LENGTH, offset + length);
    offset += align4(length);
  }
  return success(new Attributes(bytes, places));
}

/** Netlink has the byte order of the host. */
function littleUint16At(bytes: Uint8Array, offset: number): number {
  return byteAt(bytes, offset) | (byteAt(bytes, offset + 1) << 8);
}

function littleUint32At(bytes: Uint8Array, offset: number): number {
  return littleUint16At(bytes, offset) + littleUint16At(bytes, offset + 2) * 0x10000;
}
