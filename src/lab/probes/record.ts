/** What the probes that use sockets of their own have seen, as the program of the client writes it. */

/** When it was asked, and when answered; null: never. Microseconds since 1970. */
export type ProbeRecord = readonly [sentAt: number, answeredAt: number | null];

export interface StreamRecord {
  readonly connectedAt: number | null;
  /** Bytes that came back. */
  readonly echoed: number;
  /** The longest time between two answers. */
  readonly longestGap: { readonly from: number; readonly to: number } | null;
  readonly brokenAt: number | null;
  /** As in errno(3), or what the other side did. */
  readonly reason: string | null;
}

export interface ClientRecord {
  readonly tcp: readonly ProbeRecord[];
  readonly udp: readonly ProbeRecord[];
  readonly stream: StreamRecord | null;
}

/** TCP and UDP, on every director. */
export const ECHO_PORT = 7;
