/** `config/grafana/vrrp-agent.json`: the dashboard, in the form that Grafana 9 and later import. */
import { type PanelDefinition, ROWS, type RowDefinition, VARIABLES } from './grafana-panels.ts';
import { jsonText } from './json-text.ts';

export const path = 'config/grafana/vrrp-agent.json';

const SOURCE = { type: 'prometheus', uid: '$datasource' };
const COLUMNS = 24;
const WIDTH = 8;
const HEIGHT: Readonly<Record<PanelDefinition['kind'], number>> = {
  stat: 5,
  table: 8,
  timeseries: 8,
  'state-timeline': 8,
};

/** The number of the schema that Grafana 9.0 writes; later ones migrate it. */
const SCHEMA_VERSION = 36;

export function generate(): string {
  return jsonText(dashboard());
}

export function dashboard() {
  return {
    uid: 'vrrp-agent',
    title: 'vrrp-agent',
    description:
      'Directors that run vrrp-agent: a fleet, a pair, availability, servers and connections. ' +
      'Needs the recording rules of config/prometheus/recording.yaml.',
    tags: ['vrrp', 'ipvs'],
    editable: true,
    graphTooltip: 1,
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    refresh: '10s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    templating: { list: [dataSource(), ...VARIABLES.map(variable)] },
    annotations: { list: [] },
    panels: panels(),
  };
}

function dataSource() {
  return {
    name: 'datasource',
    label: 'Data source',
    type: 'datasource',
    query: 'prometheus',
    refresh: 1,
  };
}

function variable({ name, label, series, of }: (typeof VARIABLES)[number]) {
  const query = `label_values(${series}, ${of})`;
  return {
    ...{ name, label, type: 'query', datasource: SOURCE, definition: query },
    query: { query, refId: name },
    // When the time range changes: a new instance appears.
    ...{ refresh: 2, sort: 1, multi: true, includeAll: true, allValue: '.*' },
    current: { selected: true, text: ['All'], value: ['$__all'] },
  };
}

function panels() {
  const made: object[] = [];
  let top = 0;
  for (const row of ROWS) {
    made.push({
      ...{ id: made.length + 1, type: 'row', title: row.title, collapsed: false, panels: [] },
      gridPos: { h: 1, w: COLUMNS, x: 0, y: top },
    });
    top = addPanels(row, top + 1, made);
  }
  return made;
}

/** Returns the line below the row. */
function addPanels({ panels: definitions }: RowDefinition, top: number, made: object[]): number {
  let [x, y, height] = [0, top, 0];
  for (const definition of definitions) {
    const w = definition.width ?? WIDTH;
    const h = HEIGHT[definition.kind];
    if (x + w > COLUMNS) {
      y += height;
      [x, height] = [0, 0];
    }
    made.push(panel(definition, made.length + 1, { h, w, x, y }));
    x += w;
    height = Math.max(height, h);
  }
  return y + height;
}

function panel(definition: PanelDefinition, id: number, gridPos: object) {
  const { title, help, kind, queries } = definition;
  const isInstant = kind === 'stat' || kind === 'table';
  return {
    ...{ id, type: kind, title, description: help, datasource: SOURCE, gridPos },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      ...{ datasource: SOURCE, expr, legendFormat: legend },
      ...(isInstant ? { instant: true } : { range: true }),
      ...(kind === 'table' ? { format: 'table' } : {}),
    })),
    fieldConfig: { defaults: fieldDefaults(definition), overrides: [] },
    ...optionsOf(kind),
  };
}

function fieldDefaults({ unit = 'short', decimals, words, bad }: PanelDefinition) {
  return {
    unit,
    decimals,
    mappings: words === undefined ? [] : [{ type: 'value', options: mappingOf(words) }],
    ...(bad === undefined
      ? {}
      : { color: { mode: 'thresholds' }, thresholds: { mode: 'absolute', steps: stepsOf(bad) } }),
  };
}

function mappingOf(words: NonNullable<PanelDefinition['words']>) {
  const entries = Object.entries(words);
  return Object.fromEntries(
    entries.map(([value, { text, color }], index) => [value, { text, color, index }]),
  );
}

function stepsOf(bad: NonNullable<PanelDefinition['bad']>) {
  const isAbove = 'above' in bad;
  return [
    { color: isAbove ? 'green' : 'red', value: null },
    { color: isAbove ? 'red' : 'green', value: isAbove ? bad.above : bad.below },
  ];
}

function optionsOf(kind: PanelDefinition['kind']): object {
  switch (kind) {
    case 'stat':
      return {
        options: {
          ...{ colorMode: 'value', graphMode: 'none', textMode: 'auto', justifyMode: 'auto' },
          reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
        },
      };
    case 'table':
      return {
        options: { showHeader: true },
        transformations: [
          {
            id: 'organize',
            options: {
              excludeByName: { Time: true, Value: true, __name__: true, state: true, job: true },
              renameByName: { exported_instance: 'virtual router', instance: 'director' },
            },
          },
        ],
      };
    case 'timeseries':
      return {
        options: { legend: { displayMode: 'list', placement: 'bottom', showLegend: true } },
      };
    case 'state-timeline':
      return { options: { mergeValues: true, showValue: 'auto', rowHeight: 0.9 } };
  }
}
