/**
 * What is known of one other director: whether it lives, which process it is, its clock and what it says.
 *
 * A recorded datagram has a right HMAC for as long as the key is in use. So a datagram counts only if it is
 * newer than all before it of the same process, and a process that was not heard before (or was silent for
 * too long) is believed only when it echoes a datagram that this director has sent since: no recording
 * can. The own boot id is random, so this holds after a restart of either side.
 */
import type { IpAddress } from '../../../net/address.ts';
import {
  after,
  type Duration,
  elapsed,
  type Instant,
  latest,
  NEVER,
  seconds,
  times,
} from '../../../net/time.ts';
import type { PeerDatagram, PeerEcho } from '../../../wire/peer-link/datagram.ts';
import type { InstanceStatement } from '../../../wire/peer-link/statement.ts';
import type { DirectorStatus, HeardStatement, SessionSnapshot } from '../director-messages.ts';
import { isSameStatement } from './own-statement.ts';
import { PeerClock } from './peer-clock.ts';

/** A director is down after three heartbeats, and half of one for their delay. */
const SILENT_HEARTBEATS = 3.5;

const SHORTEST_HEARTBEAT = 10_000;
const LONGEST_HEARTBEAT = 5_000_000;

/** A director repeats each statement every second; one that it no longer makes is forgotten after this. */
const STATEMENT_LIFETIME = seconds(5);

/** A director has no more instances than VRIDs on two interfaces of both families. */
const STATEMENTS_MAX = 1_024;

/** After this time another process may take the place of the one that is echoed. */
const ECHO_LIFETIME = seconds(3);

/** The own process and its last datagram. */
export interface OwnPlace {
  readonly boot: string;
  readonly sequence: number;
}

/** The last datagram with a right HMAC, believed or not: what the own datagrams echo. */
interface HeardDatagram {
  readonly boot: string;
  readonly sequence: number;
  readonly sentAt: number;
  readonly wall: number;
  readonly at: Instant;
}

interface Remembered extends HeardStatement {
  /** Since when it has been saying this without a gap. */
  readonly changedAt: Instant;
}

/** `first`: the director comes up, `restarted` as another process. */
export type Verdict = 'replay' | 'unproven' | 'first' | 'restarted' | 'believed';

export class DirectorSession {
  readonly name: string;
  readonly address: IpAddress;
  readonly clock = new PeerClock();
  status: DirectorStatus = 'never';
  since: Instant | null = null;
  version: string | null = null;
  /** The name that it gives itself. */
  calls: string | null = null;
  services: number | null = null;
  readonly #statements = new Map<string, Remembered>();
  #boot = '';
  #sequence = 0;
  /** The lowest own sequence that a process must echo to be believed. */
  #challenge = 0;
  #heartbeat = 0 as Duration;
  #heardAt = 0 as Instant;
  #boundFrom = 0 as Instant;
  #deadline: Instant = NEVER;
  #heard: HeardDatagram | undefined;

  constructor({ name, address }: { readonly name: string; readonly address: IpAddress }) {
    this.name = name;
    this.address = address;
  }

  get isUp(): boolean {
    return this.status === 'up';
  }

  /** When it is down unless it is heard before; NEVER while it is not up. */
  get deadline(): Instant {
    return this.#deadline;
  }

  get heardAt(): Instant {
    return this.#heardAt;
  }

  /**
   * When the last datagram arrived that may have been echoed together with a promise, believed or not: the
   * one that was promised something counts from the echo.
   */
  get boundFrom(): Instant {
    return this.#boundFrom;
  }

  /** The statement about the instance of this name, if it is no older than a few seconds. */
  statementNamed(name: string, now: Instant): InstanceStatement | undefined {
    const heard = this.#statements.get(name);
    if (heard === undefined || elapsed(heard.at, now) >= STATEMENT_LIFETIME) return undefined;
    return heard.statement;
  }

  /** Since when it has been saying the same about the instance of this name. */
  changedAt(name: string): Instant | undefined {
    return this.#statements.get(name)?.changedAt;
  }

  *statements(now: Instant): Iterable<InstanceStatement> {
    for (const { statement, at } of this.#statements.values()) {
      if (elapsed(at, now) < STATEMENT_LIFETIME) yield statement;
    }
  }

