/** Events as lines: when, which instance, what, why. */
import { ipvsGravityOf, isIpvsEvent } from '../../control/ipvs-events.ts';
import type { EventDocument } from '../../control/protocol.ts';
import { type Paint, type Palette, plain, printable } from './text.ts';

export interface EventLayout {
  readonly palette: Palette;
  /** Width of the instance column. */
  readonly nameWidth: number;
  readonly kindWidth: number;
}

/** Of most of them. */
export const KIND_WIDTH = 'address-restored'.length;

export function eventLayout(events: readonly EventDocument[], palette: Palette): EventLayout {
  const nameWidth = events.reduce((most, event) => Math.max(most, instanceOf(event).length), 4);
  const kindWidth = events.reduce((most, { kind }) => Math.max(most, kind.length), KIND_WIDTH);
  return { palette, nameWidth, kindWidth };
}

export function renderEvent(
  event: EventDocument,
  { palette, nameWidth, kindWidth }: EventLayout,
): string {
  const cells = [
    palette.faint(event.at),
    printable(instanceOf(event)).padEnd(nameWidth),
    paintOf(event, palette)(event.kind.padEnd(kindWidth)),
    printable(event.message),
  ];
  return `${cells.join('  ')}\n`;
}

/** Tells that numbers are missing between two events; nothing when none are. */
export function renderGap(previous: number, next: number): string {
  const missing = next - previous - 1;
  if (missing <= 0) return '';
  return `... ${missing} ${missing === 1 ? 'event is' : 'events are'} no longer kept\n`;
}

function instanceOf(event: EventDocument): string {
  if (event.kind === 'group') return event.group;
  if ('service' in event) return event.service;
  if (event.kind === 'track')
    return event.instances.length === 1 ? (event.instances[0] ?? '-') : '-';
  return ('instance' in event ? event.instance : null) ?? '-';
}

function paintOf(event: EventDocument, palette: Palette): Paint {
  if (isIpvsEvent(event)) {
    return { info: plain, warn: palette.notable, error: palette.bad }[ipvsGravityOf(event)];
  }
  switch (event.kind) {
    case 'transition':
      if (event.to === 'FAULT') return palette.bad;
      return event.to === 'MASTER' ? palette.good : plain;
    case 'group':
      if (event.to === 'FAULT') return palette.bad;
      return event.to === 'MASTER' ? palette.good : plain;
    case 'track':
      return event.state === 'down' ? palette.notable : plain;
    case 'address-failed':
    case 'route-failed':
    case 'virtual-link-failed':
    case 'accept-filter-failed':
    case 'address-conflict':
    case 'send-failed':
    case 'dual-master':
    case 'configuration-refused':
      return palette.bad;
    case 'discard':
    case 'warning':
    case 'stall':
    case 'netlink-malformed':
    case 'address-restored':
    case 'route-restored':
    case 'virtual-link-restored':
    case 'accept-filter-restored':
      return palette.notable;
    case 'notification':
      return event.outcome === 'recovered' ? plain : palette.notable;
    case 'address-cleaned':
    case 'priority-changed':
    case 'command':
    case 'dual-master-ended':
    case 'before-master':
    case 'configuration-reloaded':
    case 'routes-cleaned':
      return plain;
  }
}
