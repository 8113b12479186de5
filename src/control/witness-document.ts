/** The documents about the witness: how etcd is, and what each instance has from it. */
import type { WitnessView } from '../protocol/engine/witness-messages.ts';

/** `witness` of `GET /v1/status`, and of `GET /v1/witness`. */
export interface WitnessDocument {
  /** It would answer if it were needed now. */
  readonly up: boolean;
  /** When it began to work, or not to work. */
  readonly since: string;
  /** Why it does not work, and what to do; null: it works. */
  readonly detail: string | null;
  /** Of etcd; null: not known. */
  readonly version: string | null;
  readonly ttl_ms: number;
  readonly on_loss: 'release' | 'go_on';
  readonly prefix: string;
  readonly endpoints: readonly {
    readonly url: string;
    /** When it was asked last; each member is asked in turn, one in a minute. */
    readonly state: 'up' | 'down' | 'unknown';
    readonly detail: string | null;
  }[];
  /** What an operator should change, though it does not stop the witness now. */
  readonly problems: readonly string[];
  /** The keys that existed when the minute's question was asked; the answers to instances may be newer. */
  readonly keys: readonly WitnessKeyDocument[];
}

export interface WitnessKeyDocument {
  readonly instance: string;
  /** Null: the value is none of this program. */
  readonly director: string | null;
  readonly since: string | null;
}

/** `witness` of an instance in `GET /v1/status`; absent: it has none. */
export interface InstanceWitnessDocument {
  /**
   * Why it may be MASTER. `peers`: every other director is seen and agrees; `held`: it holds the key;
   * `went-on`: without permission, by `on_loss: go_on`; `none`: it may not.
   */
  readonly right: WitnessView['right'];
  /** It holds the key, perhaps without needing it any longer. */
  readonly holds: boolean;
  /** The director that has the key, as far as etcd has said; null: none, or not known. */
  readonly holder: string | null;
  /** When the right ends unless it is renewed; null: there is none. */
  readonly until: string | null;
}

/** `GET /v1/witness`. */
export interface WitnessStatusDocument {
  /** Null: the configuration has no `witness`. */
  readonly witness: WitnessDocument | null;
  /** The instances with `witness: true`. */
  readonly instances: readonly ({
    readonly name: string;
    readonly state: string;
  } & InstanceWitnessDocument)[];
}

/** The answer to `POST /v1/witness/release`. */
export interface WitnessReleaseDocument {
  readonly instance: string;
  /** `free`: nothing had the key. */
  readonly outcome: 'free' | 'deleted';
  /** Who had it; null: a value of another program, or nothing. */
  readonly holder: string | null;
}
