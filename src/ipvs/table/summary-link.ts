/** The peer link as the way of table summaries: authenticated, in place of datagrams on the sync network. */
import type { SegmentPort } from './table-watch.ts';

export interface SummaryLink {
  /** Whether the configuration has a peer link now: then only summaries of that way are believed. */
  isConfigured(): boolean;
  send(summary: Uint8Array): void;
  /** Replaces the listener. */
  listen(hear: SummaryListener | undefined): void;
}

export type SummaryListener = (summary: Uint8Array, address: string) => void;

/**
 * A segment that sends summaries, the datagrams to `summaryPort`, over the link while there is one. Missing
 * connections are resent on the segment itself, where the kernels listen.
 */
export function linkedSegment(
  segment: SegmentPort,
  link: SummaryLink,
  summaryPort: number,
): SegmentPort {
  return {
    async send(bytes, port) {
      if (port === summaryPort && link.isConfigured()) link.send(bytes);
      else await segment.send(bytes, port);
    },
    close() {
      link.listen(undefined);
      segment.close();
    },
  };
}
