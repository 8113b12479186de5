/** The messages between the main thread and the protocol thread. */

import type { KeysByRouter } from '../../keys/router-keys.ts';
import type { IpAddress } from '../../net/address.ts';
import type { Instant } from '../../net/time.ts';
import type { Input } from '../engine/inputs.ts';
import type { Report } from '../engine/reports.ts';
import type { Settings } from '../engine/settings.ts';
import type { EngineSnapshot } from '../engine/snapshot.ts';
import type { Release } from './emergency-release.ts';
import type { DirectorTable, VirtualLinkRequest } from './loop.ts';
import type { PeerLinkOptions } from './peer-link/peer-link.ts';
import type { Batch } from './recording/entry.ts';

export type ToProtocolThread =
  | {
      readonly kind: 'start';
      readonly settings: Settings;
      readonly realtime: Realtime;
      /** Descriptor that the main thread rings after each message: the thread waits in the kernel. */
      readonly doorbell: number;
      /** Handled before the first packet. */
      readonly first: readonly Input[];
      /** Opens its sockets, and does nothing else until the input `adopt`. */
      readonly standby: boolean;
      /** Addresses of former runs, on a kernel that does not keep the mark of an address. */
      readonly remembered: ReadonlySet<IpAddress> | undefined;
      /** Descriptor of the file with the masterships, to be mapped; undefined: none. */
      readonly masterships: number | undefined;
      /** Answers `recorded` at the end of each turn. */
      readonly record: boolean;
    }
  /** Asks for a snapshot in the recording. */
  | { readonly kind: 'snapshot' }
  /** The keys of the peer link, and the version that it names; undefined: there is no link. */
  | { readonly kind: 'peer-link.keys'; readonly options: PeerLinkOptions | undefined }
  /** The keys of virtual routers; come before the settings that need them. */
  | { readonly kind: 'router.keys'; readonly keys: KeysByRouter }
  /** Facts and requests from the main thread, for the engine in this order. */
  | { readonly kind: 'inputs'; readonly inputs: readonly Input[] }
  /** A second one does not wait for a successor. */
  | { readonly kind: 'shutdown' }
  /** `frozen` answers `freeze`. Then `thaw` continues, or `abandon` ends without releasing anything. */
  | { readonly kind: 'freeze' | 'thaw' }
  /** `resign`: routers whose priority 0 only this process can sign. */
  | { readonly kind: 'abandon'; readonly resign: readonly string[] }
  /** Answered by `pong`. */
  | { readonly kind: 'ping' };

/** Priority of SCHED_RR, 1..99; `auto` tries 10 and accepts a refusal. */
export type Realtime = 'auto' | 'off' | number;

export type FromProtocolThread =
  | {
      readonly kind: 'started';
      readonly scheduling: Scheduling;
      /** As gettid(2) returns it; undefined if it is unknown. */
      readonly thread: number | undefined;
    }
  | {
      readonly kind: 'reports';
      readonly reports: readonly Report[];
      /** The same moment on the engine's clock and on the wall clock (milliseconds since the epoch). */
      readonly instant: Instant;
      readonly wall: number;
    }
  /** Answered by an input, except for a new link: the kernel reports that one. */
  | { readonly kind: 'virtual-link'; readonly request: VirtualLinkRequest }
  /** What the engine was given in a turn. */
  | { readonly kind: 'recorded'; readonly batch: Batch }
  | { readonly kind: 'director-table'; readonly table: DirectorTable }
  | { readonly kind: 'frozen'; readonly capture: EngineSnapshot }
  | { readonly kind: 'pong' }
  | { readonly kind: 'finished' }
  /** The thread has failed. */
  | {
      readonly kind: 'fatal';
      readonly message: string;
      readonly stack: string | undefined;
      /** What it has released itself; undefined: nothing, as it was not in charge, or could not. */
      readonly release: Release | undefined;
    };

export type Scheduling =
  | { readonly policy: 'SCHED_RR'; readonly priority: number }
  | { readonly policy: 'SCHED_OTHER'; readonly refused: string | undefined };
