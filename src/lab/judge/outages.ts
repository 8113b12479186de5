/**
 * Outages of an address. Time without requests is not an outage: only spans with at least one unanswered
 * request count.
 */
import type { Probe } from '../probes/probe.ts';
import type { ProbeType } from '../scenario/inventory.ts';
import type { Span } from './record.ts';

/** One client's probes of one type, with times on the clock of the steps. */
export interface ClientProbes {
  readonly client: string;
  readonly type: Exclude<ProbeType, 'stream'>;
  readonly probes: readonly Probe[];
}

/** From the last answer before the lost requests to the first answer after them. */
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
