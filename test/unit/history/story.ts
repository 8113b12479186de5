/** Histories written by hand: times in seconds of one day. */
import type { DirectorHistory } from '../../../src/history/lanes.ts';
import { type Content, type HistoryRecord, lineOf, recordOf } from '../../../src/history/record.ts';

export const DAY = Date.parse('2026-03-01T00:00:00Z');

export function at(seconds: number): number {
  return DAY + seconds * 1_000;
}

export interface StoryOptions {
  /** How far its clock is ahead, in milliseconds. */
  readonly ahead?: number;
  readonly boot?: string;
}

type State = 'INIT' | 'BACKUP' | 'MASTER' | 'FAULT';

/** Builds the records of one director in the order in which it would write them. */
export class Story {
  readonly router: string;
  readonly records: HistoryRecord[] = [];
  readonly #ahead: number;
  #boot: string;
  readonly #states = new Map<string, State>();

  constructor(router: string, { ahead = 0, boot = 'boot-1' }: StoryOptions = {}) {
    this.router = router;
    this.#ahead = ahead;
    this.#boot = boot;
  }

  write(seconds: number, content: Content, up = seconds * 1_000): this {
    const line = lineOf(content, { at: at(seconds) + this.#ahead, up });
    const record = recordOf(line.trimEnd());
    if (!record.ok) throw new Error(line);
    this.records.push(record.value);
    return this;
  }

  start(
    seconds: number,
    former: 'none' | 'stopped' | 'died' | 'host-restarted' | 'taken-over' = 'none',
    alive: number | null = null,
    instances: readonly string[] = ['web'],
  ): this {
    if (former === 'host-restarted') this.#boot = `${this.#boot}+`;
    const seen = alive === null ? null : at(alive) + this.#ahead;
    this.write(seconds, {
      ...{ kind: 'agent-started', version: '0.1.0', pid: 1, boot: this.#boot, former, alive: seen },
    });
    if (former !== 'taken-over') for (const name of instances) this.#states.set(name, 'INIT');
    return this.instances(seconds, instances);
  }

  instances(seconds: number, names: readonly string[]): this {
    return this.write(seconds, {
      kind: 'instances',
      ...{ router: this.router, boot: this.#boot },
      instances: names.map((name) => ({
        ...{ name, interface: 'eth0', vrid: 55, addresses: ['203.0.113.100/32'] },
        state: this.#states.get(name) ?? 'INIT',
      })),
    });
  }

  to(
    seconds: number,
    state: State,
    cause: string,
    { silent, reason = cause, instance = 'web' }: Silence = {},
  ): this {
    const from = this.#states.get(instance) ?? 'INIT';
    this.#states.set(instance, state);
    const facts = { kind: 'transition', instance, from, to: state, event: cause, cause, reason };
    const more = silent === undefined ? {} : { silent_ms: silent * 1_000 };
    return this.write(seconds, { ...facts, priority: 100, ...more } as Content);
  }

  stop(seconds: number, outcome: 'stopped' | 'failed' = 'stopped'): this {
    return this.write(seconds, { kind: 'agent-stopped', outcome });
  }

  until(seconds: number): DirectorHistory {
    const until = at(seconds) + this.#ahead;
    return { router: this.router, records: this.records, until, damaged: 0 };
  }
}

interface Silence {
  /** How long nothing was heard, in seconds. */
  readonly silent?: number;
  readonly reason?: string;
  readonly instance?: string;
}
