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
import { failure, type Result, success } from '../../net/result.ts';
import { align4, putUint16, putUint32, viewOf } from './message.ts';
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

/** Attributes by type; if a type occurs twice, the last one counts, as in the kernel. */
export class Attributes {
  readonly #values: ReadonlyMap<number, Uint8Array>;

  constructor(values: ReadonlyMap<number, Uint8Array>) {
    this.#values = values;
  }

  bytes(type: number): Uint8Array | undefined {
    return this.#values.get(type);
  }

  /** Undefined if absent or too short, like the following ones. */
  uint8(type: number): number | undefined {
    return this.#values.get(type)?.[0];
  }

  uint16(type: number): number | undefined {
    const value = this.#values.get(type);
    return value === undefined || value.length < 2 ? undefined : viewOf(value).getUint16(0, true);
  }

  uint32(type: number): number | undefined {
    const value = this.#values.get(type);
    return value === undefined || value.length < 4 ? undefined : viewOf(value).getUint32(0, true);
  }

  text(type: number): string | undefined {
    const value = this.#values.get(type);
    return value === undefined ? undefined : textFromBytes(value);
  }

  /** The attributes inside the value; undefined if absent or malformed. */
  nested(type: number): Attributes | undefined {
    const value = this.#values.get(type);
    if (value === undefined) return undefined;
    const inner = decodeAttributes(value);
    return inner.ok ? inner.value : undefined;
  }

  /** Types in the order of their first occurrence. */
  types(): number[] {
    return [...this.#values.keys()];
  }
}

/** Reads from the offset to the end; a remainder shorter than a header is padding. */
export function decodeAttributes(
  bytes: Uint8Array,
  start = 0,
): Result<Attributes, AttributeDecodeError> {
  const view = viewOf(bytes);
  const values = new Map<number, Uint8Array>();
  let offset = start;
  while (bytes.length - offset >= HEADER_LENGTH) {
    const length = view.getUint16(offset, true);
    const held = bytes.length - offset;
    if (length < HEADER_LENGTH || length > held) {
      return failure({ code: 'netlink-attribute-truncated', offset, length, held });
    }
    const type = view.getUint16(offset + 2, true) & TYPE_MASK;
    values.set(type, bytes.subarray(offset + HEADER_LENGTH, offset + length));
    offset += align4(length);
  }
  return success(new Attributes(values));
}
