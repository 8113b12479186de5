import { describe, expect, test } from 'vitest';
import { get, getBulk, getNext } from '../../../../src/observe/snmp/answers.ts';
import type { Binding } from '../../../../src/wire/agentx/value.ts';

const OBJECTS: readonly Binding[] = [
  [1, 1],
  [1, 2],
  [1, 2, 5],
  [2, 1],
].map((oid, number) => ({ oid, value: { type: 'integer', number } }));

function range(start: number[], include = false, end?: number[]) {
  return { start, include, end };
}

function named({ oid, value }: Binding): string {
  return `${oid.join('.')} ${'number' in value ? value.number : value.type}`;
}

describe('the objects', () => {
  test('are found by their name only', () => {
    expect(named(get(OBJECTS, range([1, 2])))).toBe('1.2 1');
    expect(named(get(OBJECTS, range([1])))).toBe('1 no-such-instance');
    expect(named(get(OBJECTS, range([9])))).toBe('9 no-such-instance');
  });

  test.each([
    [range([1]), '1.1 0'],
    [range([1, 1]), '1.2 1'],
    [range([1, 1], true), '1.1 0'],
    [range([1, 2], false, [2]), '1.2.5 2'],
    [range([1, 2, 5], false, [2]), '1.2.5 end-of-view'],
    [range([2, 1]), '2.1 end-of-view'],
  ])('follow each other: %j', (asked, wanted) => {
    expect(named(getNext(OBJECTS, asked))).toBe(wanted);
  });

  test('are given many at a time, and no more than asked', () => {
    const first = range([2]);
    const rest = range([1], false, [2]);
    expect(getBulk(OBJECTS, [first, rest], 1, 2).map(named)).toEqual(['2.1 3', '1.1 0', '1.2 1']);
    expect(getBulk(OBJECTS, [rest], 0, 65_535).map(named)).toEqual([
      '1.1 0',
      '1.2 1',
      '1.2.5 2',
      '1.2.5 end-of-view',
    ]);
    expect(getBulk([], [rest], 0, 65_535)).toHaveLength(1);
    expect(getBulk(OBJECTS, [first], 1, 65_535)).toHaveLength(1);
    const wide = Array.from({ length: 999 }, () => range([1]));
    expect(getBulk(OBJECTS, wide, 0, 65_535)).toHaveLength(999);
  });
});
