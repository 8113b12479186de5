/** What one director was in each of its instances over time, from its records. Pure. */
import type { StateName } from '../protocol/engine/reports.ts';
import type { HistoryRecord, InstanceMark, MissingWhy } from './record.ts';

/** `down`: the agent was stopped. `gone`: it ended without saying so, and what it was then is not known. */
export type LaneState = StateName | 'down' | 'gone';

export interface Reason {
  /** A cause of a transition, or of the end of the agent. */
  readonly cause: string;
  readonly reason: string;
}

export interface LaneSpan extends Reason {
  readonly from: number;
  to: number;
  readonly state: LaneState;
  /** Of a BACKUP: since when it has heard no MASTER; it became MASTER for that. */
  silentFrom: number | undefined;
}

/** The spans follow each other; gaps between them are times of which nothing is known. */
export interface Lane {
  readonly director: string;
  readonly instance: string;
  spans: LaneSpan[];
  mark: Pick<InstanceMark, 'interface' | 'vrid' | 'addresses'> | undefined;
}

/** An operator's request, or a tracked object that took priority away: why a MASTER moves. */
export interface Motive {
  readonly at: number;
  readonly instance: string;
  readonly kind: 'command' | 'track';
  readonly text: string;
}

export interface DirectorHistory {
  readonly router: string;
  /** Oldest first, with straight times. */
  readonly records: readonly HistoryRecord[];
  /** The last sign of life. */
  readonly until: number;
  /** Lines that could not be used. */
  readonly damaged: number;
}

/** Records that were not written. */
export interface Missing {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly why: MissingWhy;
}

export interface DirectorLanes {
  readonly router: string;
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly motives: readonly Motive[];
  readonly missing: readonly Missing[];
}

export function lanesOf({ router, records, until }: DirectorHistory): DirectorLanes {
  const builder = new LaneBuilder(router);
  for (const record of records) builder.take(record);
  return builder.end(until);
}

class LaneBuilder {
  readonly #router: string;
  readonly #lanes = new Map<string, Lane>();
  readonly #motives: Motive[] = [];
  readonly #missing: Missing[] = [];
  /** Time of the record before. */
  #before: number | undefined;

  constructor(router: string) {
    this.#router = router;
  }

  take(record: HistoryRecord): void {
    this.#take(record);
    this.#before = record.at;
  }

