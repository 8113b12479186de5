/** The history as JSON, for programs and for `--merge` on another director. */
import type { EventFacts } from '../control/events/event-table.ts';
import { failure, type Result, success } from '../net/result.ts';
import { balancedIn, balancedKey } from './balanced.ts';
import type { DirectorHistory } from './lanes.ts';
import type { Move, Outage } from './moves.ts';
import type { Window } from './periods.ts';
import { type HistoryRecord, isNeeded, recordIn, Slimmer, storedForm } from './record.ts';
import type { Group, HistoryReport, InstanceReport } from './report.ts';
import { allowance, type Flapping } from './statistics.ts';

const FORMAT = 1;

/** Characters of a part. */
const PART = 65_536;

/** The parts of the text, so that a long history is never one string. */
export function* documentText(report: HistoryReport, now: Date): Generator<string> {
  let part = '';
  for (const piece of pieces(report, now)) {
    part += piece;
    if (part.length < PART) continue;
    yield part;
    part = '';
  }
  yield part;
}

function* pieces(report: HistoryReport, now: Date): Generator<string> {
  const { window, directors, instances, balance } = report;
  const head = {
    format: FORMAT,
    router: directors[0]?.history.router,
    generated_at: now.toISOString(),
    since: time(window.from),
    until: time(window.to),
    instances: instances.map(instanceDocument),
    servers: balance.downtimes.map(({ spans, unknown, ...rest }) => ({
      ...rest,
      down: spans.map(timesOf),
      unknown: unknown.map(timesOf),
    })),
    connections: balance.connections.map((one) => ({ ...one, at: time(one.at) })),
  };
  yield `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "directors": [`;
  for (const [index, { history, clock, missing }] of directors.entries()) {
    const { router, until, damaged } = history;
    const facts = {
      ...{ router, clock, until: time(until), damaged },
      left_out: missing.reduce((sum, { count }) => sum + count, 0),
      missing: missing.map((one) => ({ ...one, from: time(one.from), to: time(one.to) })),
    };
    yield `${index === 0 ? '' : ','}\n    ${JSON.stringify(facts).slice(0, -1)}, "records": [`;
    let separator = '\n';
    for (const record of within(history, window.from)) {
      yield `${separator}      ${JSON.stringify(storedForm(record))}`;
      separator = ',\n';
    }
    yield '\n    ]}';
  }
  yield '\n  ]\n}\n';
}

/**
 * What is older is needed only for the state at the start: of all of it stay the records that say what
 * each instance was.
 */
function* within({ records }: DirectorHistory, from: number): Generator<HistoryRecord> {
  const first = records.findIndex(({ at }) => at >= from);
  const start = first < 0 ? records.length : first;
  yield* stateBefore(records.slice(0, start));
  for (let index = start; index < records.length; index++) {
    const record = records[index];
    if (record !== undefined) yield record;
  }
}

function stateBefore(records: readonly HistoryRecord[]): HistoryRecord[] {
  const last = new Map<string, HistoryRecord>();
  for (const record of records) {
    const { kind } = record;
    if (kind === 'transition') last.set(`${kind} ${record.instance}`, record);
    else if (kind === 'instances' || kind.startsWith('agent-')) last.set(kind, record);
    else if (kind === 'clocks') last.set(kind, record);
    // Each says how other instances and servers were.
    else if (kind === 'left-out') last.set(`${kind} ${record.at} ${last.size}`, record);
    else if (kind.startsWith('ipvs-')) {
      const server = balancedIn(record as EventFacts);
      if (server !== undefined) last.set(`server ${balancedKey(server)}`, record);
    }
  }
  return [...last.values()].sort((a, b) => a.at - b.at);
}

/** Histories in a document that `vrrp-agent history --json` has printed. */
export function historiesIn(text: string, wanted: 'all' | 'needed' = 'all'): Result<Group, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return failure('it is not JSON: give it the output of `vrrp-agent history --json`');
  }
  const { format, directors } = (value ?? {}) as { format?: unknown; directors?: unknown };
  if (!Array.isArray(directors) || typeof format !== 'number') {
    return failure('it is not the output of `vrrp-agent history --json`');
  }
  if (format !== FORMAT)
    return failure(`it has format ${format}, not ${FORMAT}: another version wrote it`);
  const group = directors.flatMap((one) => historyIn(one, wanted) ?? []);
  return group.length === 0 ? failure('it has no history of a director') : success(group);
}

function historyIn(value: unknown, wanted: 'all' | 'needed'): DirectorHistory | undefined {
  const given = (value ?? {}) as { router?: unknown; until?: unknown; records?: unknown };
  const until = Date.parse(String(given.until));
  if (typeof given.router !== 'string' || Number.isNaN(until) || !Array.isArray(given.records)) {
    return undefined;
  }
  const slimmer = new Slimmer();
  const records: HistoryRecord[] = [];
  let damaged = 0;
  for (const one of given.records) {
    const read = recordIn(one);
    if (!read.ok) damaged += 1;
    else if (wanted === 'all') records.push(read.value);
    else if (isNeeded(read.value.kind)) records.push(slimmer.slim(read.value));
  }
  return { router: given.router, until, records, damaged };
}

function instanceDocument({ name, addresses, lanes, changes, ...rest }: InstanceReport) {
  const { statistics, dual_master_ms } = rest;
  const { longest, flapping, moves, observed_ms: observed, ...numbers } = statistics;
  return {
    ...{ name, addresses, directors: lanes.map(({ director }) => director) },
    observed_ms: observed,
    ...numbers,
    longest: longest === null ? null : outageDocument(longest),
    flapping: flapping.map(flappingDocument),
    dual_master_ms,
    four_nines_allow_ms: Math.round(allowance(4, observed)),
    outages: changes.outages.map(outageDocument),
    moves: { ...moves, list: changes.moves.map(moveDocument) },
  };
}

function outageDocument({ from, to, ...rest }: Outage) {
  return { from: time(from), to: time(to), ms: to - from, ...rest };
}

function moveDocument({ at, ...rest }: Move) {
  return { at: time(at), ...rest };
}

function flappingDocument({ from, to, moves }: Flapping) {
  return { from: time(from), to: time(to), moves };
}

function timesOf({ from, to }: Window) {
  return { from: time(from), to: time(to) };
}

function time(at: number): string {
  return new Date(at).toISOString();
}
