/** Writes pcapng files for the tests that read them. */
import type { CapturedLink, CaptureEnd } from '../../../../src/wire/capture/captured-frame.ts';
import { scanPcapng } from '../../../../src/wire/capture/pcapng.ts';

export const FRAME = Uint8Array.of(1, 2, 3, 4, 5);

/** Writes blocks in one byte order. */
export class Writer {
  readonly #little: boolean;

  constructor(littleEndian = true) {
    this.#little = littleEndian;
  }

  block(type: number, ...body: Uint8Array[]): Uint8Array {
    const content = joined(...body);
    const padded = new Uint8Array(Math.ceil(content.length / 4) * 4);
    padded.set(content);
    const length = padded.length + 12;
    return joined(this.words(type, length), padded, this.words(length));
  }

  section(): Uint8Array {
    return this.block(0x0a0d0d0a, this.words(0x1a2b3c4d), this.halves(1, 0), this.words(-1, -1));
  }

  interface(linkType: number, snapshotLength: number, ...options: Uint8Array[]): Uint8Array {
    return this.block(1, this.halves(linkType, 0), this.words(snapshotLength), ...options);
  }

  packet(number: number, stamp: bigint, frame = FRAME): Uint8Array {
    const times = [Number(stamp >> 32n), Number(stamp & 0xffffffffn)];
    return this.block(6, this.words(number, ...times, frame.length, frame.length), frame);
  }

  option(code: number, value: Uint8Array): Uint8Array {
    const padded = new Uint8Array(Math.ceil(value.length / 4) * 4);
    padded.set(value);
    return joined(this.halves(code, value.length), padded);
  }

  words(...values: number[]): Uint8Array {
    const view = new DataView(new ArrayBuffer(values.length * 4));
    values.forEach((value, at) => {
      view.setUint32(at * 4, value, this.#little);
    });
    return new Uint8Array(view.buffer);
  }

  halves(...values: number[]): Uint8Array {
    const view = new DataView(new ArrayBuffer(values.length * 2));
    values.forEach((value, at) => {
      view.setUint16(at * 2, value, this.#little);
    });
    return new Uint8Array(view.buffer);
  }
}

export function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

interface Seen {
  readonly bytes: number[];
  readonly at: number;
  readonly link: CapturedLink;
}

export function scanned(...parts: Uint8Array[]): { end: CaptureEnd; seen: Seen[] } {
  const seen: Seen[] = [];
  const result = scanPcapng(joined(...parts), (frame, at, link) => {
    seen.push({ bytes: [...frame], at, link });
  });
  if (!result.ok) throw new Error(result.error.code);
  return { end: result.value, seen };
}
