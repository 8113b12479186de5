import { describe, expect, test } from 'vitest';
import { withReport } from '../../../../bench/harness/files.ts';
import {
  merged,
  partlyMerged,
  type ScenarioResult,
  tableOf,
} from '../../../../bench/harness/report.ts';
import { atMost } from '../../../../bench/harness/row.ts';

function scenario(name: string, ours: readonly number[]): ScenarioResult {
  return {
    name,
    title: `The ${name}`,
    method: 'by looking',
    measuredAt: '2026-01-02T03:04:05.000Z',
    machine: { kernel: '6.1.0', node: '20.0.0', keepalived: '2.2.7', cores: 2 },
    rows: [
      {
        what: 'outage',
        unit: 'ms',
        samples: { 'vrrp-agent': ours, keepalived: [] },
        bars: [atMost('max', 5)],
      },
    ],
  };
}

function renamed(row: ScenarioResult['rows'][number]) {
  return { ...row, what: `another ${row.what}` };
}

describe('the report', () => {
  test('shows median, maximum, bar and verdict', () => {
    expect(tableOf([scenario('crash', [1, 2, 9])])).toContain(
      '| outage | 2.00 (9.00) ms | not measured |  | max ≤ 5 ms | **no** |',
    );
  });

  test('keeps the results of other scenarios, in the order of the bench', () => {
    const known = { scenarios: [scenario('crash', [1]), scenario('split', [2])] };
    const now = merged(known, [scenario('crash', [3])], ['split', 'crash']);
    expect(now.scenarios.map(({ name, rows }) => [name, rows[0]?.samples['vrrp-agent']])).toEqual([
      ['split', [2]],
      ['crash', [3]],
    ]);
  });

  test('saves each row as it is measured, with earlier results of the others', () => {
    const old = scenario('crash', [1]);
    const known = { scenarios: [{ ...old, rows: old.rows.flatMap((row) => [row, renamed(row)]) }] };
    const { rows } = partlyMerged(known, scenario('crash', [3]));
    expect(rows.map(({ what, samples }) => [what, samples['vrrp-agent']])).toEqual([
      ['outage', [3]],
      ['another outage', [1]],
    ]);
    expect(partlyMerged(undefined, scenario('crash', [3])).rows).toHaveLength(1);
  });

  test('replaces only the text between its marks', () => {
    const marks = [
      '<!-- newest results: written by npm run bench -->',
      '<!-- end of results -->',
    ] as const;
    const text = `before\n${marks[0]}\nold\n${marks[1]}\nafter`;
    const written = withReport(text, 'new');
    expect(written).toBe(`before\n${marks[0]}\n\nnew\n${marks[1]}\nafter`);
    expect(withReport('no marks', 'new')).toBe('no marks');
  });
});
