/** An entry as a line of a recording: JSON, packets in hexadecimal, secrets masked. */
import type { Entry } from './entry.ts';
import { FORMAT } from './entry.ts';
import type { Mask } from './mask.ts';

/** With the end of the line. */
export function lineOf(entry: Entry, seq: number, version: string, mask: Mask): string {
  return `${JSON.stringify(documentOf(entry, seq, version, mask))}\n`;
}

function documentOf(entry: Entry, seq: number, version: string, mask: Mask): object {
  switch (entry.kind) {
    case 'begin': {
      const { kind, at, wall, settings, capture, ...more } = entry;
      return {
        recording: FORMAT,
        version,
        ...{ seq, kind, at, wall: new Date(wall).toISOString() },
        ...more,
        settings: mask.settings(settings),
        ...(capture === undefined ? {} : { capture: mask.capture(capture) }),
      };
    }
    case 'input':
      return { seq, kind: entry.kind, at: entry.at, input: mask.input(entry.input) };
    case 'packet': {
      const { kind, at, index, packet, authentic } = entry;
      const hex = Buffer.from(mask.packet(packet)).toString('hex');
      const more = authentic === undefined ? {} : { authentic };
      return { seq, kind, at, index, packet: hex, ...more };
    }
    case 'notice':
    case 'transition':
    case 'gap':
      return { seq, ...entry };
  }
}
