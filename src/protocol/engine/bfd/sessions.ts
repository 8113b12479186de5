/**
 * The BFD sessions of the agent: one for each neighbour, however many instances track it. Opens their
 * sockets, finds the session of a received packet, and reports to tracking what each says of its path.
 */
import type { BfdSettings } from '../../../net/bfd.ts';
import { isSame } from '../../../net/equality.ts';
import {
  after,
  type Duration,
  earliest,
  type Instant,
  NEVER,
  NO_TIME,
  seconds,
  shortest,
} from '../../../net/time.ts';
import type { BfdControl } from '../../../wire/bfd/control.ts';
import type {
  BfdArrival,
  BfdInput,
  BfdOrigin,
  BfdRefusal,
  BfdSnapshot,
  BfdView,
  OutgoingBfd,
} from '../bfd-messages.ts';
import type { Outbox } from '../core/outbox.ts';
import { Refusals } from '../core/refusals.ts';
import type { FaultKeeper } from '../groups/fault-keeper.ts';
import type { Tracking } from '../groups/tracking.ts';
import type { Link, LinkTable } from '../links.ts';
import type { TrackSettings } from '../settings.ts';
import { BfdSession, type Verdict } from './session.ts';

/** A socket that could not be opened, or has lost its link or its address, is opened again after this. */
const RETRY_AFTER = seconds(1);

/** How often counters are shown to observers. */
const SHOWN_EVERY = seconds(1);

/** After a restart a neighbour uses the former discriminator for a Detection Time. */
const FOREIGN_FOR = seconds(5);

/** The socket has lost what it was bound to. */
const UNBOUND: readonly string[] = ['ENODEV', 'ENXIO', 'EADDRNOTAVAIL', 'EINVAL'];

interface BfdParts {
  readonly links: LinkTable;
  readonly outbox: Outbox;
  readonly tracking: Tracking;
  readonly faults: FaultKeeper;
}

interface Entry {
  readonly session: BfdSession;
  readonly refusals: Refusals<BfdRefusal>;
  /** `wanted`: opened at the end of the turn. `waiting`: for its link, or until `openAt`. */
  socket: 'wanted' | 'waiting' | 'opening' | 'open';
  openAt: Instant;
  /** The link of the socket; zero: any. */
  index: number;
  /** The links of the subnet of the neighbour; undefined until they are asked for. */
  near: readonly Link[] | undefined;
  /** The errno that was reported, until the socket is open. */
  reported: string | undefined;
  /** When a session that is no longer configured is forgotten. */
  leavesAt: Instant;
}

export class BfdSessions {
  readonly #parts: BfdParts;
  #entries: readonly Entry[] = [];
  /** Packets of this turn. */
  #outgoing: OutgoingBfd[] = [];
  #isStale = false;
  #showAt: Instant = NEVER;
  #patience = NO_TIME;
  /** Where the last packet of the short way was found: the next one is often of the session behind it. */
  #position = 0;
  /** How many packets have taken the short way. */
  repeats = 0;

  constructor(parts: BfdParts) {
    this.#parts = parts;
  }

