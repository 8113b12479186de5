/** The other directors as a table, and below it what they say and where they differ. */
import type { DirectorDocument, StatusDocument } from '../../control/protocol.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import { plain, printable } from '../terminal/text.ts';
import { ageOf, type Screen } from './status-details.ts';

/** From here on a clock offset is coloured, as the agent warns of it. */
const WARN_FROM_MS = 1_000;

export function renderPeers(directors: readonly DirectorDocument[], screen: Screen): string {
  if (directors.length === 0) return 'no peer link: the configuration has no "peer_link"\n';
  const { palette, width } = screen;
  const table = renderTable(columnsFor(screen), directors, width, palette.faint);
  return `${table}${directors.map((one) => details(one, screen)).join('')}`;
}

/** One line below the table of instances; nothing without a peer link. */
export function renderPeerSummary(
  { peers = [] }: StatusDocument,
  { palette, now }: Screen,
): string {
  if (peers.length === 0) return '';
  const texts = peers.map((one) => {
    const age = one.since === null ? '' : ` ${ageOf(one.since, now)}`;
    const differs = one.configuration === 'differs' ? ', configuration differs' : '';
    const paint = one.state === 'up' ? palette.good : palette.bad;
    return `${printable(one.name)} ${paint(one.state)}${age}${differs}`;
  });
  return `peers: ${texts.join('; ')}\n`;
}

function columnsFor({ palette, now }: Screen): Column<DirectorDocument>[] {
  return [
    { title: 'NAME', cell: ({ name }) => name, least: 8 },
    { title: 'ADDRESS', cell: ({ address }) => address, least: 10 },
    {
      title: 'STATE',
      cell: ({ state }) => state,
      paint: ({ state }) => (state === 'up' ? palette.good : palette.bad),
    },
    { title: 'SINCE', cell: ({ since }) => (since === null ? '-' : ageOf(since, now)) },
    { title: 'RTT', cell: ({ rtt_ms: rtt }) => (rtt === null ? '-' : `${rtt.toFixed(2)} ms`) },
    {
      title: 'CLOCK',
      cell: ({ clock_offset_ms: offset }) => (offset === null ? '-' : offsetText(offset)),
      paint: ({ clock_offset_ms: offset }) =>
        Math.abs(offset ?? 0) >= WARN_FROM_MS ? palette.notable : plain,
    },
    { title: 'VERSION', cell: ({ version }) => version ?? '-' },
    {
      title: 'CONFIG',
      cell: ({ configuration }) => configuration,
      paint: ({ configuration }) => (configuration === 'differs' ? palette.bad : plain),
    },
  ];
}

function offsetText(milliseconds: number): string {
  const sign = milliseconds < 0 ? '-' : '+';
  const amount = Math.abs(milliseconds);
  return amount < WARN_FROM_MS ? `${sign}${amount} ms` : `${sign}${(amount / 1_000).toFixed(1)} s`;
}

function details({ name, instances, differs }: DirectorDocument, { palette }: Screen): string {
  const lines = instances.map(({ name: instance, state, priority, faults }) => {
    const why = faults.length === 0 ? '' : ` ${palette.bad(printable(faults.join(' ')))}`;
    return `  ${printable(instance)} ${state} ${priority}${why}`;
  });
  const differing = differs.map((path) => `  ${palette.bad('differs')}: ${printable(path)}`);
  if (lines.length + differing.length === 0) return '';
  return [`${printable(name)}:`, ...lines, ...differing].map((line) => `${line}\n`).join('');
}
