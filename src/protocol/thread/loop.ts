/**
 * The protocol loop: one turn each time a descriptor is readable or the deadline is reached. Due
 * advertisements leave before anything is read; reading is bounded; the engine concludes that a MASTER
 * is silent only after all waiting packets have been read. Nothing here blocks, logs or awaits.
 */

import type {
  ClaimPort,
  ClockPort,
  LinkSnapshot,
  PacketPort,
  PacketSink,
  RoutePort,
} from '../../kernel/ports.ts';
import type { LinkEvent, OutgoingDatagram, SendFailure } from '../../net/link.ts';
import { isPowerOfTwo } from '../../net/power-of-two.ts';
import {
  after,
  type Duration,
  earliest,
  elapsed,
  type Instant,
  milliseconds,
  NEVER,
  NO_TIME,
  seconds,
  shortest,
  times,
} from '../../net/time.ts';
import { decodeBfd } from '../../wire/bfd/control.ts';
import type { BfdOutput } from '../engine/bfd-messages.ts';
import type { Input } from '../engine/inputs.ts';
import type { Output } from '../engine/outputs.ts';
import type { Report } from '../engine/reports.ts';
import { type EngineSnapshot, heldAddresses } from '../engine/snapshot.ts';
import type { BfdPort, BfdSink } from './bfd/bfd-edge.ts';
import { Moderation } from './moderation.ts';
import type { PeerLinkPort } from './peer-link/peer-link.ts';
import type { EngineInputs } from './recording/recorder.ts';

export interface Ports {
  readonly clock: ClockPort;
  /** Sets whether waiting packets wake the loop. */
  readonly wakeOnPackets: (wake: boolean) => void;
  readonly packets: PacketPort;
  /** Absent where no other host can claim an address. */
  readonly claims?: ClaimPort;
  readonly routes: RoutePort;
  /** Absent where there is no second network. */
  readonly directors?: PeerLinkPort;
  /** Absent where nothing is tracked by BFD. */
  readonly bfd?: BfdPort;
}

interface LoopObserver {
  /** Gets all reports of one turn, after its last system call. */
  reports(reports: readonly Report[]): void;
  /** Gets how late the loop woke up for a deadline, in microseconds. */
  lateness(microseconds: number): void;
  /** The answer is an input. Absent if no router has a virtual MAC address. */
  readonly virtualLink?: (request: VirtualLinkRequest) => void;
  /** The summary of another director's connection table. Absent if it is not wanted. */
  readonly directorTable?: (table: DirectorTable) => void;
  /** Called after the last system call of each turn. Absent if nothing is recorded. */
  readonly turned?: (now: Instant) => void;
  /** Called after a shutdown, when everything is released. */
  finished(): void;
}

export type VirtualLinkRequest = Extract<
  Output,
  { readonly kind: 'virtual-link.make' | 'virtual-link.set-down' }
>;

export type DirectorTable = Extract<Output, { readonly kind: 'director.table' }>;

/** A change of the wall clock by less is that of its resolution, or of a clock that is kept right. */
const WALL_STEP = milliseconds(10);

/**
 * The early turn: so long before a MASTER counts as silent. The takeover then finds the processor awake and the
 * code of the loop in its caches (bench/README.md, "Crash").
 */
const EARLY = milliseconds(1);
/** After a shorter wait the caches are warm. */
const LONG_WAIT = milliseconds(20);

/** Packets read between two checks for due advertisements. */
const BATCH = 64;

/**
 * Limits the packets of one turn to 3,072, more than any legitimate burst (255 routers, 100 ms of 10 ms
 * adverts): under a flood, Master_Down timers still expire.
 */
const BATCHES_MAX = 48;

/**
 * Datagrams of the peer link read in one turn: each may need an HMAC, some 10 us. More than the directors of
 * a link can send in the time of a turn, and little enough for advertisements of 10 ms.
 */
const DIRECTOR_BATCH = 16;

/**
 * Packets of BFD read at a time, and how often in one turn: more than the queue of the socket holds, so that
 * no neighbour is declared silent while its packets wait.
 */
const BFD_BATCH = 64;
const BFD_BATCHES_MAX = 16;

/** A turn that is later than this is not one for BFD alone: the engine has to judge whether it was a stall. */
const BFD_LATENESS_MAX = milliseconds(10);

/**
 * Links and addresses that changed while they were read are read again after this time, doubled each time
 * that they change again: a host where they always do must not spend its time on reading them.
 */
const READ_AGAIN_AFTER = seconds(1);
const READ_AGAIN_AFTER_MAX = seconds(60);

