/** How etcd, the witness, is reached: for the checker process alone, the engine and its recordings lack it. */
import type { Duration } from '../net/time.ts';

export interface WitnessAccess {
  /** Origins, like `https://203.0.113.21:2379`; members of one cluster. */
  readonly endpoints: readonly string[];
  /** Begins and ends with a slash. */
  readonly prefix: string;
  readonly ca: SecretText | undefined;
  /** Both or none. */
  readonly cert: SecretText | undefined;
  readonly key: SecretText | undefined;
  /** Both or none. */
  readonly username: string | undefined;
  readonly password: SecretText | undefined;
  /** Whole seconds. */
  readonly ttl: Duration;
}

/** A text that a file contains. */
export interface SecretText {
  /** As in the configuration: `/path`, `file:/path` or `credential:name`. */
  readonly reference: string;
  /** Undefined: this host was not asked for it. */
  readonly text: string | undefined;
}

/** `secret`: only root and the user of the agent may be able to read it. */
export type ReadText = (reference: string, kind: 'secret' | 'public') => ReadTextResult;

export type ReadTextResult = { readonly text: string } | { readonly problem: string };
