import { describe, expect, test } from 'vitest';
import { documentText, historiesIn } from '../../../src/history/document.ts';
import { type Group, reportOf } from '../../../src/history/report.ts';
import { at, Story } from './story.ts';

function pair(): Group[] {
  const lb1 = new Story('lb1').start(0).to(0, 'MASTER', 'owner-started');
  const lb2 = new Story('lb2', { ahead: 2_000 }).start(0).to(0, 'BACKUP', 'started');
  lb1.write(5, { kind: 'clocks', offsets: { lb2: 2_000 } });
  lb2.to(1_000, 'MASTER', 'master-silent', { silent: 4 });
  lb1.start(1_500, 'died', 980).to(1_500, 'BACKUP', 'started');
  return [[lb1.until(3_000)], [lb2.until(3_000)]];
}

function textOf(groups: readonly Group[], since?: number): string {
  return [...documentText(reportOf(groups, { since }), new Date(at(3_000)))].join('');
}

function read(text: string): Group {
  const result = historiesIn(text);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe('the document of a history', () => {
  test('has the numbers, the outages and the moves', () => {
    expect(JSON.parse(textOf(pair()))).toMatchObject({
      ...{ format: 1, router: 'lb1', since: '2026-03-01T00:00:00.000Z' },
      instances: [
        {
          ...{
            name: 'web',
            directors: ['lb1', 'lb2'],
            observed_ms: 3_000_000,
            served_ms: 2_996_000,
          },
          ...{ mtbf_ms: 2_996_000, mttr_ms: 4_000, four_nines_allow_ms: 300 },
          unplanned: { outages: 1, ms: 4_000 },
          longest: { from: '2026-03-01T00:16:36.000Z', ms: 4_000, planned: false },
          outages: [{ before: 'lb1', after: 'lb2', cause: 'died' }],
          moves: { planned: 0, unplanned: 1, list: [{ from: 'lb1', to: 'lb2', gap_ms: 4_000 }] },
        },
      ],
      directors: [
        { router: 'lb1', damaged: 0, left_out: 0 },
        { router: 'lb2', clock: { method: 'peer-link', offset_ms: 2_000 } },
      ],
    });
  });

  test('gives the same numbers when it is merged on the other director', () => {
    const [lb1 = [], lb2 = []] = pair();
    const statistics = (groups: readonly Group[]) =>
      reportOf(groups, {}).instances.map(({ statistics: one }) => one);
    const expected = statistics([lb1, lb2]);
    expect(statistics([lb1, read(textOf([lb2]))])).toEqual(expected);
    expect(statistics([read(textOf([lb1, lb2]))])).toEqual(expected);
    expect(statistics([lb2, read(textOf([lb1]))])[0]?.unplanned).toEqual({ outages: 1, ms: 4_000 });
  });

  test('of a part of the time knows the state at its start', () => {
    const again = reportOf([read(textOf(pair(), at(2_000)))], { since: at(2_000) });
    expect(again.instances[0]?.periods).toMatchObject([
      { from: at(2_000), to: at(3_000), kind: 'served', holders: ['lb2'] },
    ]);
  });

  test.each([
    ['lb1 is up', 'it is not JSON'],
    ['{"instances":[]}', 'it is not the output of'],
    ['null', 'it is not the output of'],
    ['{"format":2,"directors":[]}', 'it has format 2, not 1'],
    ['{"format":1,"directors":[{"router":3}]}', 'it has no history of a director'],
  ])('that is %s is refused', (text, error) => {
    expect(historiesIn(text)).toMatchObject({ ok: false, error: expect.stringContaining(error) });
  });

  test('counts records that are damaged', () => {
    const text = textOf(pair()).replace('"kind":"clocks"', '"kind":7');
    expect(read(text).map(({ damaged }) => damaged)).toEqual([1, 0]);
  });
});
