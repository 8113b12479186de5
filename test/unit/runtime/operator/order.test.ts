import { describe, expect, test } from 'vitest';
import {
  decodeOrder,
  encodeOrder,
  hasExpired,
  isEmpty,
  NO_ORDER,
  type Order,
} from '../../../../src/runtime/operator/order.ts';

const SINCE = '2026-03-01T10:00:00.000Z';
const UNTIL = '2026-03-01T12:00:00.000Z';

const ORDER: Order = {
  maintenance: { since: SINCE, until: UNTIL, by: 'alice (as root)', reason: 'new kernel' },
  heldBack: { since: SINCE, by: 'bob' },
};

describe('an order', () => {
  test.each([ORDER, NO_ORDER, { ...ORDER, heldBack: null }])(
    'comes back as it was written',
    (order) => {
      expect(decodeOrder(encodeOrder('web', order))).toEqual(order);
    },
  );

  test.each([
    ['nothing', ''],
    ['half of a file', encodeOrder('web', ORDER).slice(0, 80)],
    ['zeros', '\0'.repeat(200)],
    ['a list', '[]'],
    ['null', 'null'],
    ['another version', encodeOrder('web', ORDER).replace('"version": 1', '"version": 2')],
    ['a time that is none', encodeOrder('web', ORDER).replace(UNTIL, 'tomorrow')],
    ['a missing key', '{"version":1,"maintenance":null}'],
    ['a name that is a number', encodeOrder('web', ORDER).replace('"bob"', '7')],
  ])('is not read from %s', (_what, text) => {
    expect(decodeOrder(text)).toBeUndefined();
  });

  test('expires at the time it was given', () => {
    expect(hasExpired(ORDER, Date.parse(UNTIL) - 1)).toBe(false);
    expect(hasExpired(ORDER, Date.parse(UNTIL))).toBe(true);
    expect(hasExpired({ ...ORDER, maintenance: null }, Date.parse(UNTIL))).toBe(false);
  });

  test('is empty when nothing was decided', () => {
    expect(isEmpty(NO_ORDER)).toBe(true);
    expect(isEmpty(ORDER)).toBe(false);
    expect(isEmpty({ ...ORDER, maintenance: null })).toBe(false);
  });
});
