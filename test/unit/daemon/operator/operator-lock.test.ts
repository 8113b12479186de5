import { describe, expect, test } from 'vitest';
import {
  decodeOperatorLock,
  encodeOperatorLock,
  hasExpired,
  isEmpty,
  NO_LOCK,
  type OperatorLock,
} from '../../../../src/daemon/operator/operator-lock.ts';

const SINCE = '2026-03-01T10:00:00.000Z';
const UNTIL = '2026-03-01T12:00:00.000Z';

const LOCK: OperatorLock = {
  maintenance: { since: SINCE, until: UNTIL, by: 'alice (as root)', reason: 'new kernel' },
  heldBack: { since: SINCE, by: 'bob' },
};

describe('an operator lock', () => {
  test.each([LOCK, NO_LOCK, { ...LOCK, heldBack: null }])('is read as it was written', (lock) => {
    expect(decodeOperatorLock(encodeOperatorLock('web', lock))).toEqual(lock);
  });

  test.each([
    ['nothing', ''],
    ['half of a file', encodeOperatorLock('web', LOCK).slice(0, 80)],
    ['zeros', '\0'.repeat(200)],
    ['a list', '[]'],
    ['null', 'null'],
    ['another version', encodeOperatorLock('web', LOCK).replace('"version": 1', '"version": 2')],
    ['an invalid time', encodeOperatorLock('web', LOCK).replace(UNTIL, 'tomorrow')],
    ['a missing key', '{"version":1,"maintenance":null}'],
    ['a name that is a number', encodeOperatorLock('web', LOCK).replace('"bob"', '7')],
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

  test('expires at its time limit', () => {
    expect(hasExpired(LOCK, Date.parse(UNTIL) - 1)).toBe(false);
    expect(hasExpired(LOCK, Date.parse(UNTIL))).toBe(true);
    expect(hasExpired({ ...LOCK, maintenance: null }, Date.parse(UNTIL))).toBe(false);
  });

  test('is empty without maintenance and hold', () => {
    expect(isEmpty(NO_LOCK)).toBe(true);
    expect(isEmpty(LOCK)).toBe(false);
    expect(isEmpty({ ...LOCK, maintenance: null })).toBe(false);
  });
});
