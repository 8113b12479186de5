/** The output of `watch --json`: snapshots and events, one JSON document per line. */

import type { Duration, Instant } from '../net/time.ts';
import type { SegmentFinding } from './segment/findings.ts';
import type { SegmentSnapshot } from './segment/segment.ts';
import type { SenderRow, Signature } from './segment/sender.ts';
import type { PastFinding, SegmentEvent } from './segment/timeline.ts';

/** `from` is the interface, or the capture file. */
export function snapshotDocument(
  from: string,
  { at, senders, findings, freeVrid, overflow, incomplete }: SegmentSnapshot,
  past: readonly PastFinding[],
) {
  return {
    kind: 'snapshot',
    at: isoTime(at),
    from,
    senders: senders.map(senderDocument),
    findings: findings.map(findingDocument),
    past_findings: past.map(({ finding, from: begin, to }) => ({
      ...findingDocument(finding),
      from: isoTime(begin),
      to: isoTime(to),
    })),
    free_vrid: freeVrid ?? null,
    overflow,
    incomplete,
  };
}

export function eventDocument(from: string, event: SegmentEvent) {
  const { kind, change, at } = event;
  const what =
    event.kind === 'sender'
      ? { sender: senderDocument(event.sender) }
      : { finding: findingDocument(event.finding) };
  return { kind, change, at: isoTime(at), from, ...what };
}

/** Instants here are microseconds since 1970. */
export function isoTime(at: Instant): string {
  return new Date(Math.round(at / 1_000)).toISOString();
}

function senderDocument(row: SenderRow) {
  const { claims } = row;
  return {
    family: row.family,
    vrid: row.vrid,
    source: row.source,
    version: row.version,
    mac: row.mac,
    state: row.state,
    ttl: row.ttl,
    priority: claims?.priority ?? null,
    interval_ms: milliseconds(claims?.interval),
    measured_interval_ms: milliseconds(row.measuredInterval),
    checksum_form: claims?.checksumForm ?? null,
    auth_type: claims?.authType ?? null,
    hmac: claims?.signature === undefined ? null : signatureDocument(row, claims.signature),
    addresses: claims?.addresses ?? [],
    first_seen: isoTime(row.firstSeen),
    last_seen: isoTime(row.lastSeen),
    adverts: row.adverts,
    refused: Object.fromEntries(row.refused.map(({ reason, count }) => [reason, count])),
  };
}

function signatureDocument({ clockTenths = 0 }: SenderRow, { keyId, verified }: Signature) {
  return { key: keyId, clock_ms: clockTenths * 100, verified };
}

function findingDocument({ code, family, vrid, sources, message, advice }: SegmentFinding) {
  return { code, family, vrid, sources, message, advice };
}

function milliseconds(duration: Duration | undefined): number | null {
  return duration === undefined ? null : Math.round(duration) / 1_000;
}
