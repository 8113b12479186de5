/** What is on hand when a run has ended, before it is judged. Times in microseconds since 1970. */
import type { ClientRecord } from '../probes/record.ts';
import type { AddressChange } from '../run/address-monitor.ts';
import type { LifeChange } from '../run/director.ts';
import type { StateChange } from '../run/state-follower.ts';
import type { StepClock } from '../run/step-clock.ts';
import type { SwitchFrame } from '../run/switch-capture.ts';
import type { PerformedStep } from '../run/timeline.ts';

export interface Seen {
  readonly zero: number;
  readonly end: number;
  readonly startedAt: number;
  /** Without what the programs and the protocol took to find their MASTER. */
  readonly setUp: number;
  /** Null: the nodes had not settled when the time for it was over. */
  readonly settledAfter: number | null;
  readonly steps: readonly PerformedStep[];
  readonly clock: StepClock;
  readonly clients: ReadonlyMap<string, ClientRecord>;
  readonly frames: readonly SwitchFrame[];
  readonly framesLost: number;
  readonly captureFile: string;
  readonly discarded: number;
  readonly lives: ReadonlyMap<string, readonly LifeChange[]>;
  readonly addresses: ReadonlyMap<string, readonly AddressChange[]>;
  readonly states: readonly StateChange[];
  readonly isUnheard: boolean;
}
