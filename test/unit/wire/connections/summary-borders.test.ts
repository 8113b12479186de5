import { describe, expect, test } from 'vitest';
import { BUCKETS } from '../../../../src/net/connection.ts';
import { decodeSummary, encodeSummary } from '../../../../src/wire/connections/summary-message.ts';

/** Where the name begins. */
const NAME_AT = 20 + 2 * BUCKETS;

function summaryOf(name: string) {
  const buckets = new Uint16Array(BUCKETS).fill(0xfffe);
  const summary = { live: 0xffff_fffe, synced: 0x8000_0000, buckets };
  return encodeSummary({
    syncId: 255,
    isMaster: false,
    isRepetition: false,
    sender: 1,
    name,
    summary,
  });
}

function nameOf(bytes: Uint8Array): string | undefined {
  const decoded = decodeSummary(bytes);
  return decoded.ok ? decoded.value.name : undefined;
}

describe('the name in a summary', () => {
  test('has the printable characters without the space', () => {
    expect(nameOf(summaryOf('!~'))).toBe('!~');
    expect(nameOf(summaryOf(' \u007f'))).toBe('??');
    const bytes = summaryOf('abcd');
    bytes.set([0x20, 0x21, 0x7e, 0x7f], NAME_AT);
    expect(nameOf(bytes)).toBe('?!~?');
  });

  test('may be empty, and has 64 characters at most', () => {
    expect(nameOf(summaryOf(''))).toBe('');
    expect(summaryOf('')).toHaveLength(NAME_AT);
    expect(nameOf(summaryOf('x'.repeat(64)))).toHaveLength(64);
    expect(nameOf(summaryOf('x'.repeat(65)))).toHaveLength(64);
    const longer = new Uint8Array(NAME_AT + 65).fill(0x78);
    longer.set(summaryOf('x'.repeat(64)));
    longer[7] = 65;
    expect(decodeSummary(longer)).toEqual({ ok: false, error: { code: 'summary-unknown' } });
  });

  test('ends the message', () => {
    const longer = new Uint8Array(NAME_AT + 3);
    longer.set(summaryOf('ab'));
    expect(decodeSummary(longer)).toEqual({ ok: false, error: { code: 'summary-truncated' } });
  });
});

test('the numbers of a summary keep all their bits', () => {
  expect(decodeSummary(summaryOf('a'))).toMatchObject({
    value: {
      syncId: 255,
      isMaster: false,
      summary: {
        live: 0xffff_fffe,
        synced: 0x8000_0000,
        buckets: new Uint16Array(BUCKETS).fill(0xfffe),
      },
    },
  });
  expect(decodeSummary(summaryOf('').with(5, 2))).toMatchObject({ value: { isMaster: false } });
});

test('a summary whose fixed part is cut off is refused', () => {
  const cut = summaryOf('').subarray(0, -1);
  expect(decodeSummary(cut)).toEqual({ ok: false, error: { code: 'summary-truncated' } });
});
