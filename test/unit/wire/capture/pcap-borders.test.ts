import { describe, expect, test } from 'vitest';
import type { CapturedLink } from '../../../../src/wire/capture/captured-frame.ts';
import { isPcap, readPcap, scanPcap } from '../../../../src/wire/capture/pcap.ts';

/** A file of microseconds in little-endian order, with one record for each frame. */
function fileOf(
  frames: readonly Uint8Array[],
  { linkType = 1, snapshotLength = 0 } = {},
): Uint8Array {
  const size = frames.reduce((sum, { length }) => sum + 16 + length, 24);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xa1b2c3d4, true);
  view.setUint32(16, snapshotLength, true);
  view.setUint32(20, linkType, true);
  let offset = 24;
  for (const [number, frame] of frames.entries()) {
    view.setUint32(offset, 1_800_000_000 + number, true);
    view.setUint32(offset + 4, 999_999, true);
    view.setUint32(offset + 8, frame.length, true);
    view.setUint32(offset + 12, frame.length, true);
    bytes.set(frame, offset + 16);
    offset += 16 + frame.length;
  }
  return bytes;
}

const FRAMES = [Uint8Array.of(1, 2, 3), Uint8Array.of(), Uint8Array.of(4)];

describe('the records of a capture', () => {
  test('follow each other without a gap, each with its own time', () => {
    expect(readPcap(fileOf(FRAMES))).toEqual({
      ok: true,
      value: [
        { at: 1_800_000_000_999_999, bytes: FRAMES[0] },
        { at: 1_800_000_001_999_999, bytes: FRAMES[1] },
        { at: 1_800_000_002_999_999, bytes: FRAMES[2] },
      ],
    });
  });

  test('are those before the first one that is cut off, which is named', () => {
    const file = fileOf(FRAMES);
    const seen: number[] = [];
    const end = scanPcap(file.subarray(0, -1), (frame) => seen.push(frame.length));
    expect(end).toEqual({ ok: true, value: { state: 'cut-off', offset: 24 + 19 + 16 } });
    expect(seen).toEqual([3, 0]);
  });

  test('may end with an empty one', () => {
    const seen: number[] = [];
    const end = scanPcap(fileOf([Uint8Array.of()]), (frame) => seen.push(frame.length));
    expect(end).toMatchObject({ value: { state: 'whole' } });
    expect(seen).toEqual([0]);
  });

  test('are read from a part of a larger buffer', () => {
    const file = fileOf(FRAMES);
    const larger = new Uint8Array(file.length + 20).fill(0xa1);
    larger.set(file, 7);
    const part = larger.subarray(7, 7 + file.length);
    expect(isPcap(part)).toBe(true);
    expect(readPcap(part)).toEqual(readPcap(file));
  });

  const longest = new Uint8Array(262_144);
  const longer = new Uint8Array(262_145);

  test.each([
    { what: 'as long as any program writes', frame: longest, snapshotLength: 0, state: 'whole' },
    { what: 'longer', frame: longer, snapshotLength: 262_144, state: 'damaged' },
    { what: 'longer, as announced', frame: longer, snapshotLength: 262_145, state: 'whole' },
  ])('may be $what: $state', ({ frame, snapshotLength, state }) => {
    const scanned = scanPcap(fileOf([frame], { snapshotLength }), () => {});
    expect(scanned).toMatchObject({ value: { state } });
  });
});

describe('the link type of a capture', () => {
  test('is the lower half of its field', () => {
    const links: CapturedLink[] = [];
    scanPcap(fileOf(FRAMES, { linkType: 0x1400_0114 }), (_, __, link) => links.push(link));
    expect(new Set(links)).toEqual(new Set([{ linkType: 276, number: 0, name: undefined }]));
    expect(links).toHaveLength(3);
  });

  test('is Ethernet unless another one is wanted', () => {
    expect(readPcap(fileOf(FRAMES, { linkType: 113 }), 113)).toEqual(readPcap(fileOf(FRAMES)));
    expect(readPcap(fileOf(FRAMES), 113)).toEqual({
      ok: false,
      error: { code: 'pcap-link-type-error' },
    });
  });
});

test('four bytes are enough to recognise a capture', () => {
  const magic = fileOf([]).subarray(0, 4);
  expect(isPcap(magic)).toBe(true);
  expect(isPcap(magic.subarray(0, 3))).toBe(false);
  expect(isPcap(Uint8Array.of(1, 2, 3, 4))).toBe(false);
});
