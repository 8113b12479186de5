/**
 * The other directors, as the peer link shows them: who lives, and what each says about a virtual router.
 * Decides nothing about the protocol; the parts that do, ask here and are called on changes.
 */
import { isSame } from '../../../net/equality.ts';
import {
  after,
  type Duration,
  earliest,
  elapsed,
  type Instant,
  instant,
  latest,
  NEVER,
  seconds,
} from '../../../net/time.ts';
import type { PeerDatagram } from '../../../wire/peer-link/datagram.ts';
import type { CanServe, InstanceStatement } from '../../../wire/peer-link/statement.ts';
import type { Outbox } from '../core/outbox.ts';
import { Refusals } from '../core/refusals.ts';
import type { RouterTable } from '../core/router-table.ts';
import { type CounterTable, GLOBAL_ROW } from '../counters.ts';
import type {
  DirectorInput,
  DirectorsSnapshot,
  DirectorView,
  PeerRefusal,
} from '../director-messages.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { PeerLinkSettings } from '../settings.ts';
import { matching } from '../shared-keys.ts';
import { Observation } from './observation.ts';
import type { Agreement, Standing } from './own-statement.ts';
import { DirectorSession } from './session.ts';
import { type Link, Speaker } from './speaker.ts';

/** A socket that could not be opened is tried again after this. */
const RETRY_AFTER = seconds(1);

/** A new process has shown that it lives long before this. */
const UNPROVEN_FOR = seconds(3);

/** What happens to another director. */
export type DirectorChange =
  | { readonly kind: 'up' | 'down'; readonly director: string }
  /** It has made a statement about this router; not new: the same as the last one, a short while ago. */
  | {
      readonly kind: 'said';
      readonly director: string;
      readonly router: VirtualRouter;
      readonly statement: InstanceStatement;
      readonly isNew: boolean;
    };

/** `echoed`: when this process sent the last datagram that the director had heard; undefined: none. */
export interface Said {
  readonly director: string;
  readonly router: VirtualRouter;
  readonly statement: InstanceStatement;
  readonly echoed: Instant | undefined;
}

export interface DirectorStatement {
  readonly director: string;
  readonly statement: InstanceStatement;
}

interface DirectorsParts {
  readonly routers: RouterTable;
  readonly outbox: Outbox;
  readonly transitions: Transitions;
  readonly counters: CounterTable;
}

export class Directors {
  /** Called after each change, in the order of the inputs; the part of the engine that judges sets it. */
  onChange: (change: DirectorChange, now: Instant) => void = () => {};
  /** Called for each statement before `onChange`; the witness sets it. */
  onStatement: (said: Said) => void = () => {};
  readonly #parts: DirectorsParts;
  readonly #speaker: Speaker;
  readonly #refusals = new Map<string | null, Refusals<PeerRefusal>>();
  readonly #observation: Observation;
  /** By name, `boundFrom` of sessions that a reload has ended: a promise outlasts them. */
  readonly #formerBounds = new Map<string, Instant>();
  #link: Link | undefined;
  /** The socket is to be opened, or adapted to other settings, at the end of the turn. */
  #mustOpen = false;
  /** When a socket that could not be opened is tried again. */
  #retryAt: Instant = NEVER;
  #mustClose = false;
  /** The errno that was reported, until the socket is open. */
  #failure: string | undefined;

  constructor(parts: DirectorsParts) {
    this.#parts = parts;
    this.#speaker = new Speaker(parts);
    this.#observation = new Observation(parts);
  }

  /** Whether there is a peer link. */
  get isConfigured(): boolean {
    return this.#link !== undefined;
  }

  /** Its settings; undefined: there is no peer link. */
  get settings(): PeerLinkSettings | undefined {
    return this.#link?.settings;
  }

  /** Name of this director, to which another one may resign. */
  get ownName(): string {
    return this.#link?.router ?? '';
  }

  /** Names of all other directors, in the order of the file. */
  get names(): readonly string[] {
    return this.#sessions.map(({ name }) => name);
  }

  /** Its datagrams arrive, and it hears those of this director. */
  isUp(director: string): boolean {
    return this.#sessions.some(({ name, isUp }) => name === director && isUp);
  }

  /** When it was last believed; undefined: never. */
  heardAt(director: string): Instant | undefined {
    const session = this.#sessions.find(({ name }) => name === director);
    return session === undefined || session.since === null ? undefined : session.heardAt;
  }

  /** From when a promise to it counts at the latest; undefined: it was never believed. */
  boundFrom(director: string): Instant | undefined {
    const session = this.#sessions.find(({ name }) => name === director);
    const former = this.#formerBounds.get(director);
    if (session === undefined || session.since === null) return former;
    return latest(session.boundFrom, former ?? session.boundFrom);
  }

