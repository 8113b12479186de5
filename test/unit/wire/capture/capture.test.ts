import { describe, expect, test } from 'vitest';
import { scanCapture } from '../../../../src/wire/capture/capture.ts';

function refusal(...bytes: number[]): string | undefined {
  const result = scanCapture(Uint8Array.from(bytes), () => {});
  return result.ok ? undefined : result.error.code;
}

describe('a capture file', () => {
  test('is refused if it is too short or has another format', () => {
    expect(refusal(0x0a, 0x0d, 0x0d)).toBe('capture-truncated');
    expect(refusal(0x68, 0x65, 0x6c, 0x6c, 0x6f)).toBe('capture-format-error');
  });

  test.each([
    ['gzip', [0x1f, 0x8b, 8, 0]],
    ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
    ['lz4', [0x04, 0x22, 0x4d, 0x18]],
    ['xz', [0xfd, 0x37, 0x7a, 0x58]],
  ])('is refused as compressed with %s', (_, bytes) => {
    expect(refusal(...bytes)).toBe('capture-compressed');
  });

  test.each([
    [0x1f, 0x8c, 0, 0],
    [0x1e, 0x8b, 0, 0],
    [0x28, 0xb5, 0x2f, 0xfe],
    [0x04, 0x22, 0x4c, 0x18],
    [0xfd, 0x37, 0x7b, 0x58],
  ])('is not compressed unless all its first bytes say so: %i %i %i %i', (...bytes) => {
    expect(refusal(...bytes)).toBe('capture-format-error');
  });

  test('is recognised by its first bytes, in either format', () => {
    expect(refusal(0xd4, 0xc3, 0xb2, 0xa1)).toBe('pcap-truncated');
    expect(refusal(0xa1, 0xb2, 0x3c, 0x4d)).toBe('pcap-truncated');
    expect(refusal(0x0a, 0x0d, 0x0d, 0x0a)).toBe('pcapng-truncated');
  });
});
