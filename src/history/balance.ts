/** What the load balancer of a director did: servers and services that were down, connections that were lost. Pure. */
import { type Balanced, balancedIn } from './balanced.ts';
import { type DirectorHistory, missingSince } from './lanes.ts';
import type { Window } from './periods.ts';
import type { HistoryRecord } from './record.ts';

/** A real server of a service, or the service itself. */
export interface Downtime extends Balanced {
  readonly director: string;
  readonly spans: readonly Window[];
  readonly times: number;
  readonly ms: number;
  /** When it may have been down or up: records are missing. */
  readonly unknown: readonly Window[];
  readonly unknown_ms: number;
}

export interface MovedConnections {
  readonly director: string;
  readonly at: number;
  readonly instance: string;
  readonly move: string;
  readonly live: number;
  /** Null: unknown. */
  readonly lost: number | null;
}

export interface Balance {
  readonly downtimes: readonly Downtime[];
  readonly connections: readonly MovedConnections[];
}

interface Line {
  readonly of: Balanced;
  spans: { from: number; to: number }[];
  readonly unknown: { from: number; to: number }[];
  /** Since when it is down. */
  since: number | undefined;
  /** Until when that is sure: another process has to find it down again. */
  sureUntil: number | undefined;
  /** Since when nothing is known of it. */
  unknownSince: number | undefined;
}

export function balanceOf(history: DirectorHistory, window: Window): Balance {
  const { router: director, records, until } = history;
  const lines = new Lines();
  const connections: MovedConnections[] = [];
  let before: number | undefined;
  for (const record of records) {
    if (record.kind === 'connections') {
      const { at, instance, move, live, missing } = record;
      connections.push({ director, at, instance, move, live, lost: missing });
    } else lines.take(record, before);
    before = record.at;
  }
  return {
    downtimes: lines
      .end(until)
      .map((line) => downtime(director, line, window))
      .filter(({ times, unknown }) => times + unknown.length > 0),
    connections: connections.filter(({ at }) => at >= window.from && at <= window.to),
  };
}

class Lines {
  readonly #lines: Line[] = [];
  /** By service, then by server. */
  readonly #known = new Map<string, Map<string | null, Line>>();

  take(record: HistoryRecord, before: number | undefined): void {
    const { at } = record;
    switch (record.kind) {
      case 'agent-stopped':
        this.end(at);
        return;
      case 'agent-started':
        if (record.former !== 'taken-over') this.end(Math.min(at, record.alive ?? at));
        // Only what is down now is reported again.
        else for (const line of this.#lines) line.sureUntil ??= at;
        return;
      case 'instances':
        for (const one of record.down ?? []) this.#of(one).since ??= at;
        return;
      case 'left-out':
        this.#leftOut(record, missingSince(record, before));
        return;
      case 'ipvs-server-down':
      case 'ipvs-server-up':
      case 'ipvs-service-down':
      case 'ipvs-service-up':
      case 'ipvs-removed': {
        const server = balancedIn(record);
        if (server !== undefined) set(this.#of(server), at, server.down);
        return;
      }
      default:
    }
  }

  /** Nothing is known after it, as the agent ends. */
  end(at: number): readonly Line[] {
    for (const line of this.#lines)
      set(line, line.since === undefined ? at : (line.sureUntil ?? at), false);
    return this.#lines;
  }

  #leftOut(record: Extract<HistoryRecord, { kind: 'left-out' }>, from: number): void {
    const { at, servers = [] } = record;
    if (record.lasted_ms === undefined) {
      for (const line of this.#lines) {
        if (line.since === undefined) continue;
        cut(line, from);
        line.unknownSince ??= from;
      }
    }
    for (const one of servers) {
      const line = this.#of(one);
      cut(line, from);
      line.unknownSince ??= from;
      set(line, at, one.down);
    }
  }

  #of({ service, server }: Balanced): Line {
    const servers = this.#known.get(service) ?? new Map<string | null, Line>();
    const known = servers.get(server);
    if (known !== undefined) return known;
    const line: Line = {
      ...{ of: { service, server }, spans: [], unknown: [] },
      ...{ since: undefined, sureUntil: undefined, unknownSince: undefined },
    };
    this.#lines.push(line);
    this.#known.set(service, servers.set(server, line));
    return line;
  }
}

function set(line: Line, at: number, isDown: boolean): void {
  if (line.unknownSince !== undefined) add(line.unknown, line.unknownSince, at);
  line.unknownSince = undefined;
  line.sureUntil = undefined;
  if (isDown) {
    line.since ??= at;
    return;
  }
  if (line.since !== undefined) add(line.spans, line.since, at);
  line.since = undefined;
}

/** Forgets what it was from `at` on. */
function cut(line: Line, at: number): void {
  if (line.since !== undefined) add(line.spans, line.since, at);
  line.since = undefined;
  line.spans = line.spans
    .map(({ from, to }) => ({ from, to: Math.min(to, at) }))
    .filter(({ from, to }) => to > from);
}

function add(spans: { from: number; to: number }[], from: number, to: number): void {
  if (to > from) spans.push({ from, to });
}

function downtime(director: string, { of, spans, unknown }: Line, window: Window): Downtime {
  const [down, blind] = [within(spans, window), within(unknown, window)];
  return {
    ...{ director, ...of, spans: down, times: down.length, ms: lengthOf(down) },
    ...{ unknown: blind, unknown_ms: lengthOf(blind) },
  };
}

function within(spans: readonly Window[], window: Window): Window[] {
  return spans
    .map(({ from, to }) => ({ from: Math.max(from, window.from), to: Math.min(to, window.to) }))
    .filter(({ from, to }) => to > from);
}

function lengthOf(spans: readonly Window[]): number {
  return spans.reduce((sum, { from, to }) => sum + to - from, 0);
}
