/**
 * What a recording consists of. An engine is a function of its inputs, so these lines, fed to an
 * engine in the same order, make it decide the same again.
 */

import type { LinkEvent, LinkState } from '../../../net/link.ts';
import type { Duration, Instant } from '../../../net/time.ts';
import type { Input } from '../../engine/inputs.ts';
import type { Report } from '../../engine/reports.ts';
import type { Settings } from '../../engine/settings.ts';
import type { EngineSnapshot } from '../../engine/snapshot.ts';

/** Version of the file format; a change that an older reader would misunderstand raises it. */
export const FORMAT = 1;

/** Each line of a file has its number: `seq`. */
export type Entry =
  | Begin
  | { readonly kind: 'input'; readonly at: Instant; readonly input: Input }
  /** An event that leads to nothing before the next input. */
  | { readonly kind: 'notice'; readonly event: LinkEvent }
  | {
      readonly kind: 'packet';
      readonly at: Instant;
      readonly index: number;
      readonly packet: Uint8Array;
      /** Whether its HMAC is right; absent: it was not looked at. */
      readonly authentic?: boolean;
    }
  /** What the engine decided on the input above: a replay compares it. */
  | Decision
  /** Lines are missing here; the next `begin` is the next point from which a replay is right. */
  | { readonly kind: 'gap'; readonly count: number };

/** Makes an engine. A replay may begin here, and at no other kind of line. */
export interface Begin {
  readonly kind: 'begin';
  readonly at: Instant;
  /** The same moment on the wall clock, in milliseconds since the epoch. */
  readonly wall: number;
  readonly settings: Settings;
  readonly standby: boolean;
  /** Absent: the engine's own. */
  readonly handoverOverlap?: Duration;
  /** Absent: the process starts here. Otherwise the links as the engine knew them, ... */
  readonly links?: readonly LinkState[];
  /** ... and its state, unless it is still on standby. */
  readonly capture?: EngineSnapshot;
}

export interface Decision extends Pick<Transition, 'at' | 'instance' | 'from' | 'to' | 'event'> {
  readonly kind: 'transition';
  readonly priority: number;
}

type Transition = Extract<Report, { readonly kind: 'transition' }>;

/** Entries of one turn, and their share of the limit on entries that are on their way to the file. */
export interface Batch {
  readonly entries: readonly Entry[];
  readonly size: number;
}
