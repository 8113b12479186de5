/**
 * One BFD session: the variables of RFC 5880 section 6.8.1, its timers and its packets. The table in
 * `fsm/bfd` says which state follows. Knows neither sockets nor other sessions, nor what depends on it.
 */
import { type BfdEvent, type BfdStep, bfdStep } from '../../../../fsm/bfd/session.ts';
import {
  desiredMinTx,
  detectionTime,
  gridOf,
  jittered,
  patience,
  SLOW_INTERVAL,
  transmitInterval,
} from '../../../../fsm/bfd/timing.ts';
import type { BfdSettings } from '../../../net/bfd.ts';
import {
  after,
  type Duration,
  earliest,
  elapsed,
  formatDuration,
  type Instant,
  latest,
  longest,
  microseconds,
  NEVER,
  NO_TIME,
  shortest,
  times,
  wholeMilliseconds,
} from '../../../net/time.ts';
import { type BfdControl, encodeBfd, isSameBfd } from '../../../wire/bfd/control.ts';
import type { BfdCounts, BfdOrigin, BfdRemote, BfdSnapshot, BfdView } from '../bfd-messages.ts';
import { Poll } from './poll.ts';
import { Random } from './random.ts';

/** `lost`: the neighbour has disabled the session, which says nothing about the path (RFC 5882 section 3.2). */
export type Verdict = 'up' | 'down' | 'lost';

/** A session that has not come up by then is down: the slow packets of a handshake take three seconds. */
const FIRST_VERDICT_AFTER = times(SLOW_INTERVAL, 4);

/** What the neighbour repeats while nothing changes, and from where. */
interface Expected {
  readonly origin: BfdOrigin;
  readonly packet: BfdControl;
}

/** RFC 5880 section 6.8.1. */
const NOT_HEARD: BfdRemote = {
  state: 'Down',
  diagnostic: 'none',
  discriminator: 0,
  minRx: microseconds(1),
  desiredMinTx: NO_TIME,
  multiplier: 0,
};

export class BfdSession {
  readonly name: string;
  settings: BfdSettings;
  /** The source port, once a socket has been open. */
  port: number | undefined;
  /** A number that the neighbour repeats; zero until the socket has been open. */
  discriminator = 0;
  /** The errno of the last attempt to open the socket or to send. */
  errno: string | undefined;
  /** When the next periodic packet is due. */
  transmitAt: Instant = NEVER;
  /** When the neighbour has been silent for too long. */
  detectAt: Instant = NEVER;
  /** When a session that is still not Up counts as down. */
  verdictAt: Instant = NEVER;
  verdict: Verdict | undefined;
  /** Why, for people. */
  result: string | undefined;
  #step: BfdStep = { state: 'Down', diagnostic: 'none' };
  #since: Instant;
  #remote: BfdRemote = NOT_HEARD;
  #random = new Random(0);
  readonly #poll = new Poll();
  /** bfd.DesiredMinTxInterval and bfd.RequiredMinRxInterval, as they are sent ... */
  #desired: Duration;
  #required: Duration;
  /** ... and as they are used until a Poll Sequence has confirmed the others (section 6.8.3). */
  #usedDesired: Duration;
  #usedRequired: Duration;
  #heardAt: Instant = NEVER;
  #sentAt: Instant = NEVER;
  #isOpen = false;
  #counts = { sent: 0, received: 0, refused: 0, downs: 0 };
  #outgoing: Uint8Array[] = [];
  /** Set by the row of the last packet, if that says that it repeats. */
  #expected: Expected | undefined;
  /** The periodic packet without Poll bit, until anything in it changes. */
  #periodic: Uint8Array | undefined;

  constructor(name: string, settings: BfdSettings, now: Instant) {
    this.name = name;
    this.settings = settings;
    this.#since = now;
    this.#desired = desiredMinTx('Down', settings.interval);
    this.#required = settings.receiveInterval;
    this.#usedDesired = this.#desired;
    this.#usedRequired = this.#required;
  }

  get state() {
    return this.#step.state;
  }

  /** The earliest of its timers. */
  get deadline(): Instant {
    return earliest(earliest(this.transmitAt, this.detectAt), this.verdictAt);
  }

