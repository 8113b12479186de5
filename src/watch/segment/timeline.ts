/** Changes between two snapshots of a segment, and findings that are over. */
import type { Instant } from '../../net/time.ts';
import type { SegmentFinding } from './findings.ts';
import type { SegmentSnapshot } from './segment.ts';
import type { SenderRow } from './sender.ts';

export type SegmentEvent =
  | {
      readonly kind: 'sender';
      readonly change: 'appeared' | 'changed' | 'resigned' | 'silent' | 'returned';
      readonly at: Instant;
      readonly sender: SenderRow;
    }
  | {
      readonly kind: 'finding';
      readonly change: 'raised' | 'cleared';
      readonly at: Instant;
      readonly finding: SegmentFinding;
    };

export interface PastFinding {
  readonly finding: SegmentFinding;
  readonly from: Instant;
  readonly to: Instant;
}

const PAST_MAX = 100;

export class Timeline {
  #senders = new Map<string, SenderRow>();
  readonly #raised = new Map<
    string,
    { readonly finding: SegmentFinding; readonly from: Instant }
  >();
  #past: PastFinding[] = [];

  /** Findings that are over, oldest first. */
  get past(): readonly PastFinding[] {
    return this.#past;
  }

  advance(snapshot: SegmentSnapshot): SegmentEvent[] {
    return [...this.#senderEvents(snapshot), ...this.#findingEvents(snapshot)];
  }

  #senderEvents({ senders, at }: SegmentSnapshot): SegmentEvent[] {
    const events: SegmentEvent[] = [];
    const known = this.#senders;
    this.#senders = new Map(senders.map((sender) => [senderName(sender), sender]));
    for (const [name, sender] of this.#senders) {
      const change = changeOf(known.get(name), sender);
      if (change !== undefined) events.push({ kind: 'sender', change, at, sender });
    }
    return events;
  }

  #findingEvents({ findings, at }: SegmentSnapshot): SegmentEvent[] {
    const events: SegmentEvent[] = [];
    const present = new Map(findings.map((finding) => [findingName(finding), finding]));
    for (const [name, { finding, from }] of this.#raised) {
      if (present.has(name)) continue;
      this.#raised.delete(name);
      this.#past = [...this.#past, { finding, from, to: at }].slice(-PAST_MAX);
      events.push({ kind: 'finding', change: 'cleared', at, finding });
    }
    for (const [name, finding] of present) {
      const raised = this.#raised.get(name);
      this.#raised.set(name, { finding, from: raised?.from ?? at });
      if (raised === undefined) events.push({ kind: 'finding', change: 'raised', at, finding });
    }
    return events;
  }
}

function changeOf(before: SenderRow | undefined, now: SenderRow) {
  if (before === undefined) return 'appeared' as const;
  if (before.state !== now.state) {
    if (now.state === 'master') return 'returned' as const;
    return now.state === 'refused' ? undefined : now.state;
  }
  return JSON.stringify(before.claims) === JSON.stringify(now.claims)
    ? undefined
    : ('changed' as const);
}

function senderName({ family, vrid, version, source }: SenderRow): string {
  return `${family} ${vrid} ${version} ${source}`;
}

/** Identifies a finding: its message may change while it lasts. */
function findingName({ code, family, vrid, sources }: SegmentFinding): string {
  return `${code} ${family} ${vrid} ${sources.join(' ')}`;
}
