/**
 * One director: a kernel, and on it the production loop around the production engine. The process
 * can be started, stopped, killed and paused; the kernel keeps running.
 */

import { RouterKeys } from '../../src/keys/router-keys.ts';
import type { MacAddress } from '../../src/net/address.ts';
import { type Instant, instant } from '../../src/net/time.ts';
import { CounterTable, countersLength } from '../../src/protocol/engine/counters.ts';
import type { Input } from '../../src/protocol/engine/inputs.ts';
import {
  formerMasterships,
  formerOf,
  mastershipsLength,
} from '../../src/protocol/engine/masterships.ts';
import type { Report } from '../../src/protocol/engine/reports.ts';
import type { OperatorRequest } from '../../src/protocol/engine/requests.ts';
import type { InstanceSettings, Settings } from '../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../src/protocol/engine/settings-change.ts';
import type { InstanceView } from '../../src/protocol/engine/view.ts';
import type { WitnessRequest } from '../../src/protocol/engine/witness-messages.ts';
import { Loop } from '../../src/protocol/thread/loop.ts';
import { answerTo, isQuestion, SegmentClaims } from './arp.ts';
import { SimClaims } from './claims.ts';
import type { Clock, ScheduledAction } from './clock.ts';
import type { SimEtcd } from './etcd.ts';
import { HostClock } from './host-clock.ts';
import { RefusalWatchingEngine } from './invariants/refusal.ts';
import { SimKernel } from './kernel.ts';
import { type PeerNetwork, peerAddress, SimPeerLink } from './peer-network.ts';
import type { Random } from './random.ts';
import { isFrame, type Port, type Segment } from './segment.ts';
import { SimSockets } from './sockets.ts';
import { SimVirtualLinks } from './virtual-links.ts';

/** The longest that a runnable process waits for the scheduler. */
export const SCHEDULING_DELAY = 300;

/** The longest run time of a `before_master` command. */
export const COMMAND_TIME = 600_000;

export interface HostObserver {
  asked(host: Host, instance: string, id: number, request: OperatorRequest): void;
  /** The process started, ended, or reported a new state. */
  changed(): void;
  sent(host: Host, packet: Uint8Array, frame: Uint8Array | undefined): void;
  announced(host: Host, frame: Uint8Array): void;
  reported(host: Host, report: Report): void;
}

interface Process {
  readonly engine: RefusalWatchingEngine;
  readonly loop: Loop;
  isStopping: boolean;
}

export class Host implements Port {
  readonly number: number;
  settings: Settings;
  readonly kernel: SimKernel;
  readonly sockets: SimSockets;
  readonly claims: SimClaims;
  /** Rows of `status` from the reports of the process. */
  readonly views = new Map<string, InstanceView>();
  /** The last pause of the process, on the clock of this host. */
  lastPause: { readonly from: Instant; readonly to: Instant } | undefined;
  /** Whether it is configured to continue the masterships of a process that was killed. */
  readonly resumes: boolean;
  /** Number of starts, without those that take over from a running process. */
  starts = 0;
  /** The last process when it ended. */
  lastWords:
    | { readonly views: ReadonlyMap<string, InstanceView>; readonly settings: Settings }
    | undefined;
  /** Outlives a process. */
  readonly #masterships: Float64Array;
  /** The keys of its routers that authenticate by HMAC. */
  readonly keys = new RouterKeys();
  /** How far its wall clock is ahead of the simulated time, in a world where a router asks for it. */
  wallAhead: number | undefined;
  /** The last change of the MAC address of a link, in simulated time and on the clock of this host. */
  macChange: { readonly at: Instant; readonly since: Instant } | undefined;
  /** The machine has no power: its kernel answers no question. */
  isOff = false;
  #pausedAt: Instant = instant(0);
  #isPaused = false;
  readonly #virtualLinks: SimVirtualLinks;
  /** Only in a world with two networks. */
  readonly #second: { readonly claims: SegmentClaims; readonly peerLink: SimPeerLink } | undefined;
  readonly #etcd: SimEtcd | undefined;
  #process: Process | undefined;
  readonly #clock: Clock;
  readonly #ownClock: HostClock;
  readonly #random: Random;
  readonly #observer: HostObserver;
  readonly #segment: Segment;
  #wakesOnPackets = true;
  #asked = 0;
  readonly #refusedLeave = new Set<string>();
  #turn: ScheduledAction | undefined;
  #alarm: ScheduledAction | undefined;
  #alarmAt = 0;

