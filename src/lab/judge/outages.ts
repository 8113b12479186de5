/**
 * How long an address did not answer. Time in which nobody asked is no outage: only spans in which
 * at least one request stayed without an answer count.
 */
import type { Probe } from '../probes/probe.ts';
import type { ProbeType } from '../scenario/scenario.ts';
import type { Span } from './record.ts';

/** Of one client, times on the clock of the steps. */
export interface AskedProbes {
  readonly client: string;
  readonly type: Exclude<ProbeType, 'stream'>;
  readonly probes: readonly Probe[];
}

/** From the last answer before to the first answer after the requests that were lost. */
export function outagesIn(probes: readonly Probe[], { from, to }: Span): Span[] {
  const outages: Span[] = [];
  let lastAnswer = from;
  let firstLost: number | undefined;
  for (const { sentAt, answeredAt } of probes) {
    if (sentAt < from || sentAt > to) continue;
    if (answeredAt === undefined) {
      firstLost ??= sentAt;
      continue;
    }
    if (firstLost !== undefined && answeredAt > lastAnswer) {
      outages.push({ from: Math.min(lastAnswer, firstLost), to: answeredAt });
    }
    firstLost = undefined;
    lastAnswer = Math.max(lastAnswer, answeredAt);
  }
  if (firstLost !== undefined) outages.push({ from: Math.min(lastAnswer, firstLost), to });
  return outages;
}

export function lengthOf(span: Span | undefined | null): number {
  return span === undefined || span === null ? 0 : span.to - span.from;
}

export function longestOf(spans: readonly Span[]): Span | undefined {
  return spans.reduce<Span | undefined>(
    (best, span) => (lengthOf(span) > lengthOf(best) ? span : best),
    undefined,
  );
}
