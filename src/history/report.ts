/** All that the histories of one or several directors say about a time. Pure. */
import { aligned, type ClockOffset } from './align.ts';
import { type Balance, balanceOf } from './balance.ts';
import {
  type DirectorHistory,
  type DirectorLanes,
  type Lane,
  lanesOf,
  type Missing,
} from './lanes.ts';
import { type Changes, changesIn } from './moves.ts';
import { type Period, periodsOf, type Window } from './periods.ts';
import { type Statistics, statisticsOf } from './statistics.ts';

export interface HistoryReport {
  readonly window: Window;
  /** The first one is the reference of all times. */
  readonly directors: readonly DirectorReport[];
  /** Of all instances of which there is a history. */
  readonly names: readonly string[];
  readonly instances: readonly InstanceReport[];
  readonly balance: Balance;
}

export interface DirectorReport {
  readonly history: DirectorHistory;
  readonly clock: ClockOffset;
  /** Records that were not written, because the disk was full or there were too many; oldest first. */
  readonly missing: readonly Missing[];
}

export interface InstanceReport {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly lanes: readonly Lane[];
  readonly periods: readonly Period[];
  readonly changes: Changes;
  readonly statistics: Statistics;
  /** How long a MASTER heard another one; of the director that says most. */
  readonly dual_master_ms: number;
}

export interface ReportTerms {
  /** Default: the first record. */
  readonly since?: number | undefined;
  /** Default: the last sign of life of any director. */
  readonly until?: number | undefined;
  /** Default: all. */
  readonly instances?: readonly string[];
}

/** Histories that have the clock of the first of them, as one document has them. */
export type Group = readonly DirectorHistory[];

/** The first history of the first group is the reference. */
export function reportOf(groups: readonly Group[], terms: ReportTerms): HistoryReport {
  const directors = onOneClock(groups);
  const seen = directors.map(({ history }) => lanesOf(history));
  const window = windowOf(directors, terms);
  const names = [...new Set(seen.flatMap(({ lanes }) => [...lanes.keys()]))].sort();
  const wanted = terms.instances?.length ? terms.instances : names;
  const dual = directors.map(({ history }) => dualMasters(history, window));
  const balances = directors.map(({ history }) => balanceOf(history, window));
  return {
    ...{ window, names },
    directors: directors.map((one, index) => ({
      ...one,
      missing: joinedMissing(seen[index]?.missing ?? [], window),
    })),
    instances: wanted
      .filter((name) => names.includes(name))
      .map((name) => instanceReport(name, seen, dual, window)),
    balance: {
      downtimes: balances.flatMap(({ downtimes }) => downtimes),
      connections: balances.flatMap(({ connections }) => connections).sort((a, b) => a.at - b.at),
    },
  };
}

type Aligned = Omit<DirectorReport, 'missing'>;

/** Closer together they are one: what a storm leaves out is noted now and then. */
const MISSING_APART_MS = 3_600_000;

function joinedMissing(missing: readonly Missing[], { from, to }: Window): Missing[] {
  const result: { -readonly [Name in keyof Missing]: Missing[Name] }[] = [];
  for (const one of missing) {
    if (one.to < from || one.from > to) continue;
    const last = result.at(-1);
    if (last?.why === one.why && one.from - last.to < MISSING_APART_MS) {
      last.to = Math.max(last.to, one.to);
      last.count += one.count;
    } else result.push({ ...one });
  }
  return result;
}

/** Of a director that is there twice, the first one counts. */
function onOneClock(groups: readonly Group[]): Aligned[] {
  const [[reference, ...more] = [], ...others] = groups;
  if (reference === undefined) return [];
  const clock: ClockOffset = { method: 'reference', offset_ms: 0, samples: 0 };
  const directors: Aligned[] = [reference, ...more].map((history) => ({ history, clock }));
  for (const group of others) {
    for (const one of aligned(reference, group)) {
      const isKnown = directors.some(({ history }) => history.router === one.history.router);
      if (!isKnown) directors.push(one);
    }
  }
  return directors;
}

function windowOf(directors: readonly Aligned[], { since, until }: ReportTerms): Window {
  const firsts = directors.flatMap(({ history }) => history.records[0]?.at ?? []);
  const to = until ?? Math.max(...directors.map(({ history }) => history.until));
  return { from: since ?? Math.min(to, ...firsts), to };
}

function instanceReport(
  name: string,
  seen: readonly DirectorLanes[],
  dual: readonly ReadonlyMap<string, number>[],
  window: Window,
): InstanceReport {
  const lanes = seen.flatMap((one) => one.lanes.get(name) ?? []);
  const motives = seen.flatMap((one) => one.motives.filter(({ instance }) => instance === name));
  const periods = periodsOf(lanes, window);
  const changes = changesIn(periods, { lanes, motives: motives.sort((a, b) => a.at - b.at) });
  return {
    name,
    addresses: lanes.find(({ mark }) => mark !== undefined)?.mark?.addresses ?? [],
    ...{ lanes, periods, changes },
    statistics: statisticsOf(periods, changes),
    dual_master_ms: Math.max(0, ...dual.map((one) => one.get(name) ?? 0)),
  };
}

/** By instance, how long it heard another MASTER. */
function dualMasters({ records }: DirectorHistory, { from, to }: Window): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const record of records) {
    if (record.kind !== 'dual-master-ended' || record.at < from || record.at > to) continue;
    const { instance, duration_ms: length } = record;
    lengths.set(instance, (lengths.get(instance) ?? 0) + length);
  }
  return lengths;
}
