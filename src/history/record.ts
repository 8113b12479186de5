/**
 * The lines of the history on the disk: events with the time on both clocks, and marks of the agent
 * itself. A line that cannot be used is an error, never an exception: it may be torn or of a later version.
 */
import type { EventFacts } from '../control/events/event-table.ts';
import { failure, type Result, success } from '../net/result.ts';
import type { StateName } from '../protocol/engine/reports.ts';
import { type Balanced, type BalancedState, isBalanced } from './balanced.ts';

/** What the process before this one has left. */
export type Former =
  /** There is no history before. */
  | 'none'
  | 'stopped'
  /** It handed over to this process, without an interruption. */
  | 'taken-over'
  /** It ended without saying so, and the host did not restart. */
  | 'died'
  | 'host-restarted';

export interface InstanceMark {
  readonly name: string;
  readonly state: StateName;
  readonly interface: string;
  readonly vrid: number;
  readonly addresses: readonly string[];
}

/** What the agent writes about itself. */
export type Mark =
  | {
      readonly kind: 'agent-started';
      readonly version: string;
      readonly pid: number;
      readonly boot: string;
      readonly former: Former;
      /** Last sign of life of the process before, in milliseconds since 1970; null: unknown. */
      readonly alive: number | null;
    }
  | { readonly kind: 'agent-stopped'; readonly outcome: 'stopped' | 'failed' }
  /** At the start of each file, and when the configuration changes. */
  | {
      readonly kind: 'instances';
      readonly router: string;
      readonly boot: string;
      readonly instances: readonly InstanceMark[];
      /** Servers and services that are down. */
      readonly down?: readonly Balanced[];
    }
  /** How far the clocks of other directors are ahead, in milliseconds, as the peer link measures it. */
  | { readonly kind: 'clocks'; readonly offsets: Readonly<Record<string, number>> }
  /** Records that are missing, and how all that they were about was after the last of them. */
  | {
      readonly kind: 'left-out';
      readonly count: number;
      readonly why: MissingWhy;
      /** The first of them is so much older than this line; absent in lines of former versions. */
      readonly lasted_ms?: number;
      readonly states?: readonly Pick<InstanceMark, 'name' | 'state'>[];
      readonly servers?: readonly BalancedState[];
    };

/** The disk was full or slow, or there were too many. */
export type MissingWhy = 'disk' | 'storm';

export interface Stamp {
  /** Milliseconds since 1970; ISO 8601 in the file. */
  at: number;
  /** Milliseconds on the clock of the host that nothing sets, since its boot. */
  readonly up: number;
}

/** With how long nothing was heard from the MASTER, where the takeover is due to that. */
type StoredFacts = EventFacts & { readonly silent_ms?: number };

export type HistoryRecord = (Mark | StoredFacts) & Stamp;

/** What can be written, before it has its times. */
export type Content = Mark | StoredFacts;

export type RecordKind = HistoryRecord['kind'];

/** Fields without which a record of this kind is of no use. Other kinds are only passed on. */
const NEEDED: { readonly [Kind in RecordKind]?: Readonly<Record<string, string>> } = {
  transition: {
    instance: 'string',
    from: 'string',
    to: 'string',
    cause: 'string',
    reason: 'string',
  },
  'priority-changed': { instance: 'string', from: 'number', to: 'number', reason: 'string' },
  command: { instance: 'string', by: 'string', request: 'string' },
  connections: { instance: 'string', live: 'number' },
  'ipvs-server-down': { service: 'string', server: 'string' },
  'ipvs-server-up': { service: 'string', server: 'string' },
  'ipvs-service-down': { service: 'string' },
  'ipvs-service-up': { service: 'string' },
  'ipvs-removed': { service: 'string' },
  'dual-master-ended': { instance: 'string', duration_ms: 'number' },
  'agent-started': { boot: 'string', former: 'string' },
  instances: { router: 'string', boot: 'string', instances: 'object' },
  'agent-stopped': { outcome: 'string' },
  clocks: { offsets: 'object' },
  'left-out': { count: 'number' },
};

/**
 * Whether a report needs a record of this kind. A line of another kind need not be decoded: they are most
 * of a long history.
 */
export function isNeeded(kind: string): boolean {
  return KEPT.has(kind);
}

/** Only the fields that a report needs; equal texts are one text in memory. */
export class Slimmer {
  readonly #texts = new Map<string, string>();

