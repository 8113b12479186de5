/** What the load balancer of a director did: servers and services that were down, connections that were lost. Pure. */
import type { DirectorHistory } from './lanes.ts';
import type { Window } from './periods.ts';

export interface Downtime {
  readonly director: string;
  readonly service: string;
  /** Null: the service itself had no server. */
  readonly server: string | null;
  readonly spans: readonly { readonly from: number; readonly to: number }[];
  readonly times: number;
  readonly ms: number;
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
  readonly service: string;
  readonly server: string | null;
  readonly spans: { from: number; to: number }[];
  since: number | undefined;
}

export function balanceOf(history: DirectorHistory, window: Window): Balance {
  const lines = new Map<string, Line>();
  const connections: MovedConnections[] = [];
  const { router: director, records, until } = history;
  const set = (at: number, service: string, server: string | null, isDown: boolean) => {
    const key = `${service} ${server ?? ''}`;
    const line = lines.get(key) ?? { service, server, spans: [], since: undefined };
    lines.set(key, line);
    if (isDown) line.since ??= at;
    else end(line, at);
  };
  for (const record of records) {
    const { at } = record;
    switch (record.kind) {
      case 'ipvs-server-down':
      case 'ipvs-server-up':
        set(at, record.service, record.server, record.kind === 'ipvs-server-down');
        break;
      case 'ipvs-service-down':
      case 'ipvs-service-up':
        set(at, record.service, null, record.kind === 'ipvs-service-down');
        break;
      case 'agent-stopped':
        for (const line of lines.values()) end(line, at);
        break;
      case 'agent-started':
        if (record.former === 'taken-over') break;
        for (const line of lines.values()) end(line, Math.min(at, record.alive ?? at));
        break;
      case 'connections': {
        const { instance, move, live, missing } = record;
        connections.push({ director, at, instance, move, live, lost: missing });
        break;
      }
      default:
    }
  }
  for (const line of lines.values()) end(line, until);
  return {
    downtimes: [...lines.values()]
      .map((line) => downtime(director, line, window))
      .filter(({ times }) => times > 0),
    connections: connections.filter(({ at }) => at >= window.from && at <= window.to),
  };
}

function end(line: Line, at: number): void {
  if (line.since !== undefined && at > line.since) line.spans.push({ from: line.since, to: at });
  line.since = undefined;
}

function downtime(director: string, { service, server, spans }: Line, window: Window): Downtime {
  const inside = spans
    .map(({ from, to }) => ({ from: Math.max(from, window.from), to: Math.min(to, window.to) }))
    .filter(({ from, to }) => to > from);
  const ms = inside.reduce((sum, { from, to }) => sum + to - from, 0);
  return { director, service, server, spans: inside, times: inside.length, ms };
}
