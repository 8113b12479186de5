/**
 * What this director says to the others, and when: a datagram in each heartbeat, on an absolute grid or in
 * answer to another director, with statements about its virtual routers in turn, and at once what has changed.
 */
import {
  after,
  type Duration,
  elapsed,
  type Instant,
  NEVER,
  shortest,
  times,
} from '../../../net/time.ts';
import type { PeerDatagram } from '../../../wire/peer-link/datagram.ts';
import type { InstanceStatement } from '../../../wire/peer-link/statement.ts';
import type { Outbox } from '../core/outbox.ts';
import type { RouterTable } from '../core/router-table.ts';
import { nextTick } from '../core/timers.ts';
import type { OutgoingPeerDatagram } from '../director-messages.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { PeerLinkSettings } from '../settings.ts';
import {
  type Agreement,
  differsUrgently,
  type Standing,
  saysTheSame,
  statementOf,
} from './own-statement.ts';
import type { DirectorSession, OwnPlace } from './session.ts';
import { packed, Turns } from './turns.ts';

/** After an answer: the next heartbeat of the other director arrives before the own one is due, even late. */
const ANSWERING = 1.1;

interface SpeakerParts {
  readonly routers: RouterTable;
  readonly outbox: Outbox;
}

/** The open link. */
export interface Link {
  /** Name of this router. */
  readonly router: string;
  readonly settings: PeerLinkSettings;
  readonly sessions: readonly DirectorSession[];
}

export class Speaker {
  readonly #parts: SpeakerParts;
  /** Its place on the segment; replaced by the part of the engine that has evidence. */
  standingOf: (router: VirtualRouter, now: Instant) => Standing = ({ faults }) => ({
    canServe: faults.length > 0 ? 'no' : 'unknown',
    misses: false,
  });
  /** What it claims and promises; replaced by the witness. */
  agreementOf: (router: VirtualRouter) => Agreement | undefined = () => undefined;
  /** How often a claim or a promise is repeated, or up to a tenth later; replaced by the witness. */
  repeatedEvery: () => Duration | undefined = () => undefined;
  /** This process, once the socket is open. */
  #own: OwnPlace | undefined;
  #version = '';
  #tick: Instant = NEVER;
  readonly #turns = new Turns();
  /** What was last said: the same object is encoded once. */
  readonly #said = new WeakMap<VirtualRouter, InstanceStatement>();
  readonly #resigning = new WeakMap<VirtualRouter, string>();

  constructor(parts: SpeakerParts) {
    this.#parts = parts;
  }

  get own(): OwnPlace | undefined {
    return this.#own;
  }

  /** When the next heartbeat is due. */
  get tick(): Instant {
    return this.#tick;
  }

  /** An engine that continues another process keeps the boot id of that process. */
  begin(boot: string, version: string, heartbeat: Duration, now: Instant): void {
    this.#own ??= { boot, sequence: 0 };
    this.#version = version;
    // No round time: two directors that send at the same moment answer each other never.
    this.#tick = after(now, heartbeat);
  }

  resume(own: OwnPlace): void {
    this.#own = own;
  }

  pause(): void {
    this.#tick = NEVER;
  }

  /** The director that is to take over from this router at once; null: it does not resign. */
  setSuccessor(router: VirtualRouter, to: string | null): void {
    if (to === null) this.#resigning.delete(router);
    else this.#resigning.set(router, to);
  }

  /**
   * Whether the own heartbeat is to leave in this turn, in answer to that of another director: that costs
   * both one wake-up instead of two. Only one of the two can be this near to the other, and answers. What
   * it says at once of a change looks the same, and is answered as well; a summary is not.
   */
  isToAnswer(link: Link, { heartbeat, table }: PeerDatagram, now: Instant): boolean {
    const interval = this.#interval(link);
    // One that says it is faster would make the own heartbeats more; with a witness it may send more often
    // than it says. No two answers are nearer to each other than 0.6 intervals.
    return table === null && heartbeat >= interval && elapsed(now, this.#tick) < interval / 2;
  }

  /** A heartbeat is due, or an answer. */
  beat(link: Link, now: Instant): void {
    const round = this.repeatedEvery();
    const interval = this.#interval(link);
    const isAnswer = now < this.#tick;
    this.#tick = isAnswer
      ? after(now, times(interval, ANSWERING))
      : nextTick(this.#tick, interval, now);
    const { all } = this.#parts.routers;
    const positions = this.#turns.take(all.length, interval, round);
    const routers = positions.flatMap((position) => all[position] ?? []);
    this.#send(
      link,
      routers.map((one) => this.#statement(one, now)),
      now,
    );
  }

  /** Says at once what has changed of these routers since it was last said. */
  sayChanges(link: Link, routers: Iterable<VirtualRouter>, now: Instant): void {
    if (this.#tick === NEVER) return;
    const statements: InstanceStatement[] = [];
    for (const router of routers) {
      const before = this.#said.get(router);
      const statement = this.#statement(router, now);
      if (before === undefined || differsUrgently(before, statement)) statements.push(statement);
    }
    if (statements.length > 0) this.#send(link, statements, now);
  }

  /** Sends the summary of the connection table, in hexadecimal. */
  sendTable(link: Link, summary: string, now: Instant): void {
    if (this.#tick !== NEVER) this.#post(link, { statements: [], table: summary }, 1, 1, now);
  }

  #interval({ settings: { heartbeat } }: Link): Duration {
    return shortest(heartbeat, this.repeatedEvery() ?? heartbeat);
  }

  #statement(router: VirtualRouter, now: Instant): InstanceStatement {
    const successor = this.#resigning.get(router) ?? null;
    const agreement = this.agreementOf(router);
    const statement = statementOf(router, this.standingOf(router, now), successor, agreement);
    const before = this.#said.get(router);
    if (before !== undefined && saysTheSame(before, statement)) return before;
    this.#said.set(router, statement);
    return statement;
  }

  #send(link: Link, statements: readonly InstanceStatement[], now: Instant): void {
    const lists = packed(statements, { name: link.router, version: this.#version });
    for (const [position, list] of lists.entries()) {
      const content = { statements: list, table: null };
      this.#post(link, content, position + 1, lists.length, now);
    }
  }

  /** One sequence for all directors: each sees it grow. */
  #post(
    { router, settings, sessions }: Link,
    content: Pick<PeerDatagram, 'statements' | 'table'>,
    part: number,
    parts: number,
    now: Instant,
  ): void {
    if (this.#own === undefined) return;
    const { boot, sequence: last } = this.#own;
    const sequence = last + 1;
    this.#own = { boot, sequence };
    const common = {
      ...{ boot, sequence, part: Math.min(part, 255), parts: Math.min(parts, 255) },
      ...{ sentAt: now, wall: 0, heartbeat: settings.heartbeat, services: settings.services },
      ...content,
      // The receiver knows who sent a summary, which leaves no room for these.
      name: content.table === null ? router : '',
      version: content.table === null ? this.#version : '',
    };
    const datagrams = sessions.map(
      (session): OutgoingPeerDatagram => ({
        to: session.address,
        datagram: { ...common, echo: session.echo(now) },
      }),
    );
    this.#parts.outbox.sendToDirectors(datagrams);
  }
}
