/** What the main thread and the protocol thread say to each other. */

import type { Instant } from '../../net/time.ts';
import type { Input } from '../engine/inputs.ts';
import type { Report } from '../engine/reports.ts';
import type { Settings } from '../engine/settings.ts';
import type { EngineSnapshot } from '../engine/snapshot.ts';
import type { VirtualLinkRequest } from './loop.ts';

export type ToProtocolThread =
  | {
      readonly kind: 'start';
      readonly settings: Settings;
      readonly realtime: Realtime;
      /** Descriptor that is rung after each message from now on: the thread waits in the kernel. */
      readonly doorbell: number;
      /** Taken in before the first packet. */
      readonly first: readonly Input[];
      /** Opens its sockets, and does nothing else until it is told to `adopt`. */
      readonly standby: boolean;
    }
  /** What the main thread has learnt or been asked; handed to the engine in this order. */
  | { readonly kind: 'inputs'; readonly inputs: readonly Input[] }
  /** The second one does not wait for a successor. */
  | { readonly kind: 'shutdown' }
  /** Stands still and answers `frozen`; then either `thaw`, or `abandon`: ends and leaves all as it is. */
  | { readonly kind: 'freeze' | 'thaw' | 'abandon' }
  /** Answered by a `pong`: the thread is alive. */
  | { readonly kind: 'ping' };

/** Priority of SCHED_RR, 1..99; `auto` tries 10 and goes on without. */
export type Realtime = 'auto' | 'off' | number;

export type FromProtocolThread =
  | {
      readonly kind: 'started';
      readonly scheduling: Scheduling;
      /** Its number as gettid(2) says it; undefined: not known. */
      readonly thread: number | undefined;
    }
  | {
      readonly kind: 'reports';
      readonly reports: readonly Report[];
      /** The same moment on the engine's clock and on the wall (milliseconds of the epoch). */
      readonly instant: Instant;
      readonly wall: number;
    }
  /** Answered by an input, unless a link is made: the kernel tells of that. */
  | { readonly kind: 'virtual-link'; readonly request: VirtualLinkRequest }
  | { readonly kind: 'frozen'; readonly capture: EngineSnapshot }
  | { readonly kind: 'pong' }
  | { readonly kind: 'finished' }
  /** The thread has given up; whoever reads this releases what it held. */
  | { readonly kind: 'fatal'; readonly message: string; readonly stack: string | undefined };

export type Scheduling =
  | { readonly policy: 'SCHED_RR'; readonly priority: number }
  | { readonly policy: 'SCHED_OTHER'; readonly refused: string | undefined };
