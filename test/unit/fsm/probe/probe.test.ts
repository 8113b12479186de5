import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judged, PROBE_TABLE, type ProbeResult, UNKNOWN } from '../../../../fsm/probe/probe.ts';

function statusAfter(results: string, rise: number, fall: number): string {
  let state = UNKNOWN;
  for (const letter of results) {
    const result: ProbeResult = letter === '+' ? 'passed' : 'failed';
    state = judged(state, result, { rise, fall });
  }
  return state.status;
}

describe('a tracked object', () => {
  test.each([
    ['', 'unknown'],
    ['+', 'up'],
    ['-', 'down'],
    ['+--', 'up'],
    ['+---', 'down'],
    ['+--+--', 'up'],
    ['-+', 'down'],
    ['-++', 'up'],
    ['-+-+', 'down'],
  ])('with rise 2 and fall 3 is, after %j, %s', (results, status) => {
    expect(statusAfter(results, 2, 3)).toBe(status);
  });

  test('follows every result when rise and fall are 1', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('+', '-'), { minLength: 1 }), (results) => {
        expect(statusAfter(results.join(''), 1, 1)).toBe(results.at(-1) === '+' ? 'up' : 'down');
      }),
    );
  });

  test('never changes its state for fewer results in a row than it needs', () => {
    const limit = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(fc.array(fc.boolean()), limit, limit, (results, rise, fall) => {
        let state = judged(UNKNOWN, 'passed', { rise, fall });
        let row = 0;
        for (const [position, passed] of results.entries()) {
          row = results[position - 1] === passed ? row + 1 : 1;
          const next = judged(state, passed ? 'passed' : 'failed', { rise, fall });
          if (next.status !== state.status)
            expect(row).toBeGreaterThanOrEqual(passed ? rise : fall);
          state = next;
        }
      }),
    );
  });

  test('has a row of the table for every state and result', () => {
    const rows = PROBE_TABLE.map(({ status, result }) => `${status} ${result}`);
    expect(new Set(rows).size).toBe(6);
  });
});