/**
 * How often in a row the kernel may refuse to list links and addresses, for want of memory: more often, and
 * the state of the host cannot be known.
 */
const REFUSALS_MAX = 3;

/**
 * While turns follow each other at once, as in the takeover of many routers, reports wait for the last one,
 * but no longer than this: making and sending them takes some 10 us each, and the main thread works on them
 * beside the takeover.
 */
const REPORTS_WAIT_MAX = milliseconds(10);

const WAKE = { kind: 'wake' } as const;
const QUIET = { kind: 'quiet' } as const;

type Question = Extract<Output, { kind: 'links.set-up' | 'gateway.find' | 'prefix.find' }>;

export class Loop {
  readonly #engine: EngineInputs;
  readonly #ports: Ports;
  readonly #observer: LoopObserver;
  #reports: Report[] = [];
  /** When the reports, which wait for the last of several turns, are sent in any case. */
  #reportsDue: Instant = NEVER;
  readonly #moderation = new Moderation();
  #now: Instant = 0 as Instant;
  /** When the last turn had read all waiting packets. */
  #turnedAt: Instant = 0 as Instant;
  /** When links and addresses are read again. */
  #resyncAt: Instant = NEVER;
  #readAgainAfter: Duration = READ_AGAIN_AFTER;
  #hasStarted = false;
  #hasFinished = false;
  /** From the engine's clock to the wall clock, as the engine knows it. */
  #wallOffset: Duration | undefined;
  #refusals = 0;
  #received = 0;
  #wakesOnPackets = true;
  /** When the packets of BFD were last read. */
  #bfdReadAt: Instant = 0 as Instant;
  /** How many messages of the kernel could not be decoded. */
  #malformed = 0;

  constructor(engine: EngineInputs, ports: Ports, observer: LoopObserver) {
    this.#engine = engine;
    this.#ports = ports;
    this.#observer = observer;
  }

  /**
   * Removes routes and rules that an earlier run has left, handles `first`, reads the links from the
   * kernel and starts every router. A standby leaves routes and rules alone, and so does a process whose
   * predecessor died as MASTER of every router. Throws `KernelError`.
   */
  start(first: readonly Input[] = [], standby = false): void {
    this.#followWallClock();
    const keeps = standby || first.some((one) => one.kind === 'resume' && one.keepsRouting);
    const routes = keeps ? [] : this.#ports.routes.clearRouting();
    if (routes.length > 0) this.#reports.push({ kind: 'routes-cleaned', routes });
    for (const input of first) this.#perform(this.#engine.handle(input, this.#tick()));
    this.#resync();
    this.#hasStarted = true;
    this.#endTurn();
  }

