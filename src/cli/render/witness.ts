/** The witness as `witness status` and `status` show it. */
import type { StatusDocument } from '../../control/protocol.ts';
import type {
  InstanceWitnessDocument,
  WitnessDocument,
  WitnessStatusDocument,
} from '../../control/witness-document.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import { type Palette, plain, printable } from '../terminal/text.ts';
import { ageOf, type Screen } from './status-details.ts';

type Row = WitnessStatusDocument['instances'][number];

const RIGHT: { readonly [Right in InstanceWitnessDocument['right']]: string } = {
  peers: 'sees the others',
  held: 'holds the key',
  'went-on': 'none, but MASTER',
  none: 'none',
};

export function renderWitness(
  { witness, instances }: WitnessStatusDocument,
  screen: Screen,
): string {
  if (witness === null) return 'no witness: the configuration has no "witness"\n';
  const { palette, width } = screen;
  const { endpoints, problems, prefix, ttl_ms: ttl, on_loss: onLoss, keys } = witness;
  const members = endpoints.map(({ url, state, detail }) => {
    const paint = state === 'up' ? palette.good : state === 'down' ? palette.bad : plain;
    return `  ${printable(url)} ${paint(state)}${detail === null ? '' : `: ${printable(detail)}`}`;
  });
  const held = keys.map(
    ({ instance, director }) =>
      `  ${printable(`${prefix}${instance}`)}: ${printable(director ?? 'a value of another program')}`,
  );
  const table =
    instances.length === 0
      ? 'no instance has "witness: true"\n'
      : renderTable(columnsFor(screen), instances, width, palette.faint);
  const lines = [
    conditionText(witness, screen),
    `  keys ${printable(prefix)}NAME, ttl ${ttl / 1_000} s, on_loss ${onLoss}`,
    ...members,
    ...(held.length === 0 ? [] : ['keys at the last look, a minute ago at most:', ...held]),
    ...problems.map((problem) => palette.notable(printable(`! ${problem}`))),
  ];
  return `${lines.map((line) => `${line}\n`).join('')}${table}`;
}

/** One line below the table of instances, and one for each that a cut concerns; nothing without a witness. */
export function renderWitnessSummary(status: StatusDocument, screen: Screen): string {
  const { witness, instances } = status;
  if (witness === undefined) return '';
  const { palette } = screen;
  const own = instances.flatMap((instance) => {
    const { name, witness: of } = instance;
    if (of === undefined || !isConcerned(instance, of, status)) return [];
    return [paintOf(of, palette)(printable(`  ${name}: ${rightText(of, screen)}`))];
  });
  const problems = witness.problems.map((one) => palette.notable(printable(`! ${one}`)));
  return [conditionText(witness, screen), ...own, ...problems].map((line) => `${line}\n`).join('');
}

/** A BACKUP of a MASTER that it sees has no right and needs none, nor does what is out of service. */
function isConcerned(
  { state, master }: StatusDocument['instances'][number],
  { right, holder }: InstanceWitnessDocument,
  { peers = [] }: StatusDocument,
): boolean {
  if (right !== 'none') return right !== 'peers';
  if (state !== 'BACKUP') return state === 'MASTER';
  return holder !== null || master === null || peers.some((one) => one.state !== 'up');
}

function conditionText(
  { up, since, detail, version }: WitnessDocument,
  { palette, now }: Screen,
): string {
  const state = up ? palette.good('up') : palette.bad('down');
  const etcd = version === null ? 'etcd' : `etcd ${version}`;
  const why = detail === null ? '' : `: ${detail}`;
  return `witness: ${printable(etcd)} ${state} ${ageOf(since, now)}${printable(why)}`;
}

function columnsFor(screen: Screen): Column<Row>[] {
  const { palette } = screen;
  return [
    { title: 'NAME', cell: ({ name }) => name, least: 8 },
    { title: 'STATE', cell: ({ state }) => state },
    {
      title: 'RIGHT',
      cell: ({ right }) => RIGHT[right],
      paint: (row) => paintOf(row, palette),
    },
    { title: 'FOR', cell: ({ until }) => remaining(until, screen) },
    { title: 'KEY', cell: ({ holds, holder }) => (holds ? 'here' : (holder ?? '-')) },
  ];
}

function rightText(of: InstanceWitnessDocument, screen: Screen): string {
  const { right, until, holder } = of;
  const rest = until === null ? '' : ` for ${remaining(until, screen)} more, unless it is renewed`;
  const other = holder === null ? '' : `; director ${holder} has the key`;
  switch (right) {
    case 'held':
      return `holds the key${rest}`;
    case 'went-on':
      return 'is MASTER without permission (on_loss: go_on): there may be a second owner';
    case 'none':
      return `may not have the VIPs: neither the other directors nor the witness allow it${other}`;
    case 'peers':
      return `sees the other directors${rest}`;
  }
}

function remaining(until: string | null, { now }: Screen): string {
  if (until === null) return '-';
  return `${Math.max(0, (Date.parse(until) - now.getTime()) / 1_000).toFixed(1)} s`;
}

function paintOf({ right }: InstanceWitnessDocument, palette: Palette) {
  switch (right) {
    case 'held':
      return palette.good;
    case 'went-on':
      return palette.bad;
    case 'none':
      return palette.notable;
    case 'peers':
      return plain;
  }
}
