import { describe, expect, test } from 'vitest';
import { AddressOrigin, keepsMarks } from '../../../../src/kernel/rtnetlink/address-origin.ts';
import { ip } from '../../../../src/net/address.ts';
import { addressOf } from '../../../conformance/rig.ts';

const VIP = ip('203.0.113.100');
const DONE = { errno: 0, text: undefined };
const INDEX = 2;
const OTHER_INDEX = 3;
const change = (operation: 'add' | 'remove' | 'renew', index = INDEX, prefixLength = 32) =>
  ({ operation, index, address: VIP, prefixLength }) as const;

test.each([
  ['5.10.0-28-amd64', false],
  ['5.17.15', false],
  ['5.18.0', true],
  ['6.1.0-13-amd64', true],
  ['4.19.0-26-amd64', false],
  ['unknown', true],
])('FR-H a kernel %s keeps the mark of an address: %s', (release, keeps) => {
  expect(keepsMarks(release)).toBe(keeps);
});

describe('FR-H an address on a kernel without marks', () => {
  const unmarked = addressOf('203.0.113.100/32');

  test('is of this program if it is remembered, and of others otherwise', () => {
    expect(new AddressOrigin([VIP]).listed(INDEX, unmarked).ours).toBe(true);
    expect(new AddressOrigin([ip('203.0.113.101')]).listed(INDEX, unmarked).ours).toBe(false);
    expect(new AddressOrigin([]).marked(INDEX, { ...unmarked, ours: true }).ours).toBe(true);
  });

  test('is of others if it is remembered and was not there when the run began', () => {
    const origin = new AddressOrigin([VIP]);
    expect(origin.marked(INDEX, unmarked).ours).toBe(false);
    origin.allListed();
    expect(origin.listed(INDEX, unmarked).ours).toBe(false);
    origin.note(change('add', OTHER_INDEX), DONE);
    expect(origin.listed(INDEX, unmarked).ours).toBe(false);
    expect(origin.listed(OTHER_INDEX, unmarked).ours).toBe(true);
  });

  test('is of this program once it has been added, until it is removed', () => {
    const origin = new AddressOrigin([]);
    const isOurs = () => origin.marked(INDEX, unmarked).ours;
    origin.note(change('add'), { errno: 17, text: undefined });
    expect(isOurs()).toBe(false);
    origin.note(change('add'), DONE);
    expect(isOurs()).toBe(true);
    origin.note(change('renew'), DONE);
    origin.note(change('remove'), { errno: 1, text: undefined });
    expect(isOurs()).toBe(true);
    origin.note(change('remove'), DONE);
    expect(isOurs()).toBe(false);
  });

  test('FR-H stays of this program when it has moved to another link by a reload', () => {
    for (const remembered of [[], [VIP]]) {
      const origin = new AddressOrigin(remembered);
      origin.note(change('add'), DONE);
      expect(origin.marked(INDEX, unmarked).ours).toBe(true);
      origin.note(change('add', OTHER_INDEX), DONE);
      origin.note(change('remove'), DONE);
      expect(origin.marked(OTHER_INDEX, unmarked).ours).toBe(true);
      expect(origin.marked(INDEX, unmarked).ours).toBe(false);
    }
  });

  test('FR-H stays of this program when the single host has replaced the form of a former run', () => {
    const wide = addressOf('203.0.113.100/24');
    const origin = new AddressOrigin([VIP]);
    expect(origin.listed(INDEX, wide).ours).toBe(true);
    origin.note(change('add'), DONE);
    origin.note(change('remove', INDEX, 24), DONE);
    expect(origin.marked(INDEX, unmarked).ours).toBe(true);
    expect(origin.marked(INDEX, wide).ours).toBe(false);
  });

  test('FR-H that a former run has left in two places is removed from both', () => {
    const origin = new AddressOrigin([VIP]);
    for (const index of [INDEX, OTHER_INDEX])
      expect(origin.listed(index, unmarked).ours).toBe(true);
    origin.note(change('remove'), DONE);
    expect(origin.marked(OTHER_INDEX, unmarked).ours).toBe(true);
    origin.note(change('remove', OTHER_INDEX), DONE);
    expect(origin.marked(OTHER_INDEX, unmarked).ours).toBe(false);
  });

  test('FR-H is of this program if it was taken over from another process', () => {
    const origin = new AddressOrigin([]);
    origin.claim([VIP]);
    expect(origin.listed(INDEX, unmarked).ours).toBe(true);
  });
});
