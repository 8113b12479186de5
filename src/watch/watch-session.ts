/** Turns frames into the output of `watch`: takes snapshots of the segment and prints the changes. */

import type { CliContext } from '../cli/terminal/context.ts';
import { paletteFor } from '../cli/terminal/text.ts';
import { elapsed, type Instant, milliseconds, seconds } from '../net/time.ts';
import { renderSegment, renderSegmentEvent } from './render-segment.ts';
import { Segment, type SegmentSnapshot, type TrailerCheck } from './segment/segment.ts';
import { type SegmentEvent, Timeline } from './segment/timeline.ts';
import { eventDocument, snapshotDocument } from './segment-document.ts';

/**
 * `json`: events and snapshots, one per line. `events`: events as text, a table at the end. `table`:
 * only the table, redrawn in place on a terminal. `-once`: only the final snapshot.
 */
export type WatchStyle = 'json' | 'events' | 'table' | 'json-once' | 'table-once';

export interface WatchScreen {
  readonly columns: number;
  readonly rows: number;
}

/** Interval of snapshots of the segment, and of snapshots in the JSON output. */
export const LOOK_EVERY = milliseconds(250);
const SNAPSHOT_EVERY = seconds(10);

/** Cursor to the upper left; erase to the end of the line, of the screen (ECMA-48 section 8.3). */
const HOME = '\u001b[H';
const ERASE_LINE = '\u001b[K';
const ERASE_BELOW = '\u001b[J';

export class WatchSession {
  readonly #from: string;
  readonly #segmentName: string;
  readonly #style: WatchStyle;
  readonly #context: CliContext;
  readonly #screen: () => WatchScreen;
  readonly #segment: Segment;
  readonly #timeline = new Timeline();
  #lastLook: Instant | undefined;
  #lastSnapshot: Instant | undefined;

  /** `segmentName`: set if `from` has several segments. `check`: of signed messages. */
  constructor(
    from: string,
    style: WatchStyle,
    context: CliContext,
    screen: () => WatchScreen,
    segmentName = '',
    check?: TrailerCheck,
  ) {
    this.#segment = new Segment(check);
    this.#from = segmentName === '' ? from : `${from} ${segmentName}`;
    this.#segmentName = segmentName;
    this.#style = style;
    this.#context = context;
    this.#screen = screen;
  }

  frame(bytes: Uint8Array, length: number, at: Instant): void {
    this.#segment.observe(bytes, length, at);
  }

  /** Takes a snapshot unless the last one is recent. */
  advance(now: Instant): void {
    if (this.#lastLook !== undefined && elapsed(this.#lastLook, now) < LOOK_EVERY) return;
    this.#look(now);
  }

  /** Prints the final snapshot. */
  finish(now: Instant): void {
    const snapshot = this.#look(now);
    if (this.#isJson) this.#printSnapshot(snapshot);
    else if (this.#isDrawn) this.#draw(snapshot);
    else this.#context.stdout(this.#table(snapshot));
  }

  #look(now: Instant): SegmentSnapshot {
    this.#lastLook = now;
    const snapshot = this.#segment.snapshot(now);
    const events = this.#timeline.advance(snapshot);
    if (this.#style === 'json') {
      this.#printEvents(events, (event) => `${JSON.stringify(eventDocument(this.#from, event))}\n`);
      this.#lastSnapshot ??= now;
      if (elapsed(this.#lastSnapshot, now) >= SNAPSHOT_EVERY) this.#printSnapshot(snapshot);
    } else if (this.#style === 'events') {
      this.#printEvents(events, (event) =>
        renderSegmentEvent(event, this.#palette, this.#segmentName),
      );
    } else if (this.#isDrawn) {
      this.#draw(snapshot);
    }
    return snapshot;
  }

  get #isJson(): boolean {
    return this.#style === 'json' || this.#style === 'json-once';
  }

  get #isDrawn(): boolean {
    return this.#style === 'table' && this.#context.isTty;
  }

  get #palette() {
    return paletteFor(this.#context.isTty, process.env);
  }

  #printEvents(events: readonly SegmentEvent[], line: (event: SegmentEvent) => string): void {
    if (events.length > 0) this.#context.stdout(events.map(line).join(''));
  }

  #printSnapshot(snapshot: SegmentSnapshot): void {
    this.#lastSnapshot = snapshot.at;
    const document = snapshotDocument(this.#from, snapshot, this.#timeline.past);
    this.#context.stdout(`${JSON.stringify(document)}\n`);
  }

  #table(snapshot: SegmentSnapshot): string {
    const palette = this.#palette;
    const width = this.#screen().columns;
    return renderSegment(snapshot, { from: this.#from, palette, width, past: this.#timeline.past });
  }

  /** Redraws in place; lines that do not fit the screen are left out rather than scrolled. */
  #draw(snapshot: SegmentSnapshot): void {
    const lines = this.#table(snapshot).split('\n');
    const shown = lines.slice(0, Math.max(1, this.#screen().rows - 1));
    this.#context.stdout(`${HOME}${shown.join(`${ERASE_LINE}\n`)}${ERASE_BELOW}`);
  }
}