  /** At startup and after a reload: sessions that are still wanted continue. */
  assign(tracks: readonly TrackSettings[], now: Instant): void {
    const wanted = sessionsOf(tracks);
    for (const entry of this.#entries) {
      if (!wanted.has(entry.session.name) && entry.leavesAt === NEVER) this.#leave(entry, now);
    }
    const entries = this.#entries.filter((one) => {
      const staysAway = one.leavesAt !== NEVER && wanted.has(one.session.name);
      if (staysAway) this.#close(one);
      return !staysAway;
    });
    for (const [name, settings] of wanted) {
      const known = entries.find(({ session }) => session.name === name);
      if (known === undefined) entries.push(entryOf(name, settings, now));
      else if (!isSame(known.session.settings, settings)) known.session.configure(settings, now);
    }
    this.#entries = entries;
    this.#isStale = true;
  }

  /** How long a packet may wait to be read; zero: no socket is open. */
  get patience(): Duration {
    return this.#patience;
  }

  /** The short way of a packet that is expected; false: it has to be heard in full. */
  hearAgain(origin: BfdOrigin, bytes: Uint8Array, length: number, now: Instant): boolean {
    const entries = this.#entries;
    const count = entries.length;
    for (let tried = 0; tried < count; tried++) {
      const position = (this.#position + tried) % count;
      if (entries[position]?.session.hearAgain(origin, bytes, length, now) !== true) continue;
      this.#position = (position + 1) % count;
      this.repeats++;
      return true;
    }
    return false;
  }

  /** What is known of links and addresses has changed: packets from other links may count now. */
  linksChanged(): void {
    for (const entry of this.#entries) {
      entry.near = undefined;
      entry.session.expectNothing();
    }
  }

  take(input: BfdInput, now: Instant): void {
    if (input.kind === 'bfd.heard') {
      this.#hear(input, now);
      return;
    }
    const entry = this.#entries.find(({ session }) => session.name === input.session);
    if (entry === undefined) return;
    const { session } = entry;
    switch (input.kind) {
      case 'bfd.opened':
        entry.socket = 'open';
        session.opened(input.random, input.port, (one) => this.#isUnique(one, session), now);
        this.#reportSocket(entry, undefined);
        break;
      case 'bfd.failed':
        this.#retry(entry, input.errno, now);
        this.#reportSocket(entry, input.errno);
        break;
      case 'bfd.unsent':
        session.errno = input.errno;
        if (!UNBOUND.includes(input.errno) || entry.socket !== 'open') return;
        this.#close(entry);
        this.#retry(entry, input.errno, now);
        break;
    }
    this.#flush(entry);
  }

  /** A lower bound of when `wake`, `judgeSilence` or `settle` has something to do. */
  next(): Instant {
    let next = this.#showAt;
    for (const { session, openAt, leavesAt } of this.#entries) {
      next = earliest(next, earliest(session.deadline, earliest(openAt, leavesAt)));
    }
    return next;
  }

  wake(now: Instant): void {
    for (const entry of this.#entries) {
      if (entry.session.transmitAt > now) continue;
      entry.session.transmit(now);
      this.#flush(entry);
    }
    if (this.#showAt <= now) this.#show(now);
  }

  /** Every waiting packet has been read. */
  judgeSilence(now: Instant): void {
    for (const entry of this.#entries) {
      const { session } = entry;
      if (session.detectAt > now && session.verdictAt > now) continue;
      const before = session.verdict;
      session.judgeSilence(now);
      this.#judged(entry, before, now);
      this.#flush(entry);
    }
  }

  /** This process did not run, and what has arrived meanwhile is discarded. */
  excuse(now: Instant): void {
    for (const { session } of this.#entries) session.excuse(now);
  }

  /** At the end of a turn: opens the sockets that are missing, and sends. */
  settle(now: Instant): void {
    for (const entry of this.#entries) {
      if (entry.leavesAt <= now) this.#forget(entry);
      else if (entry.leavesAt === NEVER) this.#keepOpen(entry, now);
    }
    this.#setPatience();
    this.#send();
  }

  /** Packets that are due, while nothing else is: no other part of the engine has to run. */
  wakeAlone(now: Instant): void {
    this.wake(now);
    this.#send();
  }

  /** The agent stops: the neighbours should not take that for a failure of the path. */
  stop(now: Instant): void {
    for (const entry of this.#entries) {
      entry.session.disable(now);
      this.#flush(entry);
    }
    this.#send();
    this.#entries = [];
    this.#showAt = NEVER;
  }

  /** The list for observers, if it has changed; its counters at most once a second. */
  changedViews(): readonly BfdView[] | undefined {
    if (!this.#isStale) return undefined;
    this.#isStale = false;
    return this.#entries
      .filter(({ leavesAt }) => leavesAt === NEVER)
      .map(({ session }) => session.view());
  }

  capture(): readonly BfdSnapshot[] {
    return this.#entries.flatMap(({ session, leavesAt }) =>
      leavesAt === NEVER ? (session.capture() ?? []) : [],
    );
  }

  adopt(snapshots: readonly BfdSnapshot[], now: Instant): void {
    for (const snapshot of snapshots) {
      this.#entries
        .find(({ session }) => session.name === snapshot.session)
        ?.session.adopt(snapshot, now);
    }
    this.#isStale = true;
  }

  #hear(arrival: BfdArrival, now: Instant): void {
    const entry = this.#entryOf(arrival);
    if (entry === undefined) return;
    const { session } = entry;
    const packet = this.#judgePacket(entry, arrival);
    if ('reason' in packet) {
      session.refused();
      this.#refuse(entry, packet, now);
      return;
    }
    if (packet.demand) this.#refuse(entry, { reason: 'demand', found: null, expected: null }, now);
    const before = session.verdict;
    session.hear(packet, arrival, now);
    this.#judged(entry, before, now);
    this.#flush(entry);
  }

  /** By its place: a neighbour on two links, or with two sources, has a session for each. */
  #entryOf(arrival: BfdArrival): Entry | undefined {
    const { hops, source } = arrival;
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      const { settings } = entry.session;
      // One that is being taken out of service hears nothing (RFC 5880 section 6.8.6).
      if (entry.leavesAt !== NEVER) continue;
      if (settings.neighbour !== source || settings.hops !== hops) continue;
      if (this.#misplaced(entry, arrival) === undefined) return entry;
      first ??= entry;
    }
    return first;
  }

  /** The checks of RFC 5880 section 6.8.6 that need the session, and of RFC 5881 section 5. */
  #judgePacket(entry: Entry, arrival: BfdArrival): BfdControl | Refused {
    const { session } = entry;
    const { ttl, packet } = arrival;
    const { minimumTtl } = session.settings;
    if (ttl < minimumTtl) return { reason: 'ttl', found: `${ttl}`, expected: `${minimumTtl}` };
    switch (this.#misplaced(entry, arrival)) {
      case 'source': {
        const { destination = null } = arrival;
        return { reason: 'source', found: destination, expected: session.settings.source ?? null };
      }
      case 'link': {
        const name = this.#parts.links.byIndex(arrival.index)?.attributes.name ?? null;
        const expected = session.settings.link ?? entry.near?.[0]?.attributes.name ?? null;
        return { reason: 'link', found: name, expected };
      }
      case undefined:
    }
    if ('code' in packet) return { reason: packet.code, found: `${packet.found}`, expected: null };
    const { yourDiscriminator: yours, state } = packet;
    const isMeant =
      yours === 0 ? state === 'Down' || state === 'AdminDown' : yours === session.discriminator;
    if (isMeant) return packet;
    const expected = `${session.discriminator}`;
    return { reason: 'your-discriminator', found: `${yours}`, expected };
  }

  /** For another address, or from another link, than the session has; undefined: it fits. */
  #misplaced(entry: Entry, arrival: BfdOrigin): 'source' | 'link' | undefined {
    const { session, index } = entry;
    const { source, neighbour, hops } = session.settings;
    const { destination } = arrival;
    if (source !== undefined && destination !== undefined && destination !== source)
      return 'source';
    if (arrival.index === 0 || arrival.index === index) return undefined;
    if (index !== 0) return 'link';
    if (hops === 'multi') return undefined;
    // RFC 5881 section 3: the session belongs to a link, which is that of the subnet of the neighbour. One
    // that is reached by a route to a host may be on any link.
    entry.near ??= this.#parts.links.reaching(neighbour);
    const isNear = ({ attributes }: Link) => attributes.index === arrival.index;
    return entry.near.length === 0 || entry.near.some(isNear) ? undefined : 'link';
  }

  #refuse({ session, refusals }: Entry, refused: Refused, now: Instant): void {
    if (!refusals.add(refused.reason, now)) return;
    const { neighbour, hops } = session.settings;
    this.#parts.outbox.report({ kind: 'bfd-refused', neighbour, hops, ...refused });
  }

  /** Reports to tracking a verdict that is new. */
  #judged({ session, refusals }: Entry, before: Verdict | undefined, now: Instant): void {
    const { verdict, name: probe, result: detail = '' } = session;
    if (verdict === before || verdict === undefined) return;
    this.#isStale = true;
    if (verdict === 'up') refusals.cameUp();
    const { tracking, faults } = this.#parts;
    const touched =
      verdict === 'lost'
        ? tracking.probeLost({ kind: 'probe.lost', probe, detail }, now)
        : tracking.probeChanged(
            { kind: 'probe.changed', probe, up: verdict === 'up', value: undefined, detail },
            now,
          );
    for (const router of touched) faults.update(router, now);
  }

  #keepOpen(entry: Entry, now: Instant): void {
    const { session } = entry;
    const { neighbour, source, hops, minimumTtl, link: name } = session.settings;
    const index = name === undefined ? 0 : this.#parts.links.byName(name)?.attributes.index;
    if (entry.socket === 'open' && index === entry.index) return;
    if (entry.socket === 'open') this.#close(entry);
    if (entry.socket === 'opening') return;
    session.begin(now);
    if (this.#showAt === NEVER) this.#show(now);
    if (index === undefined) {
      entry.socket = 'waiting';
      entry.openAt = NEVER;
      session.errno = 'ENODEV';
      return;
    }
    if (entry.socket === 'waiting' && entry.openAt > now && index === entry.index) return;
    entry.socket = 'opening';
    entry.openAt = NEVER;
    entry.index = index;
    const request = { session: session.name, neighbour, source, index, hops, minimumTtl };
    this.#parts.outbox.first({ kind: 'bfd.open', ...request, port: session.port });
  }

  #retry(entry: Entry, errno: string, now: Instant): void {
    entry.socket = 'waiting';
    entry.openAt = after(now, RETRY_AFTER);
    entry.session.errno = errno;
    entry.session.closed();
  }

  #close(entry: Entry): void {
    if (entry.socket === 'open' || entry.socket === 'opening') {
      this.#parts.outbox.first({ kind: 'bfd.close', session: entry.session.name });
    }
    entry.socket = 'wanted';
    entry.openAt = NEVER;
    entry.session.closed();
  }

  #leave(entry: Entry, now: Instant): void {
    entry.leavesAt = after(now, entry.session.disable(now));
    entry.openAt = NEVER;
    this.#parts.tracking.forget(entry.session.name);
    this.#flush(entry);
  }

  #forget(entry: Entry): void {
    this.#close(entry);
    this.#entries = this.#entries.filter((one) => one !== entry);
  }

  #setPatience(): void {
    let patience: Duration | undefined;
    for (const { session, socket } of this.#entries) {
      if (socket === 'open') patience = shortest(patience ?? session.patience, session.patience);
    }
    this.#patience = patience ?? NO_TIME;
  }

  #send(): void {
    if (this.#outgoing.length === 0) return;
    this.#parts.outbox.sendBfd(this.#outgoing);
    this.#outgoing = [];
  }

  #flush({ session }: Entry): void {
    for (const packet of session.takeOutgoing()) {
      this.#outgoing.push({ session: session.name, packet });
    }
  }

  #show(now: Instant): void {
    this.#isStale = true;
    this.#showAt = this.#entries.length === 0 ? NEVER : after(now, SHOWN_EVERY);
  }

  #isUnique(discriminator: number, own: BfdSession): boolean {
    return this.#entries.every(
      ({ session }) => session === own || session.discriminator !== discriminator,
    );
  }

  #reportSocket(entry: Entry, errno: string | undefined): void {
    if (errno === entry.reported) return;
    entry.reported = errno;
    this.#isStale = true;
    const { neighbour, hops } = entry.session.settings;
    const report = { kind: 'bfd-socket-failed', neighbour, hops } as const;
    this.#parts.outbox.report({ ...report, errno: errno ?? null });
  }
}

interface Refused {
  readonly reason: BfdRefusal;
  readonly found: string | null;
  readonly expected: string | null;
}

/** Each once, however many objects track it. */
function sessionsOf(tracks: readonly TrackSettings[]): ReadonlyMap<string, BfdSettings> {
  return new Map(
    tracks.flatMap(({ source }): [string, BfdSettings][] =>
      source.kind === 'bfd' ? [[source.probe, source.session]] : [],
    ),
  );
}

function entryOf(name: string, settings: BfdSettings, now: Instant): Entry {
  return {
    session: new BfdSession(name, settings, now),
    refusals: new Refusals<BfdRefusal>('your-discriminator', FOREIGN_FOR),
    socket: 'wanted',
    openAt: NEVER,
    index: 0,
    near: undefined,
    reported: undefined,
    leavesAt: NEVER,
  };
}
