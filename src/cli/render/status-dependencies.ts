/** What instances depend on, and who belongs together, below the table of instances. */
import type { GroupDocument, StatusDocument, TrackDocument } from '../../control/protocol.ts';
import type { Screen } from './status.ts';
import { type Column, renderTable } from './table.ts';
import { formatAge, plain } from './text.ts';

interface Row extends TrackDocument {
  readonly instance: string;
}

/** Empty where nothing is tracked and there is no sync group. */
export function renderDependencies(
  { instances, sync_groups: groups }: StatusDocument,
  screen: Screen,
): string {
  const rows = instances.flatMap(({ name, tracks }) =>
    tracks.map((track): Row => ({ ...track, instance: name })),
  );
  const { width, palette } = screen;
  const tables = [
    groups.length === 0 ? '' : renderTable(groupColumns(screen), groups, width, palette.faint),
    rows.length === 0 ? '' : renderTable(trackColumns(screen), rows, width, palette.faint),
  ];
  return tables.map((table) => (table === '' ? '' : `\n${table}`)).join('');
}

function groupColumns({ palette, now }: Screen): Column<GroupDocument>[] {
  return [
    { title: 'SYNC GROUP', cell: ({ name }) => name, least: 8 },
    {
      title: 'STATE',
      cell: ({ state }) => state,
      paint: ({ state }) =>
        state === 'FAULT' ? palette.bad : state === 'MASTER' ? palette.good : plain,
    },
    { title: 'SINCE', cell: ({ since }) => formatAge(now.getTime() - Date.parse(since)) },
    { title: 'MODE', cell: ({ mode }) => mode },
    { title: 'INSTANCES', cell: (row) => row.instances.join(' '), least: 12 },
  ];
}

function trackColumns({ palette, now }: Screen): Column<Row>[] {
  return [
    { title: 'TRACKED BY', cell: ({ instance }) => instance, least: 8 },
    { title: 'TRACK', cell: ({ name }) => name, least: 8 },
    { title: 'KIND', cell: ({ kind }) => kind },
    {
      title: 'STATE',
      cell: ({ state, value }) => (value === null ? state : String(value)),
      paint: ({ state }) => (state === 'up' ? plain : palette.bad),
    },
    { title: 'SINCE', cell: ({ since }) => formatAge(now.getTime() - Date.parse(since)) },
    { title: 'WEIGHT', cell: ({ weight }) => (weight === null ? 'FAULT' : String(weight)) },
    { title: 'RESULT', cell: ({ result }) => result ?? '-', least: 12, shrinksLast: true },
  ];
}
