import { describe, expect, test } from 'vitest';
import { COMPARISONS, TableComparison } from '../../../../src/ipvs/plan/table-comparison.ts';

function tableOf(...buckets: number[]) {
  const live = buckets.reduce((sum, count) => sum + count, 0);
  return { live, synced: 0, buckets: Uint16Array.from(buckets) };
}

describe('two connection tables', () => {
  test('are not known to differ before enough comparisons', () => {
    const comparison = new TableComparison();
    for (let i = 1; i < COMPARISONS; i++) comparison.add(tableOf(3), tableOf(1));
    expect([comparison.missing, comparison.buckets.size]).toEqual([undefined, 0]);
    comparison.add(tableOf(3), tableOf(1));
    expect([comparison.missing, [...comparison.buckets]]).toEqual([2, [0]]);
    comparison.reset();
    expect(comparison.missing).toBe(undefined);
  });

  test('differ by what was missing each time', () => {
    const comparison = new TableComparison();
    for (let i = 0; i < COMPARISONS; i++) comparison.add(tableOf(5, 5, 5), tableOf(i, 9, 4 - i));
    expect([comparison.missing, [...comparison.buckets]]).toEqual([2, [0, 2]]);
  });

  test('differ by what was missing recently', () => {
    const comparison = new TableComparison();
    for (let i = 0; i < COMPARISONS; i++) comparison.add(tableOf(5), tableOf(5));
    for (let i = 0; i < COMPARISONS; i++) comparison.add(tableOf(5), tableOf(2));
    expect(comparison.missing).toBe(3);
  });

  test('of different lengths differ by what only one of them has', () => {
    const comparison = new TableComparison();
    for (let i = 0; i < COMPARISONS - 1; i++) comparison.add(tableOf(1, 2), tableOf(1));
    comparison.add(tableOf(1), tableOf(1));
    comparison.add(tableOf(1, 2), tableOf(1));
    expect(comparison.missing).toBe(0);
  });

  test('of which one was counted differ by their totals, and in no known bucket', () => {
    const comparison = new TableComparison();
    const counted = { ...tableOf(70_000, 9), isCounted: true };
    for (let i = 0; i < COMPARISONS; i++) comparison.add(counted, tableOf(5, 4));
    expect([comparison.missing, comparison.buckets.size]).toEqual([70_000, 0]);
    comparison.add(tableOf(5, 4), tableOf(5, 4));
    expect(comparison.missing).toBeUndefined();
  });

  test('that were counted differ server by server', () => {
    const comparison = new TableComparison();
    const counted = (...buckets: number[]) => ({ ...tableOf(...buckets), isCounted: true });
    for (let i = 0; i < COMPARISONS; i++) comparison.add(counted(9, 1), counted(4, 6));
    expect([comparison.missing, comparison.buckets.size]).toEqual([5, 0]);
    comparison.add(tableOf(9), tableOf(4));
    expect(comparison.missing).toBeUndefined();
  });
});
