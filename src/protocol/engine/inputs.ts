/**
 * All that can happen to the engine, as JSON-serialisable values. Received packets come through
 * `Engine.receive` instead, because nothing may be allocated for each of them.
 */
import type { KernelAnswer } from '../../net/kernel-answer.ts';
import type { AddressClaim, LinkEvent, LinkState } from '../../net/link.ts';
import type { Capture } from './operations/succession.ts';
import type { OperatorRequest } from './requests.ts';
import type { SettingsChange } from './settings-change.ts';
import type { IpvsFault } from './view.ts';

export type Input =
  /** The deadline was reached: stall guard, advertisements, announcements, holds. */
  | { readonly kind: 'wake' }
  /**
   * What had been received by the last `wake` has been handed over, so silence may be judged:
   * Master_Down timers and preempt delays end here and nowhere else.
   */
  | { readonly kind: 'quiet' }
  /** A full dump: at start, and after the kernel dropped change messages. */
  | { readonly kind: 'links.replaced'; readonly links: readonly LinkState[] }
  | LinkEvent
  /** Heard on a link that has one of the virtual addresses. */
  | ({ readonly kind: 'address.claimed' } & AddressClaim)
  /** The kernel's answer to `kernel.change`: one for each change. */
  | {
      readonly kind: 'kernel.changed';
      readonly id: number;
      readonly answers: readonly KernelAnswer[];
    }
  /** The kernel's answer to `links.raise`: one for each link. */
  | {
      readonly kind: 'links.raised';
      readonly indexes: readonly number[];
      readonly answers: readonly KernelAnswer[];
    }
  /** The answers to `virtual-link.rest` and `virtual-link.make`; of one that was made the kernel tells. */
  | { readonly kind: 'virtual-link.rested'; readonly name: string }
  | { readonly kind: 'virtual-link.failed'; readonly name: string; readonly message: string }
  /** A receive socket could not be opened; the name of the errno as in errno(3). */
  | { readonly kind: 'listen.failed'; readonly index: number; readonly errno: string }
  /** So many messages could not be sent; the name of the errno of the last one. */
  | { readonly kind: 'send.failed'; readonly errno: string; readonly count: number }
  /** An operator asks for something; the report `answer` has the same number. */
  | {
      readonly kind: 'request';
      readonly id: number;
      readonly instance: string;
      readonly request: OperatorRequest;
    }
  /** The configuration is another one: nothing is interrupted that has not changed. */
  | { readonly kind: 'settings.changed'; readonly change: SettingsChange }
  /** What operators decided in a former run; comes before the first `links.replaced`. */
  | {
      readonly kind: 'restore';
      readonly instance: string;
      readonly maintenance: boolean;
      readonly heldBack: boolean;
    }
  /** Leave to become MASTER, or its refusal: the answer to a `before-master` report. */
  | {
      readonly kind: 'before-master.answered';
      readonly instance: string;
      readonly id: number;
      readonly granted: boolean;
    }
  /** A tracked thing has another state than was last told. */
  | {
      readonly kind: 'probe.changed';
      readonly probe: string;
      readonly up: boolean;
      /** The number in a tracked file; undefined: it is no such file. */
      readonly value: number | undefined;
      /** The result, for people. */
      readonly detail: string;
    }
  /** What the kernel's load balancer lacks for the instance to be MASTER; null: nothing. */
  | { readonly kind: 'ipvs.changed'; readonly instance: string; readonly fault: IpvsFault | null }
  /** Whether the kernel's table of connections has caught up with that of the MASTER. */
  | { readonly kind: 'table.changed'; readonly instance: string; readonly synced: boolean }
  /** To an engine on standby: it goes on where another process has stopped. */
  | { readonly kind: 'adopt'; readonly capture: Capture }
  | { readonly kind: 'shutdown' };
