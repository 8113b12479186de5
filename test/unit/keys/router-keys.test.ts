import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { HmacKeys } from '../../../src/keys/hmac-keys.ts';
import { RouterKeys } from '../../../src/keys/router-keys.ts';

const WEB = 'eth0 ipv4 55';
const MAIL = 'eth0 ipv4 56';
const [ONE, TWO] = [new Uint8Array(32).fill(1), new Uint8Array(64).fill(2)];
const BYTES = Uint8Array.of(1, 2, 3);

const tag = (key: Uint8Array) =>
  new Uint8Array(createHmac('sha256', key).update(BYTES).digest().subarray(0, 16));

const one = { keys: [{ id: 1, bytes: ONE }], activeKey: 1 };
const both = { keys: [...one.keys, { id: 2, bytes: TWO }], activeKey: 2 };

describe('the keys of a router', () => {
  test('sign with the active one, and check each of them', () => {
    const keys = new RouterKeys(new Map([[WEB, both]]));
    expect(keys.activeKey(WEB)).toBe(2);
    expect(new Uint8Array(keys.digest(WEB, 2, BYTES))).toEqual(tag(TWO));
    expect(keys.isRight(WEB, 1, BYTES, tag(ONE))).toBe(true);
    expect(keys.isRight(WEB, 2, BYTES, tag(ONE))).toBe(false);
    expect(keys.isRight(WEB, 3, BYTES, tag(ONE))).toBe(false);
    expect([keys.knows(WEB, 2), keys.knows(WEB, 3)]).toEqual([true, false]);
  });

  test('are not those of another router', () => {
    const keys = new RouterKeys(new Map([[WEB, one]]));
    expect(keys.activeKey(MAIL)).toBeUndefined();
    expect(keys.knows(MAIL, 1)).toBe(false);
    expect(keys.isRight(MAIL, 1, BYTES, tag(ONE))).toBe(false);
    expect(keys.digest(MAIL, 1, BYTES)).toEqual(new Uint8Array(16));
  });

  test('are replaced at once, and those of a router that has none now at the next call', () => {
    const keys = new RouterKeys(new Map([[WEB, one]]));
    keys.replace(new Map([[WEB, both]]));
    expect(keys.activeKey(WEB)).toBe(2);
    keys.replace(new Map([[MAIL, one]]));
    expect(keys.activeKey(WEB)).toBe(2);
    keys.replace(new Map([[MAIL, one]]));
    expect(keys.activeKey(WEB)).toBeUndefined();
    expect(keys.activeKey(MAIL)).toBe(1);
  });
});

test('an active key that does not exist signs nothing', () => {
  expect(new HmacKeys({ ...one, activeKey: 7 }).activeKey).toBeUndefined();
});

test('a tag of another length is wrong', () => {
  expect(new HmacKeys(one).isRight(BYTES, 1, tag(ONE).subarray(1))).toBe(false);
});