  /** Anything but `replay` and `unproven` is believed, and has been remembered. */
  hear(datagram: PeerDatagram, own: OwnPlace, now: Instant, wall: number): Verdict {
    const { boot, sequence, echo } = datagram;
    const isSame = boot === this.#boot;
    if (isSame && sequence <= this.#sequence) return 'replay';
    const isProven = echo !== null && echo.boot === own.boot && echo.sequence >= this.#challenge;
    this.#rememberForEcho(datagram, now);
    // Not while it is down, when nothing is promised: else recordings could bind this director for ever.
    if (isProven || this.isUp) this.#boundFrom = now;
    if (!isProven && !(isSame && this.isUp)) return 'unproven';
    const verdict = this.#verdict(isSame);
    if (!isSame) this.#forget();
    this.#boot = boot;
    this.#sequence = sequence;
    this.#challenge = own.sequence + 1;
    this.#heartbeat = Math.min(
      Math.max(datagram.heartbeat, SHORTEST_HEARTBEAT),
      LONGEST_HEARTBEAT,
    ) as Duration;
    this.#heardAt = now;
    this.#deadline = after(now, times(this.#heartbeat, SILENT_HEARTBEATS));
    if (verdict !== 'believed') {
      this.status = 'up';
      this.since = now;
    }
    this.#learn(datagram, own, now, wall);
    return verdict;
  }

  /** Silent for too long. What it has said counts no longer. */
  goDown(own: OwnPlace, now: Instant): void {
    this.status = 'down';
    this.since = now;
    this.#deadline = NEVER;
    this.#challenge = own.sequence + 1;
    this.#statements.clear();
  }

  /** This process itself did not run: the silence says nothing. */
  excuse(now: Instant): void {
    if (!this.isUp) return;
    this.#deadline = latest(this.#deadline, after(now, times(this.#heartbeat, SILENT_HEARTBEATS)));
  }

  /** What the next datagram to this director echoes. */
  echo(now: Instant): PeerEcho | null {
    if (this.#heard === undefined) return null;
    const { boot, sequence, sentAt, at } = this.#heard;
    return { boot, sequence, sentAt, heldFor: elapsed(at, now) };
  }

  snapshot(): SessionSnapshot {
    return {
      ...{ address: this.address, status: this.status, since: this.since, boot: this.#boot },
      ...{ sequence: this.#sequence, challenge: this.#challenge, heardAt: this.#heardAt },
      ...{ heartbeat: this.#heartbeat, boundFrom: this.#boundFrom },
      statements: [...this.#statements.values()].map(({ statement, at }) => ({ statement, at })),
    };
  }

  resume(snapshot: SessionSnapshot, now: Instant): void {
    this.status = snapshot.status;
    this.since = snapshot.since;
    this.#boot = snapshot.boot;
    this.#sequence = snapshot.sequence;
    this.#challenge = snapshot.challenge;
    this.#heartbeat = snapshot.heartbeat;
    this.#heardAt = snapshot.heardAt;
    this.#boundFrom = snapshot.boundFrom ?? snapshot.heardAt;
    for (const { statement, at } of snapshot.statements) {
      this.#statements.set(statement.name, { statement, at, changedAt: at });
    }
    this.excuse(now);
    if (this.isUp && this.#deadline === NEVER) {
      this.#deadline = after(now, times(this.#heartbeat, SILENT_HEARTBEATS));
    }
  }

  #verdict(isSame: boolean): Verdict {
    if (!isSame && this.#boot !== '') return 'restarted';
    return this.isUp ? 'believed' : 'first';
  }

  /**
   * A recording must not take the place of the living process, and its wall clock is older. After a step
   * of the wall clock the place becomes free by itself.
   */
  #rememberForEcho({ boot, sequence, sentAt, wall }: PeerDatagram, now: Instant): void {
    const known = this.#heard;
    const replaces =
      known === undefined ||
      (known.boot === boot && sequence > known.sequence) ||
      (known.boot !== boot && wall > known.wall) ||
      elapsed(known.at, now) > ECHO_LIFETIME;
    if (replaces) this.#heard = { boot, sequence, sentAt, wall, at: now };
  }

  #learn(datagram: PeerDatagram, own: OwnPlace, now: Instant, wall: number): void {
    const { echo } = datagram;
    if (echo !== null && echo.boot === own.boot) {
      const rtt = now - echo.sentAt - echo.heldFor;
      this.clock.add(rtt, datagram.wall - wall);
    }
    if (datagram.table !== null) return;
    this.version = datagram.version;
    this.calls = datagram.name;
    this.services = datagram.services;
    for (const statement of datagram.statements) this.#remember(statement, now);
  }

  #remember(statement: InstanceStatement, now: Instant): void {
    const { name } = statement;
    const before = this.#statements.get(name);
    const isRepeated =
      before !== undefined &&
      elapsed(before.at, now) < STATEMENT_LIFETIME &&
      isSameStatement(before.statement, statement);
    this.#statements.delete(name);
    const changedAt = isRepeated ? before.changedAt : now;
    this.#statements.set(name, { statement, at: now, changedAt });
    if (this.#statements.size <= STATEMENTS_MAX) return;
    const [oldest] = this.#statements.keys();
    if (oldest !== undefined) this.#statements.delete(oldest);
  }

  #forget(): void {
    this.#statements.clear();
    this.clock.reset();
  }
}