  #take(record: HistoryRecord): void {
    const { at } = record;
    switch (record.kind) {
      case 'transition':
        this.#transition(record);
        return;
      case 'agent-started':
        this.#started(record);
        return;
      case 'agent-stopped': {
        const reason = record.outcome === 'failed' ? 'the agent failed' : 'the agent was stopped';
        this.#all(at, 'down', { cause: record.outcome, reason });
        return;
      }
      case 'instances':
        this.#instances(at, record.instances);
        return;
      case 'command':
        if (record.outcome !== null || record.request === 'release') return;
        this.#motive(at, record.instance, 'command', `${record.by} requested ${record.request}`);
        return;
      case 'priority-changed':
        if (record.to >= record.from || !record.reason.startsWith('track:')) return;
        this.#motive(at, record.instance, 'track', record.reason);
        return;
      case 'left-out':
        this.#leftOut(record);
        return;
      default:
    }
  }

  end(until: number): DirectorLanes {
    for (const lane of this.#lanes.values()) close(lane, Math.max(until, startOf(lane)));
    const lanes = new Map([...this.#lanes].filter(([, { spans }]) => spans.length > 0));
    return { router: this.#router, lanes, motives: this.#motives, missing: this.#missing };
  }

  #transition(record: Extract<HistoryRecord, { kind: 'transition' }>): void {
    const { at, instance, from, to, cause, reason, silent_ms: silent } = record;
    const lane = this.#lane(instance);
    const present = openIn(lane);
    if (cause === 'still-master' && resumed(lane, at)) return;
    if (present?.state === 'BACKUP' && to === 'MASTER' && silent !== undefined) {
      const from = Math.round(at - silent);
      // It listened from the start, and heard nothing: the timer ends a little late.
      present.silentFrom = from - present.from < SLACK_MS ? present.from : from;
    }
    // A history that begins in the middle knows the state before from here.
    if (present === undefined && from === 'INIT') open(lane, at, from, UNKNOWN);
    open(lane, at, to, { cause, reason });
  }

  #started({ at, former, alive }: Extract<HistoryRecord, { kind: 'agent-started' }>): void {
    if (former === 'taken-over') return;
    for (const lane of this.#lanes.values()) {
      const present = openIn(lane);
      if (present === undefined) continue;
      if (present.state !== 'down') {
        const cause = former === 'host-restarted' ? former : 'died';
        // It wrote that record; the time of a file is coarser than that of its lines.
        const end = Math.min(at, Math.max(present.from + 1, alive ?? 0));
        open(lane, end, 'gone', { cause, reason: GONE[cause] });
      }
      open(lane, at, 'INIT', { cause: 'started', reason: 'the agent started' });
    }
  }

  /** Of what the missing records were about, nothing is known until after the last one. */
  #leftOut(record: Extract<HistoryRecord, { kind: 'left-out' }>): void {
    const { at, count, why, states = [] } = record;
    const from = missingSince(record, this.#before);
    this.#missing.push({ from, to: at, count, why });
    if (record.lasted_ms === undefined && why === 'disk') {
      for (const lane of this.#lanes.values()) cut(lane, from);
    }
    for (const { name, state } of states) {
      const lane = this.#lane(name);
      cut(lane, from);
      open(lane, at, state, UNKNOWN);
    }
  }

  /** Instances that are not listed have left the configuration. */
  #instances(at: number, marks: readonly InstanceMark[]): void {
    for (const mark of marks) {
      const lane = this.#lane(mark.name);
      lane.mark = mark;
      if (openIn(lane) === undefined) open(lane, at, mark.state, UNKNOWN);
    }
    const listed = new Set(marks.map(({ name }) => name));
    for (const lane of this.#lanes.values()) if (!listed.has(lane.instance)) close(lane, at);
  }

  #all(at: number, state: LaneState, why: Reason): void {
    for (const lane of this.#lanes.values()) {
      if (openIn(lane) !== undefined) open(lane, at, state, why);
    }
  }

  #motive(at: number, instance: string, kind: Motive['kind'], text: string): void {
    this.#motives.push({ at, instance, kind, text });
  }

  #lane(instance: string): Lane {
    let lane = this.#lanes.get(instance);
    if (lane === undefined) {
      lane = { director: this.#router, instance, spans: [], mark: undefined };
      this.#lanes.set(instance, lane);
    }
    return lane;
  }
}

/** By how much a timer may be late. */
const SLACK_MS = 100;

const UNKNOWN: Reason = { cause: '', reason: '' };

const GONE = {
  died: 'the agent ended without stopping',
  'host-restarted': 'the host restarted',
} as const;

/** The end of an open span is not known yet. */
const OPEN = Number.POSITIVE_INFINITY;

function openIn({ spans }: Lane): LaneSpan | undefined {
  const last = spans.at(-1);
  return last?.to === OPEN ? last : undefined;
}

function startOf({ spans }: Lane): number {
  return spans.at(-1)?.from ?? Number.NEGATIVE_INFINITY;
}

/** When the first missing record was due; of former versions after the record before. */
export function missingSince(
  { at, lasted_ms: lasted }: Extract<HistoryRecord, { kind: 'left-out' }>,
  before: number | undefined,
): number {
  return lasted === undefined ? (before ?? at) : at - Math.max(0, lasted);
}

/** A span that has no length is not kept, unless it is all that is known. */
function close(lane: Lane, at: number): void {
  const present = openIn(lane);
  if (present === undefined) return;
  present.to = at;
  if (present.from >= at) lane.spans.pop();
}

/** Forgets what it was from `at` on. */
function cut({ spans }: Lane, at: number): void {
  while ((spans.at(-1)?.from ?? at - 1) >= at) spans.pop();
  const last = spans.at(-1);
  if (last !== undefined) last.to = Math.min(last.to, at);
}

function open(lane: Lane, at: number, state: LaneState, { cause, reason }: Reason): void {
  if (openIn(lane)?.state === state) return;
  close(lane, at);
  lane.spans.push({ from: at, to: OPEN, state, cause, reason, silentFrom: undefined });
}

/**
 * A process that is MASTER again in time: the kernel has served in between, so it was MASTER all the time.
 * False: it was not MASTER before.
 */
function resumed(lane: Lane, at: number): boolean {
  const kept = [...lane.spans];
  while (kept.length > 0 && ['INIT', 'gone', 'down'].includes(kept.at(-1)?.state ?? '')) kept.pop();
  const last = kept.at(-1);
  if (last?.state !== 'MASTER' || last.to > at) return false;
  last.to = OPEN;
  lane.spans = kept;
  return true;
}