  /** Another host has claimed an address by ARP or ND. */
  claimsReadable(): void {
    this.#ports.claims?.drain(BATCH, (claim) => {
      this.#perform(this.#engine.handle({ kind: 'address.claimed', ...claim }, this.#tick()));
    });
    this.#endTurn();
  }

  /** Another director has sent a datagram. */
  directorsReadable(): void {
    this.#serveDeadlines();
    this.#drainDirectors();
    this.#endTurn();
  }

  /** A neighbour has sent a packet of BFD. */
  bfdReadable(): void {
    this.#serveDeadlines();
    this.#drainBfd();
    this.#endTurn();
  }

  /** The kernel reports changes of links, addresses or routing. */
  routesReadable(): void {
    this.#serveDeadlines();
    const state = this.#ports.routes.drain(this.#notice);
    if (state === 'malformed') this.#reportMalformed();
    if (state !== 'drained') this.#resync();
    this.turn();
  }

  /** The deadline is reached. */
  deadlineReached(): void {
    if (!this.#serveBfdAlone()) this.turn();
  }

  /** Packets are waiting, or the deadline is reached. */
  turn(): void {
    this.#received = 0;
    this.#serveDeadlines();
    if (this.#resyncAt <= this.#now) this.#resync();
    for (let batch = 0; batch < BATCHES_MAX; batch++) {
      const empty = this.#ports.packets.drain(BATCH, this.#receive);
      if (empty) break;
      this.#serveDeadlines();
    }
    this.#drainDirectors();
    this.#drainBfd();
    this.#perform(this.#engine.handle(QUIET, this.#tick()));
    this.#turnedAt = this.#now;
    this.#moderate();
    this.#endTurn();
  }

  /** The last turn for now: nothing is left to be reported after it. */
  pause(): void {
    this.turn();
    this.#report();
  }

  /** Inputs of the main thread. Due work, and what waits in any socket, comes first. */
  feed(inputs: readonly Input[]): void {
    this.routesReadable();
    for (const input of inputs) {
      if (input.kind === 'adopt') this.#claim(input.capture);
      this.#perform(this.#engine.handle(input, this.#tick()));
    }
    this.#endTurn();
  }

  /** Before they are adopted: the engine would take VIPs that are not marked for those of another program. */
  #claim(capture: EngineSnapshot): void {
    if (this.#ports.routes.claim(heldAddresses(capture))) this.#resync();
  }

  /** Sends priority 0 now and releases the VIPs when the settings say; `finished` follows. */
  shutdown(): void {
    this.#perform(this.#engine.handle({ kind: 'shutdown' }, this.#tick()));
    this.#endTurn();
  }

  #drainDirectors(): void {
    this.#ports.directors?.drain(DIRECTOR_BATCH, this.#hearDirector);
  }

  readonly #hearDirector = (input: Input): void =>
    this.#perform(this.#engine.handle(input, this.#tick()));

  #drainBfd(): void {
    const { bfd } = this.#ports;
    if (bfd === undefined) return;
    for (let batch = 0; batch < BFD_BATCHES_MAX; batch++) {
      this.#bfdReadAt = this.#tick();
      if (bfd.drain(BFD_BATCH, this.#hearNeighbour)) return;
      this.#serveDeadlines();
    }
  }

  readonly #hearNeighbour: BfdSink = (origin, bytes, length) => {
    if (this.#engine.hearBfdAgain(origin, bytes, length, this.#now)) return;
    const decoded = decodeBfd(bytes, length);
    const packet = decoded.ok ? decoded.value : decoded.error;
    this.#perform(this.#engine.handle({ kind: 'bfd.heard', ...origin, packet }, this.#tick()));
  };

  /** A turn in which nothing is due but packets of BFD; false if it has to be a whole one. */
  #serveBfdAlone(): boolean {
    if (this.#ports.bfd === undefined) return false;
    const now = this.#tick();
    const others = earliest(this.#engine.deadlineBesidesBfd(), this.#moderation.until);
    if (earliest(others, this.#resyncAt) <= now) return false;
    const lateness = now - this.#engine.deadline();
    if (lateness < 0 || lateness > BFD_LATENESS_MAX) return false;
    this.#perform(this.#engine.wakeBfd(now));
    this.#drainBfd();
    // A neighbour that is silent, or what else is left: only a whole turn may judge that.
    const next = this.#engine.deadline();
    if (next <= this.#now) return false;
    this.#observer.lateness(lateness);
    this.#endTurn(next);
    return true;
  }

  #serveDeadlines(): void {
    this.#followWallClock();
    const now = this.#tick();
    const lateness = now - this.#engine.deadline();
    if (lateness < 0) return;
    this.#observer.lateness(lateness);
    this.#perform(this.#engine.handle(WAKE, now));
  }

  /** Before anything is signed or checked with it. */
  #followWallClock(): void {
    const wall = this.#ports.clock.wall?.();
    if (wall === undefined) return;
    const now = this.#tick();
    const offset = elapsed(now, wall as Instant);
    const known = this.#wallOffset;
    if (known !== undefined && Math.abs(offset - known) < WALL_STEP) return;
    this.#wallOffset = offset;
    this.#perform(this.#engine.handle({ kind: 'wall.changed', offset }, now));
  }

  #tick(): Instant {
    this.#now = this.#ports.clock.now();
    return this.#now;
  }

  readonly #notice = (event: LinkEvent): void => this.#engine.notice(event);

  /**
   * An advertisement counts from its arrival, but from no earlier than the previous turn, which would
   * have read it: so a step of the wall clock, which dates arrivals, can do little harm.
   */
  readonly #receive: PacketSink = (index, packet, length, waited) => {
    this.#received++;
    const arrived = Math.max(this.#turnedAt, this.#now - waited) as Instant;
    this.#engine.receive(index, packet, length, arrived);
  };

  #moderate(): void {
    this.#moderation.turned(this.#received, this.#now);
    const wake = this.#moderation.until === NEVER;
    if (wake === this.#wakesOnPackets) return;
    this.#wakesOnPackets = wake;
    this.#ports.wakeOnPackets(wake);
  }

  #reportMalformed(): void {
    this.#malformed++;
    if (!isPowerOfTwo(this.#malformed)) return;
    this.#reports.push({ kind: 'netlink-malformed', count: this.#malformed });
  }

  #resync(): void {
    const snapshot = this.#snapshot();
    const now = this.#tick();
    const isComplete = snapshot?.complete === true;
    this.#resyncAt = isComplete ? NEVER : after(now, this.#readAgainAfter);
    this.#readAgainAfter = isComplete
      ? READ_AGAIN_AFTER
      : shortest(times(this.#readAgainAfter, 2), READ_AGAIN_AFTER_MAX);
    if (snapshot === undefined) return;
    this.#perform(this.#engine.handle({ kind: 'links.replaced', links: snapshot.links }, now));
  }

  /** Undefined: the kernel refuses it now. */
  #snapshot(): LinkSnapshot | undefined {
    try {
      const snapshot = this.#ports.routes.snapshot();
      this.#refusals = 0;
      return snapshot;
    } catch (error) {
      errnoOf(error);
      this.#refusals++;
      if (!this.#hasStarted || this.#refusals > REFUSALS_MAX) throw error;
      return undefined;
    }
  }

  #endTurn(next = this.#engine.deadline()): void {
    this.#engine.performed();
    const deadline = earliest(next, earliest(this.#moderation.until, this.#resyncAt));
    this.#ports.clock.arm(this.#wakeUpFor(deadline));
    // Packets of BFD wait for the next wake-up if that is near.
    const wait = elapsed(this.#bfdReadAt, deadline);
    this.#ports.bfd?.wakeOnPackets(wait > this.#engine.bfdPatience);
    if (!this.#defersReports(deadline)) this.#report();
    this.#observer.turned?.(this.#now);
  }

  #wakeUpFor(deadline: Instant): Instant {
    const isLong = elapsed(this.#now, deadline) >= LONG_WAIT;
    const isOfSilence = deadline === this.#engine.silenceDeadline();
    return isLong && isOfSilence ? ((deadline - EARLY) as Instant) : deadline;
  }

  /** True if the next turn follows at once, and the reports may wait for it. */
  #defersReports(deadline: Instant): boolean {
    const isNext = deadline <= this.#now && !this.#hasFinished;
    if (!isNext || this.#reportsDue <= this.#now) {
      this.#reportsDue = NEVER;
      return false;
    }
    this.#reportsDue = earliest(this.#reportsDue, after(this.#now, REPORTS_WAIT_MAX));
    return true;
  }

  #report(): void {
    for (const view of this.#engine.changedViews()) this.#reports.push({ kind: 'view', view });
    const directors = this.#engine.changedDirectors();
    if (directors !== undefined) this.#reports.push({ kind: 'directors', directors });
    const sessions = this.#engine.changedBfd();
    if (sessions !== undefined) this.#reports.push({ kind: 'bfd', sessions });
    if (this.#reports.length > 0) {
      const reports = this.#reports;
      this.#reports = [];
      this.#observer.reports(reports);
    }
  }

  /** Performs outputs in their order; the kernel's answers go to the engine after the last one. */
  #perform(outputs: readonly Output[]): void {
    if (outputs.length === 0) return;
    const { packets } = this.#ports;
    const answers: Input[] = [];
    let took = NO_TIME;
    for (const output of outputs) {
      switch (output.kind) {
        case 'datagrams.send':
          if (packets.sendDatagrams(output.datagrams) > 0) {
            this.#reportFailures(output.datagrams, answers);
          }
          break;
        case 'frames.send':
          if (packets.sendFrames(output.frames) > 0) this.#reportFailures([], answers);
          break;
        case 'kernel.change':
          took = (took + this.#change(output, answers)) as Duration;
          break;
        case 'links.set-up':
        case 'gateway.find':
        case 'prefix.find':
          answers.push(this.#ask(output));
          break;
        case 'virtual-link.make':
        case 'virtual-link.set-down':
          this.#observer.virtualLink?.(output);
          break;
        case 'listen':
          answers.push(...this.#listen(output));
          break;
        case 'claims.watch':
          this.#watchClaims(output);
          break;
        case 'unlisten':
          packets.unlisten(output.index, output.family);
          break;
        case 'received.discard':
          packets.discard();
          this.#ports.directors?.discard();
          this.#ports.bfd?.discard();
          break;
        case 'peer-link.open':
          answers.push(...this.#openPeerLink(output));
          break;
        case 'peer-link.close':
          this.#ports.directors?.close();
          break;
        case 'director.send':
          this.#ports.directors?.send(output.datagrams);
          break;
        case 'director.table':
          this.#observer.directorTable?.(output);
          break;
        case 'bfd.open':
        case 'bfd.close':
        case 'bfd.send':
          this.#performBfd(output, answers);
          break;
        case 'report':
          this.#reports.push(output.report);
          break;
        case 'finished':
          this.#hasFinished = true;
          this.#observer.finished();
          break;
      }
    }
    for (const answer of answers) {
      const input = answer.kind === 'kernel.changed' ? { ...answer, took } : answer;
      this.#perform(this.#engine.handle(input, this.#tick()));
    }
  }

  /** Adds the input that answers; returns how long the kernel took, as far as that is known. */
  #change({ id, changes }: Extract<Output, { kind: 'kernel.change' }>, answers: Input[]): Duration {
    const asked = this.#tick();
    const { routes } = this.#ports;
    answers.push({ kind: 'kernel.changed', id, answers: routes.changeKernel(changes) });
    return routes.changesTook ?? elapsed(asked, this.#tick());
  }

  /** What the kernel answers immediately. */
  #ask(output: Question): Input {
    const { routes } = this.#ports;
    switch (output.kind) {
      case 'links.set-up': {
        const { indexes } = output;
        return { kind: 'links.up', indexes, answers: routes.setLinksUp(indexes) };
      }
      case 'gateway.find': {
        const { index, family } = output;
        return { kind: 'gateway.found', index, family, address: routes.gateway(index, family) };
      }
      case 'prefix.find': {
        const { index, prefix, host } = output;
        const route = routes.prefixRoute(index, prefix, host);
        return { kind: 'prefix.found', index, prefix, route };
      }
    }
  }

  /** Each errno by itself: one link may be down while a firewall closes another one. */
  #reportFailures(datagrams: readonly OutgoingDatagram[], answers: Input[]): void {
    const failures = this.#ports.packets.sendFailures();
    const heard = heardAmong(datagrams, failures);
    for (const { errno, count, datagrams: lost } of failures) {
      const senders = new Set(lost.map(({ sender }) => sender));
      const unheard = [...senders]
        .filter((one) => one !== undefined)
        .filter((one) => !heard.has(one));
      answers.push({
        ...{ kind: 'send.failed', errno, count },
        ...(unheard.length === 0 ? {} : { unheard }),
      });
    }
  }

  /** Returns the input that reports a failure, if any. */
  #listen(output: Extract<Output, { kind: 'listen' }>): Input[] {
    const { index, name, family, vrids, groups } = output;
    try {
      this.#ports.packets.listen({ index, name, family, vrids, groups });
      return [];
    } catch (error) {
      return [{ kind: 'listen.failed', index, errno: errnoOf(error) }];
    }
  }

  /** Returns the input that answers. */
  #openPeerLink(output: Extract<Output, { kind: 'peer-link.open' }>): Input[] {
    const { directors } = this.#ports;
    if (directors === undefined) return [];
    try {
      return [{ kind: 'peer-link.opened', ...directors.open(output) }];
    } catch (error) {
      return [{ kind: 'peer-link.failed', errno: errnoOf(error) }];
    }
  }

  /** Adds what answers: one for a socket that is to be opened, and one for each lost packet. */
  #performBfd(output: BfdOutput, answers: Input[]): void {
    const { bfd } = this.#ports;
    if (bfd === undefined) return;
    switch (output.kind) {
      case 'bfd.open': {
        const { session } = output;
        try {
          answers.push({ kind: 'bfd.opened', session, ...bfd.open(output) });
        } catch (error) {
          answers.push({ kind: 'bfd.failed', session, errno: errnoOf(error) });
        }
        break;
      }
      case 'bfd.close':
        bfd.close(output.session);
        break;
      case 'bfd.send':
        for (const { session, packet } of output.datagrams) {
          const errno = bfd.send(session, packet);
          if (errno !== undefined) answers.push({ kind: 'bfd.unsent', session, errno });
        }
        break;
    }
  }

  /** The interface may already be gone. The protocol works without the detection of claims. */
  #watchClaims({ index, addresses }: Extract<Output, { kind: 'claims.watch' }>): void {
    try {
      this.#ports.claims?.watch(index, addresses);
    } catch (error) {
      errnoOf(error);
    }
  }
}

/** The errno name of a `KernelError`; any other error is a bug and is thrown again. */
function errnoOf(error: unknown): string {
  if (error instanceof Error && 'errno' in error) return String(error.errno);
  throw error;
}

/** The senders of whose datagrams at least one has left. */
function heardAmong(
  datagrams: readonly OutgoingDatagram[],
  failures: readonly SendFailure[],
): ReadonlySet<number | undefined> {
  const lost = new Set(failures.flatMap((one) => one.datagrams));
  return new Set(datagrams.filter((one) => !lost.has(one)).map(({ sender }) => sender));
}