  /** What each director that is up says about this router, in the order of the file. */
  statementsAbout(router: VirtualRouter, now: Instant): readonly DirectorStatement[] {
    return this.#sessions.flatMap((session) => {
      if (!session.isUp) return [];
      const { settings } = router;
      // By name first: a director with hundreds of instances is asked about each of them.
      const statement =
        session.statementNamed(settings.name, now) ?? matching(settings, session.statements(now));
      return statement === undefined ? [] : [{ director: session.name, statement }];
    });
  }

  /** Replaces the rule that says whether this director can serve; call `say` when its answer changes. */
  judgeServing(standingOf: (router: VirtualRouter, now: Instant) => Standing): void {
    this.#speaker.standingOf = standingOf;
  }

  /** Whether this director can serve on the segment of the router, as it says itself. */
  canServe(router: VirtualRouter, now: Instant): CanServe {
    return this.#speaker.standingOf(router, now).canServe;
  }

  /** Replaces what it says about claims and promises, and how often it has to be said. */
  judgeAgreement(
    agreementOf: (router: VirtualRouter) => Agreement | undefined,
    repeatedEvery: () => Duration | undefined,
  ): void {
    this.#speaker.agreementOf = agreementOf;
    this.#speaker.repeatedEvery = repeatedEvery;
  }

  /** Tells the others at once what has changed of this router since it was last said. */
  say(router: VirtualRouter, now: Instant): void {
    if (this.#link !== undefined) this.#speaker.sayChanges(this.#link, [router], now);
  }

  /**
   * Tells the others at once that this router resigns, and that this director is to take over without
   * waiting. Each later statement repeats it until `to` is null.
   */
  resign(router: VirtualRouter, to: string | null, now: Instant): void {
    this.#speaker.setSuccessor(router, to);
    this.say(router, now);
  }

  /** Sessions with directors whose address has not changed continue. */
  configure(router: string, settings: PeerLinkSettings | undefined): void {
    const before = this.#link;
    if (before?.router === router && isSame(before.settings, settings)) return;
    this.#rememberBounds(settings);
    if (settings === undefined) {
      this.#mustClose = before !== undefined;
      this.#link = undefined;
      this.#mustOpen = false;
      this.#retryAt = NEVER;
      this.#speaker.pause();
      this.#observation.changed();
      return;
    }
    const known = before?.sessions ?? [];
    const sessions = settings.directors.map(
      ({ name, address }) =>
        known.find((one) => one.name === name && one.address === address) ??
        new DirectorSession({ name, address }),
    );
    this.#link = { router, settings, sessions };
    this.#refusals.clear();
    this.#mustOpen = true;
    this.#observation.changed();
  }

  take(input: DirectorInput, now: Instant): void {
    const link = this.#link;
    if (link === undefined) return;
    switch (input.kind) {
      case 'peer-link.opened':
        this.#speaker.begin(input.boot, input.version, link.settings.heartbeat, now);
        this.#reportSocket(undefined);
        break;
      case 'peer-link.failed':
        this.#retryAt = after(now, RETRY_AFTER);
        this.#speaker.pause();
        this.#reportSocket(input.errno);
        break;
      case 'director.heard':
        this.#hear(link, input, now);
        break;
      case 'director.refused':
        this.#refuse(input, now);
        break;
      case 'table.summary':
        this.#speaker.sendTable(link, input.summary, now);
        break;
    }
  }

  /** A lower bound of when `wake` or `judgeSilence` has something to do. */
  next(): Instant {
    let next = earliest(this.#speaker.tick, this.#retryAt);
    for (const { deadline } of this.#sessions) next = earliest(next, deadline);
    return next;
  }

  wake(now: Instant): void {
    const link = this.#link;
    const { tick } = this.#speaker;
    if (link === undefined || tick > now) return;
    // This process did not run, so it did not read either.
    if (elapsed(tick, now) > link.settings.heartbeat) {
      for (const session of link.sessions) session.excuse(now);
    }
    this.#beat(link, now);
  }

  /** Every waiting datagram has been read. */
  judgeSilence(now: Instant): void {
    const { own } = this.#speaker;
    for (const session of this.#sessions) {
      if (session.deadline > now || own === undefined) continue;
      const silence = elapsed(session.heardAt, now);
      session.goDown(own, now);
      this.#observation.changed();
      const { name: peer, address } = session;
      this.#parts.outbox.report({ kind: 'peer-down', peer, address, silence });
      this.onChange({ kind: 'down', director: peer }, now);
    }
  }

  /** At the end of a turn. */
  settle(now: Instant): void {
    const { outbox, transitions } = this.#parts;
    if (this.#mustClose) outbox.first({ kind: 'peer-link.close' });
    this.#mustClose = false;
    const link = this.#link;
    if (link === undefined) return;
    if (this.#mustOpen || this.#retryAt <= now) {
      this.#mustOpen = false;
      this.#retryAt = NEVER;
      const { source, port, directors } = link.settings;
      outbox.first({ kind: 'peer-link.open', source, port, directors });
    }
    if (transitions.changed.size > 0) this.#speaker.sayChanges(link, transitions.changed, now);
  }

  /** The list for observers, if it has changed; at most once a second, unless a director came or went. */
  changedViews(): readonly DirectorView[] | undefined {
    return this.#observation.take(this.#sessions);
  }

  capture(): DirectorsSnapshot | undefined {
    const { own } = this.#speaker;
    if (own === undefined) return undefined;
    const sessions = this.#sessions.map((session) => session.snapshot());
    return { ...own, sessions, formerBounds: [...this.#formerBounds] };
  }

  /** The other directors do not notice that another process continues. */
  adopt(snapshot: DirectorsSnapshot | undefined, now: Instant): void {
    if (snapshot === undefined) return;
    const { boot, sequence, sessions, formerBounds = [] } = snapshot;
    for (const [name, at] of formerBounds) this.#formerBounds.set(name, at);
    this.#speaker.resume({ boot, sequence });
    for (const one of sessions) {
      this.#sessions.find(({ address }) => address === one.address)?.resume(one, now);
    }
  }

  get #sessions(): readonly DirectorSession[] {
    return this.#link?.sessions ?? [];
  }

  /** Of the directors that have another address with these settings, or are none of them. */
  #rememberBounds(settings: PeerLinkSettings | undefined): void {
    for (const { name, address, since } of this.#sessions) {
      const stays = settings?.directors.some((one) => one.name === name && one.address === address);
      const at = this.boundFrom(name);
      if (stays !== true && since !== null && at !== undefined) this.#formerBounds.set(name, at);
    }
  }

  #beat(link: Link, now: Instant): void {
    this.#speaker.beat(link, now);
    this.#observation.judge(link, now);
  }

  #hear(
    link: Link,
    { director, datagram, wall }: Extract<DirectorInput, { readonly kind: 'director.heard' }>,
    now: Instant,
  ): void {
    const { own } = this.#speaker;
    const session = this.#sessions.find(({ name }) => name === director);
    if (session === undefined || own === undefined) return;
    const { address } = session;
    const verdict = session.hear(datagram, own, now, wall);
    if (verdict === 'replay' || verdict === 'unproven') {
      this.#parts.counters.add(GLOBAL_ROW, `peer-${verdict}-refused`);
      // The edge reports repetitions, of which it sees most.
      if (verdict === 'unproven') this.#refuse({ director, source: address, reason: verdict }, now);
      return;
    }
    if (verdict !== 'believed') this.#cameUp(session, datagram, verdict === 'restarted', now);
    if (datagram.table !== null) {
      const summary = datagram.table;
      this.#parts.outbox.first({ kind: 'director.table', address, summary });
    }
    const { echo } = datagram;
    const isOwn = echo !== null && echo.boot === own.boot;
    const echoed = isOwn ? instant(echo.sentAt) : undefined;
    for (const statement of datagram.statements) {
      const router = this.#routerOf(statement);
      if (router === undefined) continue;
      this.onStatement({ director, router, statement, echoed });
      const changedAt = session.changedAt(statement.name);
      const isNew = changedAt === undefined || changedAt === now;
      this.onChange({ kind: 'said', director, router, statement, isNew }, now);
    }
    if (this.#speaker.isToAnswer(link, datagram, now)) this.#beat(link, now);
  }

  /** By its name first: two interfaces may have one VRID. */
  #routerOf(statement: InstanceStatement): VirtualRouter | undefined {
    const { routers } = this.#parts;
    return (
      routers.named(statement.name) ??
      routers.all.find(({ settings }) => matching(settings, [statement]) !== undefined)
    );
  }

  #cameUp(
    session: DirectorSession,
    { version }: PeerDatagram,
    restarted: boolean,
    now: Instant,
  ): void {
    const { name: peer, address } = session;
    this.#refusalsOf(peer).cameUp();
    this.#observation.changed();
    this.#parts.outbox.report({ kind: 'peer-up', peer, address, version, restarted });
    this.onChange({ kind: 'up', director: peer }, now);
  }

  #refuse(
    { director, source, reason }: Pick<Refused, 'director' | 'source' | 'reason'>,
    now: Instant,
  ): void {
    if (!this.#refusalsOf(director).add(reason, now)) return;
    const up = director !== null && this.isUp(director);
    this.#parts.outbox.report({
      kind: 'peer-refused',
      peer: director,
      address: source,
      reason,
      up,
    });
  }

  #refusalsOf(director: string | null): Refusals<PeerRefusal> {
    let refusals = this.#refusals.get(director);
    if (refusals === undefined) {
      refusals = new Refusals<PeerRefusal>('unproven', UNPROVEN_FOR);
      this.#refusals.set(director, refusals);
    }
    return refusals;
  }

  #reportSocket(errno: string | undefined): void {
    if (errno === this.#failure || this.#link === undefined) return;
    this.#failure = errno;
    const { source } = this.#link.settings;
    this.#parts.outbox.report({ kind: 'peer-link-failed', source, errno: errno ?? null });
  }
}

type Refused = Extract<DirectorInput, { readonly kind: 'director.refused' }>;
