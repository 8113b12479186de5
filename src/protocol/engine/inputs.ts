/**
 * Every stimulus of the engine, as JSON-serialisable values. Received packets arrive through
 * `Engine.receive` instead, so that none of them needs an allocation.
 */
import type { Family, IpAddress } from '../../net/address.ts';
import type { KernelAnswer } from '../../net/kernel-answer.ts';
import type { AddressClaim, LinkEvent, LinkState } from '../../net/link.ts';
import type { Prefix, PrefixRoute } from '../../net/routing.ts';
import type { Duration } from '../../net/time.ts';
import type { BfdInput } from './bfd-messages.ts';
import type { DirectorInput } from './director-messages.ts';
import type { FormerMastership } from './masterships.ts';
import type { OperatorRequest } from './requests.ts';
import type { SettingsChange } from './settings-change.ts';
import type { EngineSnapshot } from './snapshot.ts';
import type { IpvsFault } from './view.ts';
import type { WitnessInput } from './witness-messages.ts';

export type Input =
  /** The deadline was reached: stall guard, advertisements, announcements, releases. */
  | { readonly kind: 'wake' }
  /**
   * Every packet that had arrived by the last `wake` has been received, so silence may be judged:
   * Master_Down timers and preempt delays fire here and nowhere else.
   */
  | { readonly kind: 'quiet' }
  | KernelInput
  | DirectorInput
  | WitnessInput
  /** How far the wall clock, since the epoch, is ahead of the engine's clock: at the start, and when it is set. */
  | { readonly kind: 'wall.changed'; readonly offset: Duration }
  | BfdInput
  /** An operator's request; the report `answer` has the same number. */
  | {
      readonly kind: 'request';
      readonly id: number;
      readonly instance: string;
      readonly request: OperatorRequest;
    }
  /** A reload: instances that have not changed are not interrupted. */
  | { readonly kind: 'settings.changed'; readonly change: SettingsChange }
  /**
   * What a process that has died was MASTER of; comes before the first `links.replaced`. `keepsRouting`:
   * the routes and rules that it has added were not removed. `keepsAddresses`: a router that starts as
   * BACKUP leaves its VIPs in place until it knows of a MASTER; absent in older recordings.
   */
  | {
      readonly kind: 'resume';
      readonly former: readonly FormerMastership[];
      readonly keepsRouting: boolean;
      readonly keepsAddresses?: boolean | undefined;
    }
  /** Operators' decisions of a former run; comes before the first `links.replaced`. */
  | {
      readonly kind: 'restore';
      readonly instance: string;
      readonly maintenance: boolean;
      readonly heldBack: boolean;
    }
  /** The answer to a `before-master` report: permission to become MASTER, or its refusal. */
  | {
      readonly kind: 'before-master.answered';
      readonly instance: string;
      readonly id: number;
      readonly granted: boolean;
    }
  /** A tracked object changed state since the last report. */
  | {
      readonly kind: 'probe.changed';
      readonly probe: string;
      readonly up: boolean;
      /** The number in a tracked file; undefined for other probes. */
      readonly value: number | undefined;
      /** The result, for people. */
      readonly detail: string;
    }
  /** The last result is so old that it says nothing about the present; its effect stays. */
  | { readonly kind: 'probe.lost'; readonly probe: string; readonly detail: string }
  /** What IPVS lacks for the instance to be MASTER; null: nothing. */
  | { readonly kind: 'ipvs.changed'; readonly instance: string; readonly fault: IpvsFault | null }
  /** Whether the kernel's connection table has caught up with that of the MASTER. */
  | { readonly kind: 'table.changed'; readonly instance: string; readonly synced: boolean }
  /** To an engine on standby: it continues where another process has stopped. */
  | { readonly kind: 'adopt'; readonly capture: EngineSnapshot }
  | { readonly kind: 'shutdown' };

/** What the kernel reports by itself, and what it answers. */
export type KernelInput =
  /** A full dump: at startup, and after the kernel dropped change messages. */
  | { readonly kind: 'links.replaced'; readonly links: readonly LinkState[] }
  | LinkEvent
  /** Heard on a link that has one of the virtual addresses. */
  | ({ readonly kind: 'address.claimed' } & AddressClaim)
  /**
   * The answer to `kernel.change`: one for each change. `took`: the time of the kernel for all changes of
   * the turn; absent: that from the question to the answer.
   */
  | {
      readonly kind: 'kernel.changed';
      readonly id: number;
      readonly answers: readonly KernelAnswer[];
      readonly took?: Duration;
    }
  /** The answer to `links.set-up`: one for each link. */
  | {
      readonly kind: 'links.up';
      readonly indexes: readonly number[];
      readonly answers: readonly KernelAnswer[];
    }
  /**
   * The answers to `virtual-link.set-down` and `virtual-link.make`; a new link arrives as
   * `link.changed`.
   */
  | { readonly kind: 'virtual-link.down'; readonly name: string }
  | { readonly kind: 'virtual-link.failed'; readonly name: string; readonly message: string }
  /** The answer to `gateway.find`; null: the link has no default gateway. */
  | {
      readonly kind: 'gateway.found';
      readonly index: number;
      readonly family: Family;
      readonly address: IpAddress | null;
    }
  /** The answer to `prefix.find`; null: it says nothing about the prefix. */
  | {
      readonly kind: 'prefix.found';
      readonly index: number;
      readonly prefix: Prefix;
      readonly route: PrefixRoute | null;
    }
  /** A receive socket could not be opened; the name of the errno as in errno(3). */
  | { readonly kind: 'listen.failed'; readonly index: number; readonly errno: string }
  /**
   * Number of messages that could not be sent; the name of the errno of the last one. `unheard`: the
   * senders of datagrams of whose datagrams none could be sent; absent: none.
   */
  | {
      readonly kind: 'send.failed';
      readonly errno: string;
      readonly count: number;
      readonly unheard?: readonly number[];
    };