  constructor(
    number: number,
    settings: Settings,
    clock: Clock,
    random: Random,
    segment: Segment,
    observer: HostObserver,
    {
      peers,
      etcd,
    }: { readonly peers?: PeerNetwork | undefined; readonly etcd?: SimEtcd | undefined } = {},
  ) {
    this.#etcd = etcd;
    this.number = number;
    this.settings = settings;
    this.#clock = clock;
    this.#ownClock = new HostClock(clock, random.fork());
    this.#random = random;
    this.#segment = segment;
    this.#observer = observer;
    this.resumes = random.chance(0.8);
    this.#masterships = new Float64Array(mastershipsLength(settings.instances.length));
    this.kernel = new SimKernel(clock, random.fork(), () => this.#wantTurn());
    this.claims = new SimClaims(this.kernel, () => this.#wantTurn());
    this.#virtualLinks = new SimVirtualLinks(settings, this.kernel, clock, random.fork());
    this.sockets = new SimSockets(this.kernel, {
      readable: () => {
        if (this.#wakesOnPackets) this.#wantTurn();
      },
      transmit: (packet, frame) => {
        observer.sent(this, packet, frame);
        segment.transmit(number, packet);
      },
      announce: (frame) => {
        if (peers === undefined || !isQuestion(frame)) observer.announced(this, frame);
        if (peers !== undefined && this.kernel.isConnectedToWire) segment.transmit(number, frame);
      },
    });
    if (peers === undefined) return;
    const claims = new SegmentClaims(() => this.#wantTurn());
    const readable = () => this.#wantTurn();
    const peerLink = new SimPeerLink(number, clock, random.fork(), peers, readable);
    this.#second = { claims, peerLink };
    peers.attach({ deliver: (bytes, from) => this.deliverFromPeer(from, bytes) });
  }

  /** The time of this host's clock, which its views use. */
  get now(): Instant {
    return this.#ownClock.now();
  }

  get #wall(): Instant {
    return instant(this.#clock.now + (this.wallAhead ?? 0));
  }

  get name(): string {
    return this.settings.router;
  }

  /** The process exists and is not paused. */
  get isAlive(): boolean {
    return this.#process !== undefined && !this.isPaused;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Stopping, but not done yet. */
  get isStopping(): boolean {
    return this.#process?.isStopping ?? false;
  }

  get isStarted(): boolean {
    return this.#process !== undefined;
  }

  get engine(): RefusalWatchingEngine | undefined {
    return this.#process?.engine;
  }

  start(): void {
    if (this.#process !== undefined) return;
    const counters = new CounterTable(
      new Float64Array(countersLength(this.settings.instances.length)),
    );
    const former = this.resumes ? formerMasterships(this.#masterships) : [];
    const engine = new RefusalWatchingEngine(this.settings, counters, {
      damaged: this.#segment.damaged,
      masterships: this.#masterships,
      keyring: this.keys,
      isStrict: () => this.settings.instances.every(isEnforcing),
    });
    const { wallAhead } = this;
    const clock = {
      now: () => this.now,
      ...(wallAhead === undefined ? {} : { wall: () => this.#wall }),
      arm: (deadline: Instant) => this.#arm(deadline),
    };
    const loop = new Loop(
      engine,
      {
        clock,
        wakeOnPackets: (wake) => this.#wakeOnPackets(wake),
        packets: this.sockets,
        claims: this.claims,
        routes: this.kernel,
        ...(this.#second === undefined
          ? {}
          : { claims: this.#second.claims, directors: this.#second.peerLink }),
      },
      {
        reports: (reports) => this.#take(reports),
        lateness: () => {},
        virtualLink: (request) =>
          this.#virtualLinks.answer(request, (input) => this.#feed(engine, input)),
        finished: () => {
          this.#virtualLinks.removeAll();
          this.#clock.after(0, () => this.#end(engine));
        },
      },
    );
    this.#process = { engine, loop, isStopping: false };
    this.#setPaused(false);
    const { instances } = this.settings;
    const keepsRouting = formerOf(instances, former).size === instances.length;
    this.#virtualLinks.prepare(this.resumes);
    this.#second?.peerLink.restart();
    loop.start([{ kind: 'resume', former, keepsRouting, keepsAddresses: this.resumes }]);
    this.starts += 1;
  }

  /** SIGTERM. */
  shutdown(): void {
    if (this.#process === undefined || this.#isPaused) return;
    this.#process.isStopping = true;
    this.#process.loop.shutdown();
  }

  /** Changes the file and reloads; a stopped process reads it at the next start. */
  reload(settings: Settings): void {
    const change = settingsChange(this.settings, settings);
    this.settings = settings;
    if (this.#process === undefined) return;
    this.#process.loop.feed([{ kind: 'settings.changed', change }]);
  }

  /** Over the control socket; there is no answer without a process. */
  ask(instance: string, request: OperatorRequest): void {
    if (this.#process === undefined || this.#isPaused) return;
    this.#asked += 1;
    this.#observer.asked(this, instance, this.#asked, request);
    this.#process.loop.feed([{ kind: 'request', id: this.#asked, instance, request }]);
  }

  /** SIGKILL: the process cleans up nothing; with `cleansUp`, the main thread does. */
  crash(cleansUp: boolean): void {
    this.#end(this.#process?.engine);
    if (!cleansUp) return;
    this.#masterships.fill(0);
    for (const { addresses, attributes } of [...this.kernel.links()]) {
      for (const { ours, address, prefixLength } of [...addresses.values()]) {
        if (ours) this.kernel.removeAddress(attributes.name, address, prefixLength);
      }
    }
  }

  /** SIGSTOP: time passes, packets wait up to the limit of the socket. */
  pause(): void {
    if (this.#isPaused) return;
    this.#pausedAt = this.now;
    this.#setPaused(true);
  }

  /** SIGCONT. */
  resume(): void {
    if (!this.#isPaused) return;
    this.lastPause = { from: this.#pausedAt, to: this.now };
    this.#setPaused(false);
    this.#wantTurn();
  }

  /** As after a suspension of the machine: no time has passed for the packets and the kernel. */
  leap(ahead: number): void {
    const from = this.now;
    this.#ownClock.leap(ahead);
    if (!this.isAlive) return;
    this.lastPause = { from, to: this.now };
    const deadline = this.#alarmAt;
    this.#alarmAt = 0;
    if (deadline !== 0) this.#arm(instant(deadline));
  }

  changeMac(link: string, address: MacAddress): void {
    this.macChange = { at: this.#clock.now, since: this.now };
    this.kernel.setMac(link, address);
  }

  deliver(packet: Uint8Array): void {
    if (isFrame(packet)) this.#deliverFrame(packet);
    else if (this.#process !== undefined) this.sockets.arrive(packet);
  }

  /** A datagram of the peer link arrives, from the address of that director. */
  deliverFromPeer(from: number, bytes: Uint8Array): void {
    if (this.#process !== undefined) this.#second?.peerLink.arrive(bytes, peerAddress(from));
  }

  /** The kernel answers, whether the process runs or not. */
  #deliverFrame(frame: Uint8Array): void {
    if (this.isOff) return;
    const answer = answerTo(frame, (address) => this.kernel.answersFor(address));
    if (answer !== undefined) this.#segment.transmit(this.number, answer);
    if (this.#process !== undefined && !this.sockets.isDeaf) this.#second?.claims.arrive(frame);
  }

  /** Delivers the answer to the process that asked, once it runs. */
  #feed(engine: RefusalWatchingEngine, input: Input): void {
    if (this.#process?.engine !== engine) return;
    if (this.#isPaused) this.#clock.after(SCHEDULING_DELAY, () => this.#feed(engine, input));
    else this.#process.loop.feed([input]);
  }

  #end(engine: RefusalWatchingEngine | undefined): void {
    if (this.#process === undefined || this.#process.engine !== engine) return;
    this.#process = undefined;
    this.#setPaused(false);
    this.#wakesOnPackets = true;
    this.#alarmAt = 0;
    if (this.#alarm !== undefined) this.#alarm.cancelled = true;
    this.lastWords = { views: new Map(this.views), settings: this.settings };
    this.views.clear();
    this.sockets.close();
    this.#second?.claims.close();
    this.#second?.peerLink.close();
    this.kernel.close();
    this.claims.close();
  }

  #setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#observer.changed();
  }

  #take(reports: readonly Report[]): void {
    for (const report of reports) {
      if (report.kind === 'view') {
        this.views.set(report.view.name, report.view);
        this.#observer.changed();
      }
      if (report.kind === 'before-master' && report.outcome === 'asked') {
        this.#runBeforeMaster(report.instance, report.id);
      }
      if (report.kind === 'witness-request') this.#askWitness(report.request);
      this.#observer.reported(this, report);
    }
  }

  #askWitness(request: WitnessRequest): void {
    const engine = this.#process?.engine;
    this.#etcd?.ask(this.name, request, (input) => {
      if (engine !== undefined) this.#feed(engine, input);
    });
  }

  /** A command that succeeds or fails after a while, or is still running at its deadline. */
  #runBeforeMaster(instance: string, id: number): void {
    // Never twice in a row: a command that always fails would keep its router BACKUP.
    const granted = this.#refusedLeave.has(instance) || this.#random.chance(0.8);
    if (granted) this.#refusedLeave.delete(instance);
    else this.#refusedLeave.add(instance);
    const asking = this.#process;
    this.#clock.after(this.#random.integer(100, COMMAND_TIME), () => {
      if (this.#process !== asking || this.#isPaused) return;
      asking?.loop.feed([{ kind: 'before-master.answered', instance, id, granted }]);
    });
  }

  #arm(deadline: Instant): void {
    if (deadline === this.#alarmAt) return;
    if (this.#alarm !== undefined) this.#alarm.cancelled = true;
    this.#alarmAt = deadline;
    this.#alarm = this.#clock.at(this.#ownClock.reaches(deadline), () => {
      this.#alarmAt = 0;
      this.#wantTurn();
    });
  }

  #wantTurn(): void {
    if (!this.isAlive || this.#turn !== undefined) return;
    this.#turn = this.#clock.after(this.#random.integer(5, SCHEDULING_DELAY), () => {
      this.#turn = undefined;
      if (!this.isAlive) return;
      const claims = this.#second?.claims ?? this.claims;
      if (claims.waiting > 0) this.#process?.loop.claimsReadable();
      if (this.kernel.isReadable) this.#process?.loop.routesReadable();
      else this.#process?.loop.turn();
    });
  }

  /** Data that already waits also wakes the process (epoll(7), level-triggered). */
  #wakeOnPackets(wake: boolean): void {
    this.#wakesOnPackets = wake;
    if (wake && this.sockets.waiting > 0) this.#wantTurn();
  }
}

function isEnforcing({ authentication }: InstanceSettings): boolean {
  return authentication.type === 'hmac' && authentication.mode === 'enforce';
}
