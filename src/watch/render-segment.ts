/** Text for people: a table of senders, the findings, and a free VRID. */

import { type Column, renderTable } from '../cli/terminal/table.ts';
import { formatAge, type Paint, type Palette, plain, printable } from '../cli/terminal/text.ts';
import { type Duration, formatDuration, wholeMilliseconds } from '../net/time.ts';
import type { SegmentFinding } from './segment/findings.ts';
import type { SegmentSnapshot } from './segment/segment.ts';
import type { SenderRow } from './segment/sender.ts';
import type { PastFinding, SegmentEvent } from './segment/timeline.ts';
import { isoTime } from './segment-document.ts';

export interface SegmentScreen {
  /** The interface, or the file of a capture. */
  readonly from: string;
  readonly palette: Palette;
  readonly width: number;
  readonly past: readonly PastFinding[];
}

const CHANGES = {
  appeared: 'appeared',
  changed: 'changed',
  resigned: 'resigned',
  silent: 'is silent',
  returned: 'is back',
} as const;

export function renderSegment(snapshot: SegmentSnapshot, screen: SegmentScreen): string {
  const { senders, findings } = snapshot;
  const { palette, width, past } = screen;
  const title = `${palette.strong(printable(screen.from))}: ${summary(snapshot)}\n`;
  const table =
    senders.length === 0
      ? ''
      : renderTable(columnsFor(snapshot, palette), senders, width, palette.faint);
  const lines = [
    ...findings.map((finding) => palette.bad(`! ${findingText(finding)}`)),
    ...past.map(
      ({ finding, from, to }) =>
        `  over: ${findingText(finding)} (${isoTime(from)} to ${isoTime(to)})`,
    ),
    hintText(snapshot),
  ];
  return `${title}${table}${lines.map((line) => `${line}\n`).join('')}`;
}

/** One line for one event; it names the segment if there are several. */
export function renderSegmentEvent(event: SegmentEvent, palette: Palette, segment = ''): string {
  const where = segment === '' ? '' : `${printable(segment)}: `;
  const time = `${palette.faint(isoTime(event.at))}  ${where}`;
  if (event.kind === 'finding') {
    const paint = event.change === 'raised' ? palette.bad : plain;
    const mark = event.change === 'raised' ? '!' : 'over:';
    return `${time}${paint(`${mark} ${findingText(event.finding)}`)}\n`;
  }
  const { sender, change } = event;
  const { family, vrid, source, claims } = sender;
  const said =
    claims === undefined
      ? 'nothing valid'
      : `priority ${claims.priority}, every ${formatDuration(claims.interval)}, version ${sender.version}, ${addressText(sender)}`;
  return `${time}${family} VRID ${vrid}: ${source} ${CHANGES[change]}: ${said}\n`;
}

function summary({ senders, overflow, incomplete }: SegmentSnapshot): string {
  const partly =
    incomplete === 0 ? '' : `; ${counted(incomplete, 'packet')} incomplete (fragments missing)`;
  if (senders.length === 0) return `no VRRP heard${partly}`;
  const routers = new Set(senders.map(({ family, vrid }) => `${family} ${vrid}`)).size;
  const lost = overflow === 0 ? '' : `; ${overflow} packets from more senders ignored`;
  return `${counted(routers, 'virtual router')}, ${counted(senders.length, 'sender')}${lost}${partly}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function columnsFor(
  { at, findings, senders }: SegmentSnapshot,
  palette: Palette,
): Column<SenderRow>[] {
  const nameOf = (family: string, vrid: number, source: string) => `${family} ${vrid} ${source}`;
  const marked = new Set(
    findings.flatMap(({ family, vrid, sources }) =>
      sources.map((source) => nameOf(family, vrid, source)),
    ),
  );
  const isMarked = ({ family, vrid, source }: SenderRow) =>
    marked.has(nameOf(family, vrid, source));
  const mark = (row: SenderRow): Paint => (isMarked(row) ? palette.bad : plain);
  return [
    { title: '', cell: (row) => (isMarked(row) ? '!' : ' '), paint: mark },
    { title: 'FAMILY', cell: (row) => row.family },
    { title: 'VRID', cell: (row) => `${row.vrid}` },
    { title: 'SOURCE', cell: (row) => row.source, paint: mark, least: 10 },
    { title: 'STATE', cell: stateOf, paint: (row) => statePaint(row, palette) },
    { title: 'PRIO', cell: ({ claims }) => `${claims?.priority ?? '-'}` },
    { title: 'EVERY', cell: ({ claims }) => durationText(claims?.interval) },
    { title: 'HEARD', cell: ({ measuredInterval }) => durationText(rounded(measuredInterval)) },
    { title: 'VER', cell: (row) => `${row.version}` },
    { title: 'SUM', cell: sumOf },
    ...(senders.some(isSigned) ? [{ title: 'HMAC', cell: hmacOf }] : []),
    { title: 'ADDRESSES', cell: addressText, least: 10 },
    { title: 'LAST', cell: (row) => formatAge((at - row.lastSeen) / 1_000) },
    { title: 'ADVERTS', cell: (row) => `${row.adverts}` },
    { title: 'REFUSED', cell: refusedText, least: 7, shrinksLast: true },
  ];
}

function stateOf({ state }: SenderRow): string {
  return state === 'master' ? 'MASTER' : state;
}

function statePaint({ state }: SenderRow, palette: Palette): Paint {
  if (state === 'master') return palette.good;
  return state === 'refused' ? palette.bad : palette.faint;
}

function sumOf({ claims }: SenderRow): string {
  if (claims?.checksumForm === undefined) return '-';
  return claims.checksumForm === 'rfc9568' ? 'rfc' : 'pseudo';
}

function isSigned({ claims }: SenderRow): boolean {
  return claims?.signature !== undefined;
}

/** A clock that agrees is not worth a word; a `?` without a key to check with. */
function hmacOf({ claims, clockTenths = 0 }: SenderRow): string {
  if (claims?.signature === undefined) return '-';
  const { keyId, verified } = claims.signature;
  const sign = clockTenths > 0 ? '+' : '';
  const clock = Math.abs(clockTenths) < 5 ? '' : ` ${sign}${(clockTenths / 10).toFixed(1)}s`;
  return `key ${keyId}${verified ? '' : '?'}${clock}`;
}

/** One address is enough to tell clusters apart, but not the link-local one that IPv6 lists start with. */
function addressText({ claims }: SenderRow): string {
  const addresses = claims?.addresses ?? [];
  const shown = addresses.find((address) => !address.startsWith('fe80:')) ?? addresses[0];
  if (shown === undefined) return '-';
  return addresses.length > 1 ? `${shown} +${addresses.length - 1}` : shown;
}

function refusedText({ refused }: SenderRow): string {
  return refused.map(({ reason, count }) => `${reason} ${count}`).join(' ') || '-';
}

/** A listener's clock is no more precise than a millisecond. */
function rounded(duration: Duration | undefined): Duration | undefined {
  return duration === undefined ? undefined : wholeMilliseconds(duration);
}

function durationText(duration: Duration | undefined): string {
  return duration === undefined ? '-' : formatDuration(duration);
}

function findingText({ code, family, vrid, message, advice }: SegmentFinding): string {
  return `${family} VRID ${vrid} ${code}: ${message}; ${advice}`;
}

function hintText({ freeVrid }: SegmentSnapshot): string {
  return freeVrid === undefined
    ? 'no VRID is free'
    : `free VRID: ${freeVrid} (not heard here; a router that is down may use it)`;
}
