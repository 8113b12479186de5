/** What observers see of the other directors, and the reports that need a look at all of a director. */
import { after, type Instant, LONG_AGO, seconds } from '../../../net/time.ts';
import type { Outbox } from '../core/outbox.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { DirectorView } from '../director-messages.ts';
import { differences } from './comparison.ts';
import type { DirectorSession } from './session.ts';
import type { Link } from './speaker.ts';

/** How often directors are compared with the own configuration and shown to observers. */
const PERIOD = seconds(1);

interface ObservationParts {
  readonly routers: RouterTable;
  readonly outbox: Outbox;
}

export class Observation {
  readonly #parts: ObservationParts;
  readonly #misnamed = new Map<string, string>();
  readonly #differs = new Map<string, readonly string[]>();
  #dueAt: Instant = LONG_AGO;
  #judgedAt = 0 as Instant;
  #isStale = true;

  constructor(parts: ObservationParts) {
    this.#parts = parts;
  }

  /** A director came up or went down, or there are other directors. */
  changed(): void {
    this.#isStale = true;
  }

  judge(link: Link, now: Instant): void {
    if (now < this.#dueAt) return;
    this.#dueAt = after(now, PERIOD);
    this.#judgedAt = now;
    this.#isStale = true;
    for (const session of link.sessions) {
      if (!session.isUp) continue;
      this.#judgeClock(session);
      this.#judgeName(session, link.router);
      this.#judgeConfiguration(session, link.settings.services, now);
    }
  }

  /** Undefined: unchanged. */
  take(sessions: readonly DirectorSession[]): readonly DirectorView[] | undefined {
    if (!this.#isStale) return undefined;
    this.#isStale = false;
    return sessions.map((session) => this.#view(session));
  }

  #judgeClock(session: DirectorSession): void {
    const found = session.clock.judge();
    if (found === undefined) return;
    this.#parts.outbox.report({ kind: 'peer-clock', peer: session.name, ...found });
  }

  #judgeName({ name: peer, address, calls }: DirectorSession, own: string): void {
    if (calls === null || (this.#misnamed.get(peer) ?? peer) === calls) return;
    this.#misnamed.set(peer, calls);
    if (calls === peer) return;
    const report = { kind: 'peer-name', peer, address, name: calls, own: calls === own } as const;
    this.#parts.outbox.report(report);
  }

  #judgeConfiguration(session: DirectorSession, services: number, now: Instant): void {
    const { name: peer } = session;
    const instances = this.#parts.routers.all.map(({ settings }) => settings);
    const differs = differences(session, instances, services, now);
    if (differs === undefined) return;
    const before = this.#differs.get(peer) ?? [];
    this.#differs.set(peer, differs);
    if (before.join() === differs.join()) return;
    this.#parts.outbox.report({ kind: 'peer-configuration', peer, differs });
  }

  #view(session: DirectorSession): DirectorView {
    const { name, address, status, since, clock, version, isUp } = session;
    const differs = isUp ? this.#differs.get(name) : undefined;
    return {
      ...{ name, address, status, since, version },
      rtt: isUp ? clock.rtt : null,
      clockOffset: isUp ? clock.offset : null,
      configuration: differs === undefined ? 'unknown' : differs.length > 0 ? 'differs' : 'same',
      differs: differs ?? [],
      instances: [...session.statements(this.#judgedAt)].map(
        ({ name: instance, state, priority, faults }) => ({
          ...{ name: instance, state, priority, faults },
        }),
      ),
    };
  }
}
