import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { LATENESS_METRIC, METRICS } from '../../../src/observe/metrics/metric-table.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const FILE = new URL('../../../config/prometheus/alerts.yaml', import.meta.url);

const { groups } = parse(readFileSync(FILE, 'utf8'), { strict: true }) as {
  groups: { name: string; rules: Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);

/** Labels Prometheus puts there, and ours under the names it gives them. */
const LABELS = new Set([
  'job',
  'instance',
  'exported_instance',
  'le',
  ...METRICS.flatMap(({ labels }) => labels),
]);

const NAMES = new Set([
  'up',
  ...METRICS.map(({ name }) => name),
  ...['bucket', 'sum', 'count'].map((suffix) => `${LATENESS_METRIC.name}_${suffix}`),
]);

describe.each(rules)('the alert $alert', ({ alert, expr, labels, annotations, ...rest }) => {
  test('asks for metrics that exist', () => {
    const names = expr.match(/\b(vrrp_\w+|up)\b/g) ?? [];
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !NAMES.has(name))).toEqual([]);
  });

  test('uses labels that exist', () => {
    const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
      list.split(', '),
    );
    const selected = [...expr.matchAll(/[{,]\s*(\w+)="/g)].map(([, name = '']) => name);
    const named = [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(
      ([, name = '']) => name,
    );
    const used = [...grouped, ...selected, ...named];
    expect(used.filter((name) => !LABELS.has(name))).toEqual([]);
    if (grouped.length > 0) expect(grouped).toEqual(expect.arrayContaining(named));
  });

  test('has everything a rule has', () => {
    expect(alert).toMatch(/^Vrrp[A-Z]\w+$/);
    expect(rest.for ?? '0s').toMatch(/^\d+[sm]$/);
    expect(['critical', 'warning']).toContain(labels['severity']);
    expect(annotations['summary']).toBeTruthy();
    expect(annotations['description']).toBeTruthy();
    expect(expr.split('(').length).toBe(expr.split(')').length);
  });
});

test('no two alerts have the same name', () => {
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
});
