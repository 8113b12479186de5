/**
 * Reads files of Wireshark, tshark and dumpcap (draft-ietf-opsawg-pcapng): blocks, each with its length
 * before and after it. Skips blocks of unknown types.
 *
 *     +---------------------------------------------------------------+
 *     |                        Block Type (4)                         |
 *     |                    Block Total Length (4)                     |
 *     |  Section Header: Byte-Order Magic (4), Version (2+2), Section Length (8)
 *     |  Interface:      Link Type (2), Reserved (2), Snapshot Length (4), options
 *     |  Enhanced Packet: Interface (4), Time Stamp (4+4), Captured (4), Original (4), bytes, options
 *     |  Simple Packet:  Original Length (4), bytes
 *     |                    Block Total Length (4)                     |
 *     +---------------------------------------------------------------+
 *
 * Each section has its own byte order and its own interfaces.
 */
import { failure, type Result, success } from '../../net/result.ts';
import {
  type CapturedLink,
  type CaptureEnd,
  type CaptureSink,
  endOf,
  WHOLE,
} from './captured-frame.ts';

export interface PcapngError {
  readonly code: 'pcapng-truncated' | 'pcapng-magic-error';
}

const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const INTERFACE_DESCRIPTION = 1;
/** From an older draft: the interface has 16 bits, and the other 16 count lost packets. */
const PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

/** The type and both lengths. */
const FRAME_LENGTH = 12;
const SECTION_HEADER_LENGTH = 28;
const BODY = 8;

const OPTION_NAME = 2;
const OPTION_RESOLUTION = 9;
const OPTION_OFFSET = 14;
const MICROSECONDS: Resolution = { base: 10, exponent: 6 };
/** IFNAMSIZ of Linux is 16; names of other systems are longer. */
const NAME_MAX = 64;

interface Resolution {
  readonly base: 2 | 10;
  readonly exponent: number;
}

interface Interface {
  readonly link: CapturedLink;
  readonly snapshotLength: number;
  readonly resolution: Resolution;
  /** Seconds to add to each time stamp. */
  readonly timeOffset: bigint;
}

/** Hands over all frames as views of `bytes`, up to the end of the file or the first damage. */
export function scanPcapng(bytes: Uint8Array, sink: CaptureSink): Result<CaptureEnd, PcapngError> {
  if (bytes.length < SECTION_HEADER_LENGTH) return failure({ code: 'pcapng-truncated' });
  const scan = new Scan(bytes, sink);
  return scan.begins() ? scan.run() : failure({ code: 'pcapng-magic-error' });
}

/** True if the file begins like a pcapng file; the type is the same in both byte orders. */
export function isPcapng(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === SECTION_HEADER;
}

class Scan {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #sink: CaptureSink;
  #littleEndian = true;
  #interfaces: Interface[] = [];
  /** The number of interfaces in earlier sections. */
  #known = 0;
  /** The time of the last packet: a simple packet has none and takes this one. */
  #at = 0;

