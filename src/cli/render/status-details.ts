/** The parts of `status` below the table of instances: problems with peers, sync groups, tracked objects, connections. */
import type { ConnectionsDocument, MoveDocument } from '../../control/ipvs-document.ts';
import type {
  BfdDocument,
  GroupDocument,
  StatusDocument,
  TrackDocument,
} from '../../control/protocol.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import { formatAge, type Palette, plain, printable } from '../terminal/text.ts';

export interface Screen {
  readonly palette: Palette;
  /** In characters. */
  readonly width: number;
  readonly now: Date;
}

interface Row extends TrackDocument {
  readonly instance: string;
}

/** Routers that cannot be peers as both are configured, and what to change; empty without any. */
export function renderPeerProblems(
  { instances }: StatusDocument,
  { palette, now }: Screen,
): string {
  const lines = instances.flatMap(({ name, peer_problems: problems = [] }) =>
    problems.map(({ peer, since, message }) =>
      palette.bad(printable(`! ${name}: ${peer}, for ${ageOf(since, now)}: ${message}`)),
    ),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** Programs beside the agent that speak VRRP; empty without any. */
export function renderOtherPrograms(
  { other_programs: programs = [] }: StatusDocument,
  { palette }: Screen,
): string {
  return programs
    .map(({ message, instances }) => {
      const paint = instances.length === 0 ? palette.notable : palette.bad;
      return `${paint(printable(`! ${message}`))}\n`;
    })
    .join('');
}

/** That events do not reach the disk; empty while they do. */
export function renderHistoryTrouble({ history }: StatusDocument, { palette }: Screen): string {
  if (history?.state !== 'failed') return '';
  const text = `! the history cannot be written (vrrp-agent events): ${history.lost} events are missing`;
  return `${palette.notable(text)}\n`;
}

/** BACKUPs that hear no advertisement and do not take over, with the evidence; empty without any. */
export function renderPathLosses({ instances }: StatusDocument, { palette, now }: Screen): string {
  const lines = instances.flatMap(({ name, path_lost: loss }) =>
    loss === undefined
      ? []
      : [palette.bad(printable(`! ${name}: for ${ageOf(loss.since, now)}: ${loss.reason}`))],
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** Empty without tracked objects and sync groups. */
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
    { title: 'SINCE', cell: ({ since }) => ageOf(since, now) },
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
    { title: 'SINCE', cell: ({ since }) => ageOf(since, now) },
    { title: 'WEIGHT', cell: weightText },
    { title: 'RESULT', cell: ({ result }) => result ?? '-', least: 12, shrinksLast: true },
  ];
}

/** Empty without sessions of BFD. */
export function renderBfd({ bfd = [] }: StatusDocument, screen: Screen): string {
  if (bfd.length === 0) return '';
  const { width, palette } = screen;
  return `\n${renderTable(bfdColumns(screen), bfd, width, palette.faint)}`;
}

function bfdColumns({ palette, now }: Screen): Column<BfdDocument>[] {
  return [
    { title: 'BFD NEIGHBOUR', cell: neighbourText, least: 12 },
    {
      title: 'STATE',
      cell: ({ state }) => state,
      paint: ({ state }) => (state === 'Up' ? plain : palette.bad),
    },
    { title: 'SINCE', cell: ({ since }) => ageOf(since, now) },
    { title: 'SENDS EVERY', cell: ({ transmit_interval_ms: interval }) => msText(interval) },
    { title: 'DOWN AFTER', cell: ({ detection_time_ms: time }) => msText(time) },
    { title: 'DOWNS', cell: ({ downs }) => String(downs) },
    { title: 'REFUSED', cell: ({ packets_refused: count }) => String(count) },
    { title: 'DIAGNOSTIC', cell: diagnosticText, least: 12, shrinksLast: true },
  ];
}

function neighbourText({ neighbour, link, multihop }: BfdDocument): string {
  const place = link === null ? '' : `%${link}`;
  return `${neighbour}${place}${multihop ? ' multihop' : ''}`;
}

function msText(milliseconds: number | null): string {
  return milliseconds === null ? '-' : `${milliseconds} ms`;
}

/** Of both sides; the neighbour's says what it has noticed. */
function diagnosticText({ error, diagnostic, remote_diagnostic: remote }: BfdDocument): string {
  if (error !== null) return error;
  const own = diagnostic === 'none' ? '' : diagnostic;
  const other = remote === 'none' ? '' : `neighbour: ${remote}`;
  return [own, other].filter((one) => one !== '').join('; ') || '-';
}

/** Empty unless this host answers for VIPs that are not from the agent. */
export function renderStrays({ instances }: StatusDocument): string {
  const lines = instances.flatMap((instance) =>
    (instance.stray_addresses ?? [])
      .filter(({ answers }) => answers)
      .map(({ address, interface: link }) => {
        const found = `${instance.name}: this host has ${address} on ${link}`;
        const removal = `ip addr del ${address} dev ${link}`;
        return link === instance.interface
          ? `${found} from another program, and keeps it even as BACKUP: ${removal}, or choose another VIP if it is the host's own`
          : `${found}, too, and answers for it even as BACKUP: ${removal}`;
      }),
  );
  return lines.length === 0 ? '' : `\n${lines.map((line) => `${printable(line)}\n`).join('')}`;
}

/** The process that runs the checks: a line if there is something to say about it. */
export function renderChecker({ checker }: StatusDocument, { now, palette }: Screen): string {
  if (checker === undefined) return '';
  const { state, pid, since, restarts, last_end: last } = checker;
  const ends = last === null ? '' : `, last ended ${ageOf(last.at, now)} ago: ${last.reason}`;
  const counted = restarts === 0 ? '' : `, ${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`;
  const age = ageOf(since, now);
  const line =
    state === 'running'
      ? `checker: pid ${pid}, up ${age}${counted}${ends}`
      : `checker: not running for ${age}${counted}${ends}`;
  const paint = state === 'running' ? plain : palette.bad;
  return `${paint(printable(line))}\n`;
}

/** Empty if no connection table follows an instance. */
export function renderConnections({ instances }: StatusDocument, screen: Screen): string {
  const blocks = instances.flatMap(({ name, connections }) =>
    connections === undefined ? [] : [blockOf(name, connections, screen)],
  );
  return blocks.length === 0 ? '' : `\n${blocks.join('')}`;
}

function blockOf(name: string, connections: ConnectionsDocument, { now }: Screen): string {
  const { live, peers, moves } = connections;
  const others = peers.map(peerText);
  const silent = connections.catch_up ? '; no other director reports its table' : '';
  const known = others.length === 0 ? silent : `; ${others.join('; ')}`;
  const lines = [`${name}: ${live} connections here${known}`];
  if (moves.last !== null) lines.push(`  ${moveText(moves.last, now)}`);
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function peerText({ name, master, live, missing }: ConnectionsDocument['peers'][number]): string {
  if (missing === null) return `${name} has ${live}, not compared yet`;
  if (!master) return missing === 0 ? `${name} lacks none of them` : `${name} lacks ${missing}`;
  return missing === 0
    ? `none of the ${live} connections of ${name} is missing`
    : `${missing} of the ${live} connections of ${name} are missing`;
}

function moveText({ at, move, live, peers }: MoveDocument, now: Date): string {
  const age = ageOf(at, now);
  const [former] = peers;
  if (move === 'take-over') {
    const from = `taken over from ${former?.name ?? 'another director'} ${age} ago`;
    return `${from}: ${numberOf(former?.missing)} of ${live} were lost, ${numberOf(former?.missing_before)} were missing at that moment`;
  }
  const lacked = peers.map(({ name, missing }) => `${name} lacked ${numberOf(missing)}`).join(', ');
  const what = lacked === '' ? 'no director reported its table' : lacked;
  return `handed over ${age} ago: of ${live}, ${what}`;
}

function numberOf(count: number | null | undefined): string {
  return count === null || count === undefined ? 'an unknown number' : String(count);
}

export function ageOf(since: string, now: Date): string {
  return formatAge(now.getTime() - Date.parse(since));
}

function weightText({ weight, reverse }: Pick<Row, 'weight' | 'reverse'>): string {
  const effect = weight === null ? 'FAULT' : String(weight);
  return reverse ? `${effect} reverse` : effect;
}
