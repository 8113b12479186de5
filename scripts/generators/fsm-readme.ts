/** `fsm/vrrp/README.md`: the chart and the table of the VRRP machine, from the machine itself. */

import { type Table, type TableTransition, vrrpTable } from '../../fsm/step.ts';
import { IGNORED } from '../../fsm/vrrp/machine.ts';

export const path = 'fsm/vrrp/README.md';

/** The text of the page. */
export function generate(): string {
  return [
    '# The VRRP state machine',
    '',
    'Generated from `machine.ts` by `npm run gen`; do not edit.',
    '',
    'States as operators see them: INIT (`initialize`), BACKUP (`backup.*`), MASTER (`holding.*`), FAULT',
    '(`fault`).',
    '',
    ...descriptions(vrrpTable),
    '',
    ...chart(vrrpTable),
    '',
    ...table(vrrpTable),
    '',
    'A row without a next state stays where it is. Rows of one event are tried from top to bottom.',
    '`repeats`: an equal event that comes next has the same effects, and the table is not asked again.',
    '',
    'Events that mean nothing in a state and change nothing:',
    '',
    ...ignored(),
    '',
  ].join('\n');
}

function descriptions({ states }: Table): string[] {
  return [...states.values()].map(({ name, description }) => `- \`${name}\`: ${description}`);
}

function ignored(): string[] {
  return Object.entries(IGNORED).map(
    ([state, events]) => `- \`${state}\`: ${[...events].sort().join(', ')}`,
  );
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
      const done = row.actions.map((action) => action.type).join(', ') || '–';
      const does = row.meta.repeats === true ? `${done} (repeats)` : done;
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
