/** `fsm/vrrp/README.md`: the chart and the table of the VRRP machine, read off the machine itself. */

import { type Table, type TableTransition, vrrpTable } from '../../fsm/step.ts';

export const path = 'fsm/vrrp/README.md';

/** The text of the page. */
export function generate(): string {
  return [
    '# The VRRP state machine',
    '',
    'Generated from `machine.ts` by `npm run gen`; do not edit.',
    '',
    'States as people see them: INIT (`initialize`), BACKUP (`backup`), MASTER (`holding.master`, and',
    '`holding.releasing` while the successor is awaited), FAULT (`fault`).',
    '',
    ...chart(vrrpTable),
    '',
    ...table(vrrpTable),
    '',
    'A row without a next state stays where it is. Rows of one event are tried from top to bottom;',
    'an event without a row means nothing in that state and changes nothing.',
    '',
  ].join('\n');
}

function chart({ initial, states }: Table): string[] {
  const arrows = new Map<string, Set<string>>();
  for (const state of states.values()) {
    for (const row of rowsOf(state)) {
      if (row.target === undefined) continue;
      const key = `${idOf(state.name)} --> ${idOf(row.target)}`;
      arrows.set(key, (arrows.get(key) ?? new Set()).add(row.event));
    }
  }
  return [
    '```mermaid',
    'stateDiagram-v2',
    `  [*] --> ${idOf(initial)}`,
    ...[...states.keys()].map((name) => `  ${idOf(name)}: ${name}`),
    ...[...arrows].map(([arrow, events]) => `  ${arrow}: ${[...events].join(', ')}`),
    '```',
  ];
}

function table({ states }: Table): string[] {
  const lines = ['| state | event | if | next | does | why |', '|---|---|---|---|---|---|'];
  for (const state of states.values()) {
    for (const row of rowsOf(state)) {
      const does = row.actions.map((action) => action.type).join(', ') || '–';
      lines.push(
        `| ${state.name} | ${row.event} | ${row.guard ?? ''} | ${row.target ?? ''} | ${does} | ${row.description} |`,
      );
    }
  }
  return lines;
}

function rowsOf(state: { readonly transitions: ReadonlyMap<string, readonly TableTransition[]> }) {
  return [...state.transitions.values()].flat();
}

function idOf(name: string): string {
  return name.replace('.', '_');
}
