import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUCKETS, emptySummary } from '../../../../src/net/connection.ts';
import {
  decodeSummary,
  encodeSummary,
  type SummaryMessage,
} from '../../../../src/wire/connections/summary-message.ts';

const MESSAGE: SummaryMessage = {
  syncId: 55,
  isMaster: true,
  sender: 0xfedcba98,
  name: 'lb1',
  isRepetition: false,
  summary: {
    live: 70_221,
    synced: 14,
    buckets: Uint16Array.from({ length: BUCKETS }, (_, bucket) => bucket * 128),
  },
};

describe('the summary of a connection table', () => {
  test('is read as it was written', () => {
    expect(decodeSummary(encodeSummary(MESSAGE))).toEqual({ ok: true, value: MESSAGE });
  });

  test('is written field by field', () => {
    const bytes = encodeSummary({ ...MESSAGE, isMaster: false, summary: emptySummary() });
    expect([...bytes.subarray(0, 20)]).toEqual([
      ...[0x56, 0x41, 0x54, 0x31, 55, 0, 0, 3],
      ...[0xfe, 0xdc, 0xba, 0x98, 0, 0, 0, 0, 0, 0, 0, 0],
    ]);
    expect(bytes).toHaveLength(20 + 2 * BUCKETS + 3);
  });

  test('says whether it repeats the last one, in a bit of the length of the name', () => {
    const repeated = { ...MESSAGE, isRepetition: true };
    expect([...encodeSummary(repeated).subarray(6, 8)]).toEqual([0x80, 3]);
    expect(decodeSummary(encodeSummary(repeated))).toEqual({ ok: true, value: repeated });
  });

  test('says whether the kernel has counted, in another bit', () => {
    const counted = { ...MESSAGE, summary: { ...MESSAGE.summary, isCounted: true } };
    expect([...encodeSummary(counted).subarray(6, 8)]).toEqual([0x40, 3]);
    expect(decodeSummary(encodeSummary(counted))).toEqual({ ok: true, value: counted });
  });

  test('carries a name of 64 characters at most, none of which can harm a terminal', () => {
    const name = `a\u001b[31m b\u00e9${'x'.repeat(80)}`;
    const decoded = decodeSummary(encodeSummary({ ...MESSAGE, name }));
    expect(decoded.ok && decoded.value.name).toBe(`a?[31m?b?${'x'.repeat(55)}`);
  });

  test.each([
    ['is empty', () => new Uint8Array(), 'summary-truncated'],
    ['ends early', (bytes: Uint8Array) => bytes.subarray(0, -1), 'summary-truncated'],
    ['is something else', (bytes: Uint8Array) => bytes.with(0, 0), 'summary-unknown'],
    ['has too long a name', (bytes: Uint8Array) => bytes.with(6, 1), 'summary-unknown'],
  ])('that %s is refused', (_, bend, code) => {
    expect(decodeSummary(bend(encodeSummary(MESSAGE)))).toEqual({ ok: false, error: { code } });
  });

  test('of any bytes is read or refused', () => {
    const bytes = fc.uint8Array({ minLength: 1_030, maxLength: 1_120 }).map((random) => {
      random.set([0x56, 0x41, 0x54, 0x31]);
      random.set([0, random.length - 1_044], 6);
      return random;
    });
    fc.assert(fc.property(bytes, (input) => typeof decodeSummary(input).ok === 'boolean'));
  });
});
