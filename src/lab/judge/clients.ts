/** Results of the clients' probes and streams. Times on the clock of the steps. */
import type { ProbeRecord, StreamRecord } from '../probes/record.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Observations } from './observations.ts';
import type { Facts } from './observe.ts';
import { type ClientProbes, lengthOf, outagesIn } from './outages.ts';
import type { ProbeSummary, Span, StreamSummary } from './record.ts';

/** Longer than a TCP retransmission takes (RFC 6298; Linux begins with 200 ms). */
const STREAM_SILENCE = 1_000_000;

export function probesOf({ probes }: Scenario, seen: Observations, facts: Facts): ClientProbes[] {
  const { zero, end, clients } = seen;
  const recorded = (records: readonly ProbeRecord[] = []) =>
    records.map(([sentAt, answeredAt]) => ({ sentAt, answeredAt: answeredAt ?? undefined }));
  return probes.flatMap(({ client, type }): ClientProbes[] => {
    if (type === 'stream') return [];
    const all = type === 'icmp' ? facts.echoes.get(client) : recorded(clients.get(client)?.[type]);
    const own = (all ?? []).map(({ sentAt, answeredAt }) => ({
      sentAt: sentAt - zero,
      answeredAt: answeredAt === undefined ? undefined : answeredAt - zero,
    }));
    const during = own.filter(({ sentAt }) => sentAt >= 0 && sentAt <= end - zero);
    return [{ client, type, probes: during }];
  });
}

export function probeSummary({ client, type, probes }: ClientProbes, window: Span): ProbeSummary {
  return {
    ...{ client, type, sent: probes.length },
    lost: probes.filter(({ answeredAt }) => answeredAt === undefined).length,
    outages: outagesIn(probes, window),
  };
}

export function streamsOf({ clients }: Scenario, seen: Observations): StreamSummary[] {
  return clients.flatMap((client) => {
    const record = seen.clients.get(client)?.stream ?? null;
    return record === null ? [] : streamSummary(client, record, seen);
  });
}

function streamSummary(
  client: string,
  record: StreamRecord,
  { zero, end }: Observations,
): StreamSummary {
  const gap = record.longestGap;
  // A stream may be open and still get no answers any longer.
  const isSilent = gap !== null && gap.to >= end && lengthOf(gap) > STREAM_SILENCE;
  const brokenAt = record.brokenAt ?? (isSilent ? gap.from : null);
  const connected = brokenAt !== null && brokenAt <= end ? 'breaks' : 'survives';
  return {
    client,
    fate: record.connectedAt === null ? 'never-connected' : connected,
    longestGap: gap === null ? null : { from: gap.from - zero, to: gap.to - zero },
    brokenAt: brokenAt === null ? null : brokenAt - zero,
    reason: record.reason ?? (isSilent ? 'no answer' : null),
  };
}