  /** How long a packet for it may wait, so that packets of several sessions are read together. */
  get patience(): Duration {
    const interval = this.#interval;
    const expected = longest(this.#usedRequired, this.#remote.desiredMinTx);
    return patience(interval === 0 ? expected : shortest(interval, expected));
  }

  /** Packets to send since the last call. */
  takeOutgoing(): readonly Uint8Array[] {
    if (this.#outgoing.length === 0) return NOTHING;
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    return outgoing;
  }

  /** The agent begins to depend on the session, which has to come up now. */
  begin(now: Instant): void {
    if (this.verdict === undefined && this.verdictAt === NEVER) {
      this.verdictAt = after(now, FIRST_VERDICT_AFTER);
    }
  }

  /** `unique`: no other session has this discriminator. */
  opened(random: number, port: number, unique: (one: number) => boolean, now: Instant): void {
    this.port = port;
    this.errno = undefined;
    this.#isOpen = true;
    if (this.discriminator === 0) {
      this.#random = new Random(random);
      do this.discriminator = this.#random.next();
      while (!unique(this.discriminator));
    }
    this.#changed();
    this.#sendSoon(now);
  }

  closed(): void {
    this.#isOpen = false;
    this.transmitAt = NEVER;
    this.#outgoing = [];
    this.expectNothing();
  }

  /** The next packet is heard in full, whatever it says. */
  expectNothing(): void {
    this.#expected = undefined;
  }

  refused(): void {
    this.#counts.refused++;
  }

  /**
   * The short way: true if the packet and its origin are those of the last one, and the row of that one says
   * that it repeats. Nothing but the Detection Time and a counter has then changed. Allocates nothing.
   */
  hearAgain(origin: BfdOrigin, bytes: Uint8Array, length: number, now: Instant): boolean {
    const expected = this.#expected;
    if (expected === undefined || !isSameOrigin(expected.origin, origin)) return false;
    if (!isSameBfd(bytes, length, expected.packet)) return false;
    this.#counts.received++;
    this.#heardAt = now;
    this.#watch();
    return true;
  }

  /** RFC 5880 section 6.8.6, behind the checks: the packet is valid, and meant for this session. */
  hear(packet: BfdControl, origin: BfdOrigin, now: Instant): void {
    const { state } = this;
    if (state === 'AdminDown') return;
    this.#changed();
    this.#counts.received++;
    const before = this.#interval;
    this.#remote = {
      state: packet.state,
      diagnostic: packet.diagnostic,
      discriminator: packet.myDiscriminator,
      minRx: microseconds(packet.requiredMinRx),
      desiredMinTx: microseconds(packet.desiredMinTx),
      multiplier: packet.detectMultiplier,
    };
    this.#heardAt = now;
    if (packet.final && this.#poll.answered()) this.#useParameters();
    const repeats = this.#take(`hears-${packet.state}`, now) === 'repeats';
    this.#judgeAgain(packet, now);
    this.#watch();
    if (this.transmitAt === NEVER) this.#sendSoon(now);
    else if (before !== this.#interval && this.transmitAt > now) this.#reschedule(now);
    // Whatever the timers, the state or the role say (section 6.8.7).
    if (packet.poll) this.#send(false, true, now);
    const asks = packet.poll || packet.final || packet.demand;
    if (repeats && !asks) this.#expected = { origin, packet };
  }

  /** The periodic packet is due. */
  transmit(now: Instant): void {
    const due = this.transmitAt;
    if (this.#isSilent) {
      this.transmitAt = NEVER;
      return;
    }
    this.#send(this.#poll.bit(), false, now);
    const base = elapsed(due, now) < this.#interval ? due : now;
    this.transmitAt = this.#next(base);
  }

  /** All waiting packets have been read: the neighbour may be declared silent. */
  judgeSilence(now: Instant): void {
    if (this.detectAt <= now) {
      this.detectAt = NEVER;
      const silence = wholeMilliseconds(elapsed(this.#heardAt, now));
      this.#changed();
      this.#remote = { ...this.#remote, discriminator: 0 };
      this.#take('detection-timeout', now, silence);
    }
    if (this.verdictAt > now) return;
    this.verdictAt = NEVER;
    this.#judge('down', this.#whyNotUp());
  }

  /** This process did not run: the neighbour gets another Detection Time. */
  excuse(now: Instant): void {
    if (this.detectAt === NEVER) return;
    this.#heardAt = now;
    this.#watch();
  }

  /** Other timing; a change is confirmed by a Poll Sequence. */
  configure(settings: BfdSettings, now: Instant): void {
    this.settings = settings;
    this.#changed();
    this.#setParameters();
    this.#watch();
    if (this.transmitAt !== NEVER) this.#reschedule(now);
    else if (this.#isOpen) this.#sendSoon(now);
  }

  /** Tells the neighbour that the session ends by intent; returns how long to stay, for its answer. */
  disable(now: Instant): Duration {
    const remains = shortest(times(this.#interval, this.settings.multiplier), SLOW_INTERVAL);
    this.#take('disable', now);
    if (this.#isOpen && !this.#isSilent) this.#send(false, false, now);
    this.transmitAt = NEVER;
    this.detectAt = NEVER;
    this.verdictAt = NEVER;
    return remains;
  }

  view(): BfdView {
    const { neighbour, source = null, link = null, hops } = this.settings;
    const { state, diagnostic } = this.#step;
    return {
      session: this.name,
      ...{ neighbour, source, link, hops, state, diagnostic, since: this.#since },
      remoteState: this.#remote.state,
      remoteDiagnostic: this.#remote.diagnostic,
      discriminator: this.discriminator,
      remoteDiscriminator: this.#remote.discriminator,
      transmitInterval: this.transmitAt === NEVER ? NO_TIME : this.#interval,
      detectionTime: this.#remote.multiplier === 0 ? null : this.#detectionTime,
      ...this.counts,
      errno: this.errno ?? null,
      result: this.#shownResult() ?? null,
    };
  }

  get counts(): BfdCounts {
    return { ...this.#counts };
  }

  /** Undefined: it has nothing to hand over. */
  capture(): BfdSnapshot | undefined {
    if (this.port === undefined) return undefined;
    return {
      session: this.name,
      port: this.port,
      random: this.#random.state,
      ...{ state: this.state, since: this.#since, diagnostic: this.#step.diagnostic },
      discriminator: this.discriminator,
      remote: this.#remote,
      desiredMinTx: this.#usedDesired,
      requiredMinRx: this.#usedRequired,
      verdict: this.verdict ?? null,
      result: this.result ?? null,
      counts: this.counts,
    };
  }

  /** Continues where another process has stopped: the neighbour does not notice. */
  adopt(snapshot: BfdSnapshot, now: Instant): void {
    this.#changed();
    this.port = snapshot.port;
    this.#random = new Random(snapshot.random);
    this.#step = { state: snapshot.state, diagnostic: snapshot.diagnostic };
    this.#since = snapshot.since;
    this.discriminator = snapshot.discriminator;
    this.#remote = snapshot.remote;
    this.#usedDesired = snapshot.desiredMinTx;
    this.#desired = snapshot.desiredMinTx;
    this.#usedRequired = snapshot.requiredMinRx;
    this.#required = snapshot.requiredMinRx;
    this.verdict = snapshot.verdict ?? undefined;
    this.result = snapshot.result ?? undefined;
    this.#counts = { ...snapshot.counts };
    this.#setParameters();
    if (snapshot.remote.multiplier === 0) return;
    this.#heardAt = now;
    this.#watch();
  }

  /** What periodic packets leave at; zero: none. */
  get #interval(): Duration {
    return transmitInterval(this.#usedDesired, this.#remote.minRx);
  }

  get #detectionTime(): Duration {
    const { multiplier, desiredMinTx: remoteDesired } = this.#remote;
    return detectionTime(multiplier, this.#usedRequired, remoteDesired);
  }

  /** No periodic packet may leave (section 6.8.7). DEVIATION: Demand mode of the neighbour is ignored. */
  get #isSilent(): boolean {
    const { discriminator } = this.#remote;
    return this.#interval === 0 || (this.settings.passive && discriminator === 0);
  }

  /** No packet of either side is as it was. */
  #changed(): void {
    this.#expected = undefined;
    this.#periodic = undefined;
  }

  #take(event: BfdEvent, now: Instant, silence = NO_TIME): ReturnType<typeof bfdStep> {
    const before = this.state;
    const next = bfdStep(this.#step, event);
    if (next === undefined || next === 'repeats') return next;
    this.#changed();
    this.#step = next;
    this.#since = now;
    this.#setParameters();
    if (before === 'Up') this.#counts.downs++;
    if (next.state === 'Up') this.#cameUp();
    else if (before === 'Up') this.#wentDown(event, silence);
    this.#sendSoon(now);
    return next;
  }

  #cameUp(): void {
    this.verdictAt = NEVER;
    this.#judge('up', `the session with ${this.settings.neighbour} is up`);
  }

  #wentDown(event: BfdEvent, silence: Duration): void {
    const { neighbour } = this.settings;
    switch (event) {
      case 'hears-AdminDown':
        this.#judge('lost', `${neighbour} has disabled the session: its last state counts`);
        break;
      case 'detection-timeout':
        this.#judge('down', `nothing was heard from ${neighbour} for ${formatDuration(silence)}`);
        break;
      case 'disable':
        break;
      default:
        this.#judge('down', `${neighbour} says that it does not hear this host`);
    }
  }

  /** A neighbour that has enabled the session again has to come up, as at the start. */
  #judgeAgain({ state }: BfdControl, now: Instant): void {
    if (this.verdict !== 'lost' || state === 'AdminDown' || this.verdictAt !== NEVER) return;
    this.verdictAt = after(now, FIRST_VERDICT_AFTER);
  }

  #judge(verdict: Verdict, result: string): void {
    this.verdict = verdict;
    this.result = result;
  }

  #whyNotUp(): string {
    const { neighbour } = this.settings;
    if (this.errno !== undefined) return `no session with ${neighbour}: ${this.errno}`;
    if (this.#heardAt === NEVER) return `${neighbour} has not been heard yet`;
    if (this.#remote.state === 'AdminDown') return `${neighbour} has disabled the session`;
    return `${neighbour} does not come up: it says ${this.#remote.state}`;
  }

  #shownResult(): string | undefined {
    if (this.state !== 'Up') return this.result;
    const [sends, detects] = [this.#interval, this.#detectionTime].map(formatDuration);
    return `up: sends every ${sends}, down after ${detects} of silence`;
  }

  /** What is sent now, by the state and the settings (section 6.8.3). */
  #setParameters(): void {
    const { interval, receiveInterval } = this.settings;
    const desired = desiredMinTx(this.state, interval);
    if (desired === this.#desired && receiveInterval === this.#required) return;
    this.#desired = desired;
    this.#required = receiveInterval;
    this.#poll.begin();
    if (this.state !== 'Up') {
      this.#useParameters();
      return;
    }
    this.#usedDesired = shortest(this.#usedDesired, desired);
    this.#usedRequired = longest(this.#usedRequired, receiveInterval);
  }

  #useParameters(): void {
    this.#usedDesired = this.#desired;
    this.#usedRequired = this.#required;
  }

  #watch(): void {
    if (this.#heardAt === NEVER || this.#remote.discriminator === 0) return;
    this.detectAt = after(this.#heardAt, this.#detectionTime);
  }

  /** A packet that says something new leaves at once (section 6.8.7). */
  #sendSoon(now: Instant): void {
    if (this.#isOpen && !this.#isSilent) this.transmitAt = now;
  }

  /** Another interval counts from the last packet on (section 6.8.3). */
  #reschedule(now: Instant): void {
    if (this.#isSilent) this.transmitAt = NEVER;
    else this.transmitAt = latest(now, this.#next(this.#sentAt === NEVER ? now : this.#sentAt));
  }

  /** On a grid that all sessions share, so that one wake-up sends for several of them. */
  #next(base: Instant): Instant {
    const interval = this.#interval;
    const { multiplier } = this.settings;
    const grid = gridOf(interval, multiplier);
    const first = Math.ceil((base + jittered(interval, multiplier, 0)) / grid);
    const last = Math.floor((base + jittered(interval, multiplier, 1)) / grid);
    const choices = Math.max(1, last - first + 1);
    return (grid * (first + Math.floor(choices * this.#random.fraction()))) as Instant;
  }

  #send(poll: boolean, final: boolean, now: Instant): void {
    if (!this.#isOpen) return;
    this.#counts.sent++;
    if (!final) this.#sentAt = now;
    if (poll || final) {
      this.#outgoing.push(this.#packet(poll, final));
      return;
    }
    this.#periodic ??= this.#packet(false, false);
    this.#outgoing.push(this.#periodic);
  }

  #packet(poll: boolean, final: boolean): Uint8Array {
    return encodeBfd({
      ...{ state: this.state, diagnostic: this.#step.diagnostic, poll, final, demand: false },
      detectMultiplier: this.settings.multiplier,
      myDiscriminator: this.discriminator,
      yourDiscriminator: this.#remote.discriminator,
      desiredMinTx: this.#desired,
      requiredMinRx: this.#required,
    });
  }
}

function isSameOrigin(one: BfdOrigin, other: BfdOrigin): boolean {
  return (
    one.source === other.source &&
    one.ttl === other.ttl &&
    one.index === other.index &&
    one.hops === other.hops &&
    one.destination === other.destination
  );
}

const NOTHING: readonly Uint8Array[] = [];
