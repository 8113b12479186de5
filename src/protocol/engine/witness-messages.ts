/**
 * What the engine exchanges with the witness (etcd) through the main thread and the checker process.
 * JSON-serialisable. One key for each instance, named by the instance below the configured prefix; one
 * etcd lease of `ttl` for each key.
 *
 * The engine drives everything: it asks, renews and gives back, and it repeats a request that is not
 * answered. The edge performs one request at a time for each instance, in order, and answers each by its
 * `id` once; a request that it has not begun yet may be dropped in favour of a later one for the same
 * instance, without an answer. It never renews by itself. The engine counts the right of a key from the
 * moment at which it asked, so that a late answer is worth less and no clock has to be compared.
 */
import type { Duration, Instant } from '../../net/time.ts';

export interface WitnessRequest {
  /** Grows with each request of this process. */
  readonly id: number;
  readonly instance: string;
  readonly ask: WitnessAsk;
}

export type WitnessAsk =
  /**
   * Take the key with a lease of `ttl`, in one transaction, if nothing has it; if this host has it, from
   * this process or from one that has died (same director name, same boot id of the kernel); or if its
   * holder has handed it over to this director. Afterwards the lease has its whole `ttl` left. Answered by
   * `acquired`, `refused` or `failed`.
   */
  | { readonly type: 'acquire'; readonly ttl: Duration }
  /** Keep the held key for another `ttl`, that of its lease. Answered by `renewed`, `lost` or `failed`. */
  | { readonly type: 'renew'; readonly ttl: Duration }
  /** Delete the key if this director has it, and revoke the lease. Answered by `released` or `failed`. */
  | { readonly type: 'release' }
  /**
   * Name the director that may take the key, without deleting it: until that one has taken
   * it, it lives as long as the lease of this director, and `acquire` takes it back. Answered by
   * `handed-over`, `lost` or `failed`.
   */
  | { readonly type: 'hand-over'; readonly to: string };

export type WitnessInput =
  | {
      readonly kind: 'witness.answered';
      /** That of the request. */
      readonly id: number;
      readonly instance: string;
      readonly answer: WitnessAnswer;
    }
  /**
   * After `refused`: the key has been deleted, has expired, or has been handed over to this director. A
   * hint: the engine asks again without it, too, only later.
   */
  | { readonly kind: 'witness.freed'; readonly instance: string };

export type WitnessAnswer =
  | { readonly outcome: 'acquired' | 'renewed' | 'released' | 'handed-over' }
  /** Another director has the key: its name, or null if the value is none of this program. */
  | { readonly outcome: 'refused'; readonly holder: string | null }
  /** The witness says that this director no longer has the key: the lease has expired, or was revoked. */
  | { readonly outcome: 'lost'; readonly holder: string | null }
  /** No answer that can be understood: it is not known whether the request was performed. */
  | {
      readonly outcome: 'failed';
      /** `unreachable` includes a timeout and a cluster without a leader. */
      readonly reason: 'unreachable' | 'rejected' | 'malformed';
      /** For people, with what to do. */
      readonly message: string;
    };

export type WitnessReport =
  /** To the edge; no event. */
  | { readonly kind: 'witness-request'; readonly request: WitnessRequest }
  /** The key is held: no other director can be MASTER by the witness. */
  | { readonly kind: 'witness-granted'; readonly instance: string }
  /** Another director holds the key. Once until it is granted. */
  | {
      readonly kind: 'witness-refused';
      readonly instance: string;
      readonly holder: string | null;
    }
  /**
   * Neither the other directors nor the witness allow that this one is MASTER. `released`: it has become
   * BACKUP; `went-on`: it stays or becomes MASTER (`on_loss: go_on`).
   */
  | {
      readonly kind: 'witness-lost';
      readonly instance: string;
      readonly consequence: 'released' | 'went-on';
      readonly reason: string;
    };

/** The setting `witness` of the whole configuration, without what only the edge needs. */
export interface WitnessSettings {
  /** 2 s .. 60 s. */
  readonly ttl: Duration;
  readonly onLoss: 'release' | 'go_on';
}

/** The row of an instance in `status`; absent: the instance has no witness. */
export interface WitnessView {
  /**
   * `peers`: every other director is seen and agrees, so the witness is not asked. `held`: the key is
   * held. `went-on`: without permission (`on_loss: go_on`). `none`: it has no permission to be MASTER.
   */
  readonly right: 'peers' | 'held' | 'went-on' | 'none';
  /** The key is held, perhaps without being needed any longer. */
  readonly holds: boolean;
  /** The director that has the key, as far as the witness has said. */
  readonly holder: string | null;
  /** When the right ends, because another director is to take over; null: it is renewed, or there is none. */
  readonly until: Instant | null;
}
