import { describe, expect, test } from 'vitest';
import type { HistoryRecord } from '../../../src/history/record.ts';
import { straighten } from '../../../src/history/straighten.ts';
import { at, DAY, Story } from './story.ts';

function times(records: readonly HistoryRecord[]): number[] {
  return records.map((record) => (record.at - DAY) / 1_000);
}

describe('a clock that was set', () => {
  test('changes the times before it, as the later setting is the right one', () => {
    const { records } = new Story('lb1').start(0).to(10, 'BACKUP', 'started');
    // At 20 s after boot the clock is set forward by an hour.
    const story = new Story('lb1').start(0).to(10, 'BACKUP', 'started');
    story.write(3_620, { kind: 'clocks', offsets: {} }, 20_000);
    straighten(story.records);
    expect(times(story.records)).toEqual([3_600, 3_600, 3_610, 3_620]);
    straighten(records);
    expect(times(records)).toEqual([0, 0, 10]);
  });

  test('is left alone while it drifts by less than a second', () => {
    const story = new Story('lb1').start(0).write(10.9, { kind: 'clocks', offsets: {} }, 10_000);
    straighten(story.records);
    expect(times(story.records)).toEqual([0, 0, 10.9]);
  });

  test('of one boot changes no time of another boot', () => {
    const story = new Story('lb1').start(100).start(50_000, 'host-restarted', 120);
    story.write(53_610, { kind: 'clocks', offsets: {} }, 50_010_000);
    straighten(story.records);
    expect(times(story.records)).toEqual([100, 100, 53_600, 53_600, 53_610]);
  });

  test('never makes times go back', () => {
    const story = new Story('lb1').start(10).to(9.8, 'BACKUP', 'started');
    straighten(story.records);
    expect(story.records.map((record) => record.at)).toEqual([at(10), at(10), at(10)]);
  });
});
