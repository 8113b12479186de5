/** Results of the probes that use sockets, as the client program writes them. */

/** Null: no answer. Microseconds since 1970. */
export type ProbeRecord = readonly [sentAt: number, answeredAt: number | null];

export interface StreamRecord {
  readonly connectedAt: number | null;
  /** Bytes received. */
  readonly echoed: number;
  /** The longest time between two answers. */
  readonly longestGap: { readonly from: number; readonly to: number } | null;
  readonly brokenAt: number | null;
  /** The name of an errno, or what the other side did. */
  readonly reason: string | null;
}

export interface ClientRecord {
  readonly tcp: readonly ProbeRecord[];
  readonly udp: readonly ProbeRecord[];
  readonly stream: StreamRecord | null;
}

/** TCP and UDP port of the echo service on every director. */
export const ECHO_PORT = 7;