  constructor(bytes: Uint8Array, sink: CaptureSink) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#sink = sink;
  }

  begins(): boolean {
    return isPcapng(this.#bytes) && this.#setOrder(0);
  }

  run(): Result<CaptureEnd, never> {
    let offset = 0;
    while (offset + FRAME_LENGTH <= this.#bytes.length) {
      const isSection = this.#view.getUint32(offset) === SECTION_HEADER;
      if (isSection && !this.#setOrder(offset)) return endOf('damaged', offset);
      const length = this.#uint32(offset + 4);
      if (length < FRAME_LENGTH || length % 4 !== 0) return endOf('damaged', offset);
      const end = offset + length;
      if (end > this.#bytes.length) return endOf('cut-off', offset);
      if (this.#uint32(end - 4) !== length) return endOf('damaged', offset);
      if (!this.#block(offset + BODY, end - 4, this.#uint32(offset))) {
        return endOf('damaged', offset);
      }
      offset = end;
    }
    return offset === this.#bytes.length ? success(WHOLE) : endOf('cut-off', offset);
  }

  /** Returns false if the magic number is wrong in both byte orders. */
  #setOrder(offset: number): boolean {
    for (const littleEndian of [true, false]) {
      if (this.#view.getUint32(offset + BODY, littleEndian) === BYTE_ORDER_MAGIC) {
        this.#littleEndian = littleEndian;
        return true;
      }
    }
    return false;
  }

  /** Reads a body between `start` and `end`; returns false if it contradicts itself. */
  #block(start: number, end: number, type: number): boolean {
    switch (type) {
      case SECTION_HEADER:
        this.#known += this.#interfaces.length;
        this.#interfaces = [];
        return end - start >= SECTION_HEADER_LENGTH - FRAME_LENGTH;
      case INTERFACE_DESCRIPTION:
        return this.#interface(start, end);
      case ENHANCED_PACKET:
        return end - start >= 20 && this.#packet(start, end, this.#uint32(start));
      case PACKET:
        return end - start >= 20 && this.#packet(start, end, this.#uint16(start));
      case SIMPLE_PACKET:
        return end - start >= 4 && this.#simplePacket(start, end);
      default:
        return true;
    }
  }

  #interface(start: number, end: number): boolean {
    if (end - start < 8) return false;
    let name: string | undefined;
    let resolution = MICROSECONDS;
    let timeOffset = 0n;
    for (const { code, from, length } of this.#options(start + 8, end)) {
      if (code === OPTION_NAME) name = textOf(this.#bytes.subarray(from, from + length));
      if (code === OPTION_RESOLUTION && length >= 1) {
        const value = this.#view.getUint8(from);
        resolution = { base: value & 0x80 ? 2 : 10, exponent: value & 0x7f };
      }
      if (code === OPTION_OFFSET && length >= 8)
        timeOffset = this.#view.getBigInt64(from, this.#littleEndian);
    }
    const number = this.#known + this.#interfaces.length;
    this.#interfaces.push({
      link: { linkType: this.#uint16(start), number, name },
      snapshotLength: this.#uint32(start + 4),
      resolution,
      timeOffset,
    });
    return true;
  }

  #packet(start: number, end: number, number: number): boolean {
    const from = this.#interfaces[number];
    const length = this.#uint32(start + 12);
    if (from === undefined || length > end - start - 20) return false;
    const stamp = (BigInt(this.#uint32(start + 4)) << 32n) | BigInt(this.#uint32(start + 8));
    this.#at = microseconds(stamp, from);
    this.#sink(this.#bytes.subarray(start + 20, start + 20 + length), this.#at, from.link);
    return true;
  }

  #simplePacket(start: number, end: number): boolean {
    const from = this.#interfaces[0];
    if (from === undefined) return false;
    // A snapshot length of zero means no limit.
    const limit = from.snapshotLength === 0 ? end : from.snapshotLength;
    const length = Math.min(this.#uint32(start), limit, end - start - 4);
    this.#sink(this.#bytes.subarray(start + 4, start + 4 + length), this.#at, from.link);
    return true;
  }

  *#options(start: number, end: number) {
    let offset = start;
    while (offset + 4 <= end) {
      const [code, length] = [this.#uint16(offset), this.#uint16(offset + 2)];
      const from = offset + 4;
      if (code === 0 || from + length > end) return;
      yield { code, from, length };
      offset = from + Math.ceil(length / 4) * 4;
    }
  }

  #uint16(offset: number): number {
    return this.#view.getUint16(offset, this.#littleEndian);
  }

  #uint32(offset: number): number {
    return this.#view.getUint32(offset, this.#littleEndian);
  }
}

/** Nanoseconds since 1970 exceed 2^53, hence bigint. */
function microseconds(stamp: bigint, { resolution, timeOffset }: Interface): number {
  const { base, exponent } = resolution;
  const at = (stamp * 1_000_000n) / BigInt(base) ** BigInt(exponent) + timeOffset * 1_000_000n;
  return at >= 0n && at <= Number.MAX_SAFE_INTEGER ? Number(at) : 0;
}

/** The text is UTF-8; only printable ASCII is kept. */
function textOf(bytes: Uint8Array): string {
  const letters = [...bytes.subarray(0, NAME_MAX)].filter((byte) => byte > 0x20 && byte < 0x7f);
  return String.fromCharCode(...letters);
}
