/** What the main thread finds out for instances that depend on it. */
import type { IpAddress } from './address.ts';
import type { Endpoint } from './endpoint.ts';
import type { Duration } from './time.ts';

export type ProbeSettings = ProbeTiming & ProbeTarget;

export interface ProbeTiming {
  /** From the beginning of one run to that of the next. */
  readonly interval: Duration;
  /** A run that takes longer has failed. */
  readonly timeout: Duration;
  /** Successes in a row that bring it up, and failures that bring it down. */
  readonly rise: number;
  readonly fall: number;
}

export type ProbeTarget =
  | {
      readonly kind: 'script';
      readonly argv: readonly string[];
      /** Undefined: the user of the agent. */
      readonly user: string | undefined;
    }
  | {
      readonly kind: 'file';
      readonly path: string;
      /** `number`: its text is a number to be added; the others: whether it is there. */
      readonly reads: 'present' | 'absent' | 'number';
    }
  | { readonly kind: 'process'; readonly process: string }
  | { readonly kind: 'process'; readonly pidFile: string }
  | {
      readonly kind: 'gateway';
      /** One that answers is enough. */
      readonly addresses: readonly IpAddress[];
      readonly link: string;
      readonly via: 'arp' | 'nd' | 'icmp';
    }
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly status: readonly number[];
      /** Value of the Host header; undefined: that of the URL. */
      readonly host: string | undefined;
      /** Whether the certificate of an https server is checked. */
      readonly verify: boolean;
    }
  | { readonly kind: 'tcp'; readonly endpoint: Endpoint };

export interface ProbeOutcome {
  readonly passed: boolean;
  /** The number in a file. */
  readonly value?: number;
  /** For people. */
  readonly detail: string;
}

/** Equal for equal settings. */
export function probeName(settings: ProbeSettings): string {
  return JSON.stringify(settings);
}
