import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Place;
  readonly datasource?: object;
  readonly targets?: readonly { refId: string; datasource: object; expr: string }[];
  readonly fieldConfig?: { defaults: { unit: string } };
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly datasource?: object;
}

const FILE = new URL('../../../config/grafana/vrrp-agent.json', import.meta.url);
const dashboard = JSON.parse(readFileSync(FILE, 'utf8')) as {
  panels: readonly Panel[];
  templating: { list: readonly Variable[] };
};
const { panels } = dashboard;
const shown = panels.filter(({ type }) => type !== 'row');
const variables = dashboard.templating.list;

const COLUMNS = 24;

/** Of Grafana's `valueFormats`: an unknown one is shown as plain text behind each number. */
const UNITS = ['short', 's', 'percentunit', 'Bps'];

/** `uid` names the variable with which the reader selects a data source. */
const SOURCE = { type: 'prometheus', uid: '$datasource' };

function overlap(a: Place, b: Place): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

describe('the dashboard of Grafana', () => {
  test('has panels with a number and a title of their own', () => {
    expect(shown.length).toBeGreaterThan(20);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(shown.map(({ title }) => title)).size).toBe(shown.length);
  });

  test('has panels within its columns, none above another', () => {
    const outside = panels.filter(({ gridPos: { x, w, h } }) => x + w > COLUMNS || w * h <= 0);
    const hidden = panels.flatMap((one, at) =>
      panels
        .slice(at + 1)
        .filter((other) => overlap(one.gridPos, other.gridPos))
        .map((other) => `${one.title} / ${other.title}`),
    );
    expect([outside, hidden]).toEqual([[], []]);
  });

  test('asks the data source that the reader selects, everywhere', () => {
    expect(variables[0]).toMatchObject({ name: 'datasource', type: 'datasource' });
    const asking = [
      ...shown.map(({ datasource }) => datasource),
      ...shown.flatMap(({ targets = [] }) => targets.map(({ datasource }) => datasource)),
      ...variables.slice(1).map(({ datasource }) => datasource),
    ];
    expect(asking.filter((one) => JSON.stringify(one) !== JSON.stringify(SOURCE))).toEqual([]);
  });

  test('has a query in every panel, with units and variables that exist', () => {
    expect(shown.filter(({ targets = [] }) => targets.length === 0)).toEqual([]);
    const units = new Set(shown.map(({ fieldConfig }) => fieldConfig?.defaults.unit));
    expect([...units].filter((unit) => !UNITS.includes(unit ?? ''))).toEqual([]);
    const known = [...variables.map(({ name }) => name), '__rate_interval', '__range'];
    const used = shown
      .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
      .flatMap((expr) => [...expr.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name));
    expect(used.filter((name) => !known.includes(name ?? ''))).toEqual([]);
    expect(used).toContain('director');
  });
});
