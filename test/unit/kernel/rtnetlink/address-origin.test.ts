import { describe, expect, test } from 'vitest';
import { AddressOrigin, keepsMarks } from '../../../../src/kernel/rtnetlink/address-origin.ts';
import { ip } from '../../../../src/net/address.ts';
import { addressOf } from '../../../conformance/rig.ts';

const VIP = ip('203.0.113.100');
const DONE = { errno: 0, text: undefined };
const change = (operation: 'add' | 'remove') =>
  ({ operation, index: 2, address: VIP, prefixLength: 32 }) as const;

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
    expect(new AddressOrigin([VIP]).marked(unmarked).ours).toBe(true);
    expect(new AddressOrigin([ip('203.0.113.101')]).marked(unmarked).ours).toBe(false);
  });

  test('is of this program once it has been added, until it is removed', () => {
    const origin = new AddressOrigin([]);
    origin.note(change('add'), { errno: 17, text: undefined });
    expect(origin.marked(unmarked).ours).toBe(false);
    origin.note(change('add'), DONE);
    expect(origin.marked(unmarked).ours).toBe(true);
    origin.note(change('remove'), { errno: 1, text: undefined });
    expect(origin.marked(unmarked).ours).toBe(true);
    origin.note(change('remove'), DONE);
    expect(origin.marked(unmarked).ours).toBe(false);
  });
});
