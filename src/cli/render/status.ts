/** The status document as a table: one line for the router, one for each instance. */
import type { InstanceDocument, StatusDocument } from '../../control/protocol.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import { type Paint, type Palette, plain, printable } from '../terminal/text.ts';
import { renderPeerSummary } from './peers.ts';
import { renderAuthentication } from './status-authentication.ts';
import {
  ageOf,
  renderBfd,
  renderChecker,
  renderConnections,
  renderDependencies,
  renderHistoryTrouble,
  renderOtherPrograms,
  renderPathLosses,
  renderPeerProblems,
  renderStrays,
  type Screen,
} from './status-details.ts';
import { renderWitnessSummary } from './witness.ts';

export function renderStatus(status: StatusDocument, screen: Screen): string {
  const instances =
    status.instances.length === 0
      ? ''
      : renderTable(
          columnsFor(screen, status.instances),
          status.instances,
          screen.width,
          screen.palette.faint,
        );
  const details = [
    renderOtherPrograms,
    renderHistoryTrouble,
    renderPathLosses,
    renderPeerProblems,
    renderStrays,
    renderAuthentication,
    renderDependencies,
    renderBfd,
    renderConnections,
  ]
    .map((render) => render(status, screen))
    .join('');
  const others = `${renderPeerSummary(status, screen)}${renderWitnessSummary(status, screen)}`;
  return `${summary(status, screen)}\n${renderChecker(status, screen)}${instances}${others}${details}`;
}

/** `lb1: 2 MASTER, 1 FAULT; up 3d04h, pid 812, version 0.1.0`. */
function summary({ router, instances, started_at, pid, version }: StatusDocument, screen: Screen) {
  const counts = new Map<string, number>();
  for (const { state } of instances) counts.set(state, (counts.get(state) ?? 0) + 1);
  const states = ['MASTER', 'BACKUP', 'FAULT', 'INIT']
    .filter((state) => counts.has(state))
    .map((state) => `${counts.get(state)} ${state}`);
  const what = states.length === 0 ? 'no instances' : states.join(', ');
  const up = ageOf(started_at, screen.now);
  return `${screen.palette.strong(printable(router))}: ${what}; up ${up}, pid ${pid}, version ${version}`;
}

function columnsFor(
  { palette, now }: Screen,
  instances: readonly InstanceDocument[],
): Column<InstanceDocument>[] {
  const hasVrf = instances.some(({ vrf }) => (vrf ?? null) !== null);
  const hasVirtualMac = instances.some(({ virtual_mac }) => virtual_mac !== null);
  return [
    { title: 'NAME', cell: (row) => row.name, least: 8 },
    { title: 'STATE', cell: stateOf, paint: (row) => statePaint(row, palette) },
    { title: 'SINCE', cell: (row) => ageOf(row.since, now) },
    { title: 'PRIO', cell: priorityOf },
    { title: 'MASTER', cell: (row) => row.master?.address ?? '-', least: 10 },
    { title: 'VIPS', cell: addressesOf, least: 10 },
    ...(hasVrf ? [{ title: 'VRF', cell: ({ vrf }: InstanceDocument) => vrf ?? '-' }] : []),
    ...(hasVirtualMac ? [{ title: 'VIRTUAL MAC', cell: virtualMacOf, least: 17 }] : []),
    {
      title: 'FAULTS',
      cell: faultsOf,
      least: 12,
      shrinksLast: true,
      paint: (row) => (row.faults.length > 0 ? palette.bad : plain),
    },
  ];
}

function virtualMacOf({ virtual_mac }: InstanceDocument): string {
  return virtual_mac === null ? '-' : `${virtual_mac.mac} on ${virtual_mac.interface}`;
}

function stateOf(row: InstanceDocument): string {
  const { state, releasing, held_back: heldBack } = row;
  if (releasing) return `${state} (releasing)`;
  if (row.awaiting_table) return `${state} (connections not synced)`;
  return heldBack === null ? state : `${state} (held back)`;
}

function statePaint(row: InstanceDocument, palette: Palette): Paint {
  const { state, releasing, held_back: heldBack } = row;
  if (releasing || heldBack !== null) return palette.notable;
  switch (state) {
    case 'MASTER':
      return palette.good;
    case 'FAULT':
      return palette.bad;
    case 'INIT':
      return palette.notable;
    case 'BACKUP':
      return plain;
  }
}

/** The effective priority, and the configured one if it differs. */
function priorityOf({ priority: { configured, effective } }: InstanceDocument): string {
  return configured === effective ? `${effective}` : `${effective} (${configured})`;
}

/** The first address that identifies the instance; IPv6 lists begin with a link-local one, which does not. */
function addressesOf({ addresses }: InstanceDocument): string {
  const shown = addresses.find((address) => !address.startsWith('fe80:')) ?? addresses[0];
  if (shown === undefined) return '-';
  return addresses.length > 1 ? `${shown} +${addresses.length - 1}` : shown;
}

function faultsOf({ faults }: InstanceDocument): string {
  return faults.length === 0 ? '-' : faults.join(' ');
}
