import { describe, expect, test } from 'vitest';
import {
  decodeOperatorLock,
  encodeOperatorLock,
  hasExpired,
  isEmpty,
  NO_LOCK,
  type OperatorLock,
} from '../../../../src/daemon/operator/order.ts';

const SINCE = '2026-03-01T10:00:00.000Z';
const UNTIL = '2026-03-01T12:00:00.000Z';

const ORDER: OperatorLock = {
  maintenance: { since: SINCE, until: UNTIL, by: 'alice (as root)', reason: 'new kernel' },
  heldBack: { since: SINCE, by: 'bob' },
};

describe('an operator lock', () => {
  test.each([ORDER, NO_LOCK, { ...ORDER, heldBack: null }])(
    'comes back as it was written',
    (order) => {
      expect(decodeOperatorLock(encodeOperatorLock('web', order))).toEqual(order);
    },
  );

  test.each([
    ['nothing', ''],
    ['half of a file', encodeOperatorLock('web', ORDER).slice(0, 80)],
    ['zeros', '\0'.repeat(200)],
    ['a list', '[]'],
    ['null', 'null'],
    ['another version', encodeOperatorLock('web', ORDER).replace('"version": 1', '"version": 2')],
    ['a time that is none', encodeOperatorLock('web', ORDER).replace(UNTIL, 'tomorrow')],
    ['a missing key', '{"version":1,"maintenance":null}'],
    ['a name that is a number', encodeOperatorLock('web', ORDER).replace('"bob"', '7')],
  ])('is not read from %s', (_what, text) => {
    expect(decodeOperatorLock(text)).toBeUndefined();
  });

  test('is read from a file that an earlier release wrote', () => {
    const text = `{
  "version": 1,
  "instance": "web",
  "maintenance": {
    "since": "${SINCE}",
    "until": null,
    "by": "root",
    "reason": null
  },
  "held_back": null
}
`;
    expect(decodeOperatorLock(text)).toEqual({
      maintenance: { since: SINCE, until: null, by: 'root', reason: null },
      heldBack: null,
    });
  });

  test('expires at the time it was given', () => {
    expect(hasExpired(ORDER, Date.parse(UNTIL) - 1)).toBe(false);
    expect(hasExpired(ORDER, Date.parse(UNTIL))).toBe(true);
    expect(hasExpired({ ...ORDER, maintenance: null }, Date.parse(UNTIL))).toBe(false);
  });

  test('is empty when nothing was decided', () => {
    expect(isEmpty(NO_LOCK)).toBe(true);
    expect(isEmpty(ORDER)).toBe(false);
    expect(isEmpty({ ...ORDER, maintenance: null })).toBe(false);
  });
});