  slim(record: HistoryRecord): HistoryRecord {
    const names = KEPT.get(record.kind);
    if (names === undefined || record.kind === 'instances') return record;
    const kind = this.#same(record.kind);
    const { at, up } = record;
    // Most are of these kinds and written out: objects made field by field take twice the room.
    if (record.kind === 'transition') {
      const { from, to, silent_ms } = record;
      const instance = this.#same(record.instance);
      const [cause, reason] = [this.#same(record.cause), this.#same(record.reason)];
      return asRecord({ at, up, kind, instance, from, to, cause, reason, silent_ms });
    }
    if (record.kind === 'ipvs-server-down' || record.kind === 'ipvs-server-up') {
      const [service, server] = [this.#same(record.service), this.#same(record.server)];
      return asRecord({ at, up, kind, service, server });
    }
    const given = record as unknown as Record<string, unknown>;
    const kept: Record<string, unknown> = { at, up, kind };
    for (const name of names) {
      const value = given[name];
      if (value !== undefined) kept[name] = typeof value === 'string' ? this.#same(value) : value;
    }
    return asRecord(kept);
  }

  #same(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
}

function asRecord(fields: object): HistoryRecord {
  return fields as HistoryRecord;
}

const OPTIONAL: { readonly [Kind in RecordKind]?: readonly string[] } = {
  transition: ['silent_ms'],
  command: ['outcome'],
  connections: ['move', 'missing'],
  'agent-started': ['alive'],
  'agent-stopped': ['outcome'],
  'ipvs-removed': ['server'],
  'left-out': ['why', 'lasted_ms', 'states', 'servers'],
};

/** Made once: there are many records. */
const CHECKED: ReadonlyMap<string, readonly (readonly [string, string])[]> = new Map(
  Object.entries(NEEDED).map(([kind, fields]) => [kind, Object.entries(fields)]),
);

const KEPT: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(NEEDED).map(([kind, fields]) => [
    kind,
    [...Object.keys(fields), ...(OPTIONAL[kind as RecordKind] ?? [])],
  ]),
);

export function lineOf(content: Content, { at, up }: Stamp): string {
  return `${JSON.stringify({ at: new Date(at).toISOString(), up, ...content })}\n`;
}

/** `line` without its newline. */
export function recordOf(line: string): Result<HistoryRecord, 'damaged'> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return failure('damaged');
  }
  return recordIn(value);
}

/** A record in the form of the file. */
export function recordIn(value: unknown): Result<HistoryRecord, 'damaged'> {
  if (typeof value !== 'object' || value === null) return failure('damaged');
  const fields = value as Record<string, unknown>;
  const { kind, at, up } = fields;
  if (typeof kind !== 'string' || typeof at !== 'string' || typeof up !== 'number') {
    return failure('damaged');
  }
  const time = Date.parse(at);
  if (Number.isNaN(time)) return failure('damaged');
  for (const [name, type] of CHECKED.get(kind) ?? []) {
    const field = fields[name];
    const found: string = field === null ? 'null' : typeof field;
    if (found !== type) return failure('damaged');
  }
  if (kind === 'instances' && !hasInstances(fields)) return failure('damaged');
  if (kind === 'left-out' && !hasMissing(fields)) return failure('damaged');
  if (kind === 'transition' && !(isState(fields['from']) && isState(fields['to']))) {
    return failure('damaged');
  }
  for (const name of NUMBERS.get(kind) ?? []) {
    if (!isNumberOrNone(fields[name])) return failure('damaged');
  }
  fields['at'] = time;
  return success(fields as unknown as HistoryRecord);
}

/** In the form of the file again. */
export function storedForm(record: HistoryRecord): object {
  return { ...record, at: new Date(record.at).toISOString() };
}

const STATES: ReadonlySet<unknown> = new Set<StateName>(['INIT', 'BACKUP', 'MASTER', 'FAULT']);

function isState(value: unknown): boolean {
  return STATES.has(value);
}

/** Fields that may be absent or null: the reports of other directors are input, too. */
const NUMBERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['transition', ['silent_ms']],
  ['connections', ['live', 'missing']],
  ['agent-started', ['alive']],
  ['left-out', ['lasted_ms']],
]);

function isNumberOrNone(value: unknown): boolean {
  return value === undefined || value === null || Number.isFinite(value);
}

function hasInstances({ instances, down }: Readonly<Record<string, unknown>>): boolean {
  return (
    Array.isArray(instances) &&
    instances.every((one) => hasState(one) && Array.isArray(one.addresses)) &&
    isListOf(down, isBalanced)
  );
}

function hasMissing({ states, servers }: Readonly<Record<string, unknown>>): boolean {
  return isListOf(states, hasState) && isListOf(servers, isBalanced);
}

/** Or absent. */
function isListOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return value === undefined || (Array.isArray(value) && value.every(isOne));
}

function hasState(value: unknown): value is { readonly addresses?: unknown } {
  const { name, state } = (value ?? {}) as Partial<InstanceMark>;
  return typeof name === 'string' && isState(state);
}
