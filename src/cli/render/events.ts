/** Events as lines: time, instance, kind and cause. */
import { colourOf } from '../../control/events/event-table.ts';
import type { EventDocument } from '../../control/protocol.ts';
import { type Paint, type Palette, plain, printable } from '../terminal/text.ts';

export interface EventLayout {
  readonly palette: Palette;
  /** Width of the instance column. */
  readonly nameWidth: number;
  readonly kindWidth: number;
}

/** Wide enough for most kinds. */
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

/** A line with the number of events missing between two; empty if none are. */
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
  const colour = colourOf(event);
  return colour === 'plain' ? plain : palette[colour];
}
