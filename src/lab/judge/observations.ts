/** Everything collected in a run, before it is judged. Times in microseconds since 1970. */
import type { ClientRecord } from '../probes/record.ts';
import type { AddressChange } from '../run/address-monitor.ts';
import type { MachineStateChange } from '../run/lab-node.ts';
import type { ReportedEvent, StateChange } from '../run/state-follower.ts';
import type { StepClock } from '../run/step-clock.ts';
import type { SwitchFrame } from '../run/switch-capture.ts';
import type { PerformedStep } from '../run/timeline.ts';

export interface Observations {
  readonly zero: number;
  readonly end: number;
  readonly startedAt: number;
  /** Time to build the lab, without the time to settle. */
  readonly setUp: number;
  /** Null: the directors did not settle in time. */
  readonly settledAfter: number | null;
  readonly steps: readonly PerformedStep[];
  readonly clock: StepClock;
  readonly clients: ReadonlyMap<string, ClientRecord>;
  readonly frames: readonly SwitchFrame[];
  readonly framesLost: number;
  readonly captureFile: string;
  readonly discarded: number;
  readonly machineStates: ReadonlyMap<string, readonly MachineStateChange[]>;
  readonly addresses: ReadonlyMap<string, readonly AddressChange[]>;
  readonly states: readonly StateChange[];
  /** All events of the agents that were followed. */
  readonly events: readonly ReportedEvent[];
  readonly ignoresEvents: boolean;
}
