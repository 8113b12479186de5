import { describe, expect, test } from 'vitest';
import { MetricText } from '../../../../src/observe/metrics/metric-text.ts';

/** Returns the lines of samples with these labels, without the head. */
function linesOf(type: 'counter' | 'gauge', ...labels: string[]) {
  const metric = new MetricText({ name: 'm', type, help: 'Of a test.', labels });
  return (...samples: readonly (readonly [Record<string, string | number>, number])[]) =>
    metric
      .text(samples.map(([given, value]) => ({ labels: given, value })))
      .trimEnd()
      .split('\n')
      .slice(2);
}

const [A, B] = [{ name: 'a' }, { name: 'b' }];

describe('the text of a metric', () => {
  test('begins with its help and type', () => {
    const metric = new MetricText({ name: 'm', type: 'gauge', help: 'A \\ and\nB.', labels: [] });
    expect(metric.text([{ labels: {}, value: 1.5 }])).toBe(
      '# HELP m A \\\\ and\\nB.\n# TYPE m gauge\nm 1.5\n',
    );
  });

  test('has the values of the last samples, whatever was there before', () => {
    const lines = linesOf('counter', 'name');
    expect(lines([A, 1], [B, 2])).toEqual(['m{name="a"} 1', 'm{name="b"} 2']);
    expect(lines([A, 5], [B, 2])).toEqual(['m{name="a"} 5', 'm{name="b"} 2']);
    expect(lines([B, 3])).toEqual(['m{name="b"} 3']);
    expect(lines([B, 4], [A, 0])).toEqual(['m{name="b"} 4', 'm{name="a"} 0']);
    expect(lines([{ name: 'c' }, 4], [A, 1])).toEqual(['m{name="c"} 4', 'm{name="a"} 1']);
    expect(lines()).toEqual([]);
  });

  test('has one line for equal labels, which Prometheus would refuse twice', () => {
    const given = [
      [A, 1],
      [B, 2],
      [{ ...A }, 4],
    ] as const;
    const [counters, gauges] = [linesOf('counter', 'name'), linesOf('gauge', 'name')];
    for (const _ of ['new', 'known']) {
      expect(counters(...given)).toEqual(['m{name="a"} 5', 'm{name="b"} 2']);
      expect(gauges(...given)).toEqual(['m{name="a"} 4', 'm{name="b"} 2']);
    }
  });

  test('has a line for a counter without labels from the start, for a gauge once it has a value', () => {
    expect(linesOf('counter')()).toEqual(['m 0']);
    expect(linesOf('gauge')()).toEqual([]);
    expect(linesOf('gauge')([{}, 3])).toEqual(['m 3']);
  });

  test('escapes label values, and has the labels in the order of the definition', () => {
    expect(linesOf('gauge', 'vrid', 'name')([{ name: 'a"b\\c\nd', vrid: 55 }, 1])).toEqual([
      'm{vrid="55",name="a\\"b\\\\c\\nd"} 1',
    ]);
  });
});
