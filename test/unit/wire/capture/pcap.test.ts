import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPcap, readPcap, scanPcap } from '../../../../src/wire/capture/pcap.ts';

interface FileOptions {
  readonly littleEndian?: boolean;
  readonly magic?: number;
  readonly linkType?: number;
}

/** One record of four bytes, captured 7 units of a fraction after second 2. */
function fileWith({ littleEndian = true, magic = 0xa1b2c3d4, linkType = 1 }: FileOptions = {}) {
  const bytes = new Uint8Array(24 + 16 + 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, littleEndian);
  view.setUint32(20, linkType, littleEndian);
  view.setUint32(24, 2, littleEndian);
  view.setUint32(28, 7_000, littleEndian);
  view.setUint32(32, 4, littleEndian);
  view.setUint32(36, 4, littleEndian);
  bytes.set([1, 2, 3, 4], 40);
  return bytes;
}

const FRAME = Uint8Array.of(1, 2, 3, 4);

describe('reading a capture', () => {
  test.each([true, false])('in either byte order (little endian: %s)', (littleEndian) => {
    expect(readPcap(fileWith({ littleEndian }))).toEqual({
      ok: true,
      value: [{ at: 2_007_000, bytes: FRAME }],
    });
  });

  test('with nanoseconds, which are truncated to microseconds', () => {
    expect(readPcap(fileWith({ magic: 0xa1b23c4d }))).toEqual({
      ok: true,
      value: [{ at: 2_000_007, bytes: FRAME }],
    });
  });

  test('omits a record that is still being written', () => {
    const whole = fileWith();
    for (let length = 24; length < whole.length; length++) {
      expect(readPcap(whole.subarray(0, length))).toEqual({ ok: true, value: [] });
    }
  });

  test.each([
    ['cut off', 0, 30, { state: 'cut-off', offset: 24 }],
    ['damaged: no writer makes such a record', 0xff, 44, { state: 'damaged', offset: 24 }],
    ['whole', 0, 44, { state: 'whole' }],
    ['whole without a record', 0, 24, { state: 'whole' }],
  ])('reports that it is %s', (_, topOfLength, length, end) => {
    const bytes = fileWith();
    bytes[35] = topOfLength;
    const scanned = scanPcap(bytes.subarray(0, length), () => {});
    expect(scanned).toMatchObject({ ok: true, value: end });
  });

  test('refuses captures of anything but Ethernet', () => {
    expect(readPcap(new Uint8Array(23))).toMatchObject({ error: { code: 'pcap-truncated' } });
    expect(readPcap(fileWith({ magic: 0x0a0d0d0a }))).toMatchObject({
      error: { code: 'pcap-magic-error' },
    });
    expect(isPcap(new Uint8Array(3))).toBe(false);
    expect(readPcap(fileWith({ linkType: 113 }))).toMatchObject({
      error: { code: 'pcap-link-type-error' },
    });
  });

  test('never fails otherwise, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        const bytes = fileWith();
        const mixed = new Uint8Array(24 + tail.length);
        mixed.set(bytes.subarray(0, 24));
        mixed.set(tail, 24);
        expect(readPcap(mixed).ok).toBe(true);
      }),
    );
  });
});
