/** Directors on one segment, their faults, and the rules that must hold. */
import { masterDownInterval } from '../../fsm/vrrp/timing.ts';
import { ip } from '../../src/net/address.ts';
import { after, type Duration, type Instant, instant } from '../../src/net/time.ts';
import type { Report } from '../../src/protocol/engine/reports.ts';
import type { OperatorAnswer, OperatorRequest } from '../../src/protocol/engine/requests.ts';
import type { InstanceSettings, Settings } from '../../src/protocol/engine/settings.ts';
import type { InstanceView } from '../../src/protocol/engine/view.ts';
import { ThirdHost } from './arp.ts';
import { Clock } from './clock.ts';
import { SimEtcd } from './etcd.ts';
import { Host, SCHEDULING_DELAY } from './host.ts';
import { onSlowestClock } from './host-clock.ts';
import { PeerNetwork } from './peer-network.ts';
import { Random } from './random.ts';
import { CALM_DELAY, Segment } from './segment.ts';

/** A rule that must hold after every step of every run. */
export interface Invariant {
  readonly name: string;
  /** Called after each step; returns a violation. */
  check(world: World): string | undefined;
  /** A packet leaves a host. */
  sent?(world: World, host: Host, packet: Uint8Array): string | undefined;
  /** An advertisement leaves a host in a frame of its own, with the virtual MAC. */
  framed?(world: World, host: Host, frame: Uint8Array, priority: number): string | undefined;
  /** A frame that announces a VIP leaves a host. */
  announced?(world: World, host: Host, frame: Uint8Array): string | undefined;
}

/** Packets may wait this long in a busy loop. */
const GATHERING_TIME = 500;

/** Time from sending a packet to the reaction, on an unimpaired segment. */
export const REACTION_TIME = CALM_DELAY + 4 * SCHEDULING_DELAY + GATHERING_TIME;

/** The default gateway in a world with two networks. */
const GATEWAY = { ipv4: ip('192.0.2.1'), ipv6: ip('fe80::1') };

export class Violation extends Error {
  override readonly name = 'Violation';
}

/** A planned failover of an instance that was MASTER. */
export interface HandOver {
  readonly host: Host;
  readonly instance: string;
  readonly id: number;
  readonly startedAt: Instant;
}

/** One instance of one process. */
export interface Row {
  readonly key: string;
  readonly host: Host;
  readonly settings: InstanceSettings;
  readonly view: InstanceView;
  readonly masterDownTime: number;
}

export class World {
  readonly clock = new Clock(instant(1_000_000_000));
  readonly segment: Segment;
  readonly hosts: readonly Host[];
  /** The port of a router that is no director. */
  readonly foreignPort: number;
  /** The second network, in a world that has one, and the gateway on the first one. */
  readonly peers: PeerNetwork | undefined;
  readonly thirdHost: ThirdHost | undefined;
  /** The witness, in a world that has one. */
  readonly etcd: SimEtcd | undefined;
  readonly random: Random;
  /** When a fault last began or ended. */
  disturbedAt: Instant;
  /** The same without orderly stops. */
  brokenAt: Instant;
  /** An address operation was refused: FAULT lasts until the next try. */
  hasRefused = false;
  /** Planned failovers of a MASTER that are unanswered and not forced. */
  handOvers: readonly HandOver[] = [];
  readonly #endedHandOvers: HandOver[] = [];
  readonly trace: string[] = [];
  readonly #invariants: readonly Invariant[];
  readonly #isTraced: boolean;
  readonly #longest = new Map<string, Duration>();
  #rows: readonly Row[] | undefined;

  constructor(
    seed: number,
    settings: readonly Settings[],
    invariants: readonly Invariant[],
    isTraced: boolean,
  ) {
    this.random = new Random(seed);
    this.segment = new Segment(this.clock, this.random.fork());
    this.disturbedAt = this.clock.now;
    this.brokenAt = this.clock.now;
    this.#invariants = invariants;
    this.#isTraced = isTraced;
    const observer = {
      asked: (host: Host, instance: string, id: number, request: OperatorRequest) =>
        this.#asked(host, instance, id, request),
      changed: () => {
        this.#rows = undefined;
      },
      sent: (host: Host, packet: Uint8Array, frame: Uint8Array | undefined) =>
        this.#sent(host, packet, frame),
      announced: (host: Host, frame: Uint8Array) => this.#announced(host, frame),
      reported: (host: Host, report: Report) => this.#reported(host, report),
    };
    const hasPeers = settings.some(({ peerLink }) => peerLink !== undefined);
    this.peers = hasPeers ? new PeerNetwork(this.clock, this.random.fork()) : undefined;
    const hasWitness = settings.some(({ witness }) => witness !== undefined);
    this.etcd = hasWitness ? new SimEtcd(this.clock, this.random.fork()) : undefined;
    this.hosts = settings.map((one, number) => {
      const random = this.random.fork();
      const others = { peers: this.peers, etcd: this.etcd };
      const host = new Host(number, one, this.clock, random, this.segment, observer, others);
      this.segment.attach(host);
      return host;
    });
    this.foreignPort = this.segment.attach({ deliver: () => {} });
    if (hasPeers) this.thirdHost = new ThirdHost(GATEWAY, this.segment);
  }

  /** A fault begins or ends. */
  disturb(what: string): void {
    this.brokenAt = this.clock.now;
    this.disturbMildly(what);
  }

  /** An orderly stop, which peers learn from priority 0. */
  disturbMildly(what: string): void {
    this.disturbedAt = this.clock.now;
    this.note(`** ${what}`);
  }

  runFor(duration: number): void {
    this.clock.runUntil(after(this.clock.now, duration as Duration), () => this.#check());
  }

  note(line: string): void {
    if (!this.#isTraced) return;
    const milliseconds = (this.clock.now - 1_000_000_000) / 1_000;
    this.trace.push(`${milliseconds.toFixed(3).padStart(12)} ms  ${line}`);
  }

  /** Fails the run. */
  violated(rule: string, what: string): never {
    this.note(`!! ${rule}: ${what}`);
    throw new Violation(`${rule}: ${what}`);
  }

  /** Every instance of every process that runs and has reported its state. */
  rows(): readonly Row[] {
    this.#rows ??= this.hosts.flatMap((host) => (host.isAlive ? this.#rowsOf(host) : []));
    return this.#rows;
  }

  /** True if packets of one host reach the process of the other. */
  hears(listener: Host, speaker: Host, settings: InstanceSettings): boolean {
    const { interface: name, family, unicast } = settings;
    return (
      (unicast === undefined || listener.kernel.hasOwnAddress(name, family)) &&
      this.segment.passesVrrp(speaker.number, listener.number) &&
      listener.sockets.isListening(name, family) &&
      speaker.sockets.isListening(name, family)
    );
  }

  /** The longest time until a router detects that there is no MASTER. */
  masterDownTime(settings: InstanceSettings, priority: number): number {
    const { version } = settings;
    const interval = this.longestInterval(settings);
    return onSlowestClock(masterDownInterval(version, priority, interval)) + REACTION_TIME;
  }

  /** Time that `before_master` may add to a takeover: one aborted attempt, and one that is not. */
  leaveTime({ beforeMaster, ...settings }: InstanceSettings, priority: number): number {
    if (beforeMaster === undefined) return 0;
    const { deadline, onFailure } = beforeMaster;
    if (onFailure === 'proceed') return onSlowestClock(deadline);
    return 2 * (onSlowestClock(deadline) + this.masterDownTime(settings, priority));
  }

  /** Members of its sync group on the same host; itself where it has none. */
  membersOf(row: Row): readonly Row[] {
    const { host, settings } = row;
    const group = host.settings.syncGroups.find(({ instances }) =>
      instances.includes(settings.name),
    );
    if (group === undefined) return [row];
    return this.rows().filter(
      (one) => one.host === host && group.instances.includes(one.settings.name),
    );
  }

  /** Of all routers of the same virtual router: each may have to adopt the interval of another. */
  longestInterval({ name }: InstanceSettings): Duration {
    const known = this.#longest.get(name);
    if (known !== undefined) return known;
    let longest = 0 as Duration;
    for (const { settings } of this.hosts) {
      for (const one of settings.instances) {
        if (one.name === name && one.advertisementInterval > longest) {
          longest = one.advertisementInterval;
        }
      }
    }
    this.#longest.set(name, longest);
    return longest;
  }

  #rowsOf(host: Host): Row[] {
    return host.settings.instances.flatMap((settings) => {
      const view = host.views.get(settings.name);
      if (view === undefined) return [];
      const key = `${host.name} ${settings.name}`;
      const masterDownTime = this.masterDownTime(settings, view.priority.effective);
      return [{ key, host, settings, view, masterDownTime }];
    });
  }

  #check(): void {
    for (const invariant of this.#invariants) {
      const wrong = invariant.check(this);
      if (wrong !== undefined) this.violated(invariant.name, wrong);
    }
    if (this.#endedHandOvers.length === 0) return;
    const ended = this.#endedHandOvers.splice(0);
    this.handOvers = this.handOvers.filter((one) => !ended.includes(one));
  }

  #asked(host: Host, instance: string, id: number, request: OperatorRequest): void {
    if (request.type !== 'failover' && request.type !== 'maintenance-on') return;
    const view = host.views.get(instance);
    if (request.force || view?.state !== 'MASTER' || view.releasing) return;
    this.handOvers = [...this.handOvers, { host, instance, id, startedAt: this.clock.now }];
  }

  /** A new process is not a fault: the rules still apply in this step. */
  #answered(host: Host, id: number, answer: OperatorAnswer): void {
    this.#endedHandOvers.push(
      ...this.handOvers.filter((one) => one.host === host && one.id === id),
    );
    const what = `${host.name} answers: ${JSON.stringify(answer)}`;
    if (answer.outcome === 'handed-over') this.disturbMildly(what);
    else this.disturb(what);
  }

  #sent(host: Host, packet: Uint8Array, frame: Uint8Array | undefined): void {
    if (this.#isTraced) this.note(`${host.name} sends ${describe(packet)}`);
    for (const invariant of this.#invariants) {
      const wrong =
        invariant.sent?.(this, host, packet) ??
        (frame === undefined
          ? undefined
          : invariant.framed?.(this, host, frame, priorityIn(packet)));
      if (wrong !== undefined) this.violated(invariant.name, wrong);
    }
  }

  #announced(host: Host, frame: Uint8Array): void {
    for (const invariant of this.#invariants) {
      const wrong = invariant.announced?.(this, host, frame);
      if (wrong !== undefined) this.violated(invariant.name, wrong);
    }
  }

  #reported(host: Host, report: Report): void {
    if (report.kind === 'address-failed' || report.kind === 'route-failed') this.hasRefused = true;
    if (report.kind === 'answer') this.#answered(host, report.id, report.answer);
    if (!this.#isTraced || report.kind === 'view' || report.kind === 'directors') return;
    const { kind, ...rest } = report;
    this.note(`${host.name} ${kind} ${Object.values(rest).map(wordsOf).join(' ')}`);
  }
}

function wordsOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function describe(packet: Uint8Array): string {
  return `VRID ${packet[messageIn(packet) + 1]} priority ${priorityIn(packet)}`;
}

function priorityIn(packet: Uint8Array): number {
  return packet[messageIn(packet) + 2] ?? 0;
}

function messageIn(packet: Uint8Array): number {
  return (packet[0] ?? 0) >> 4 === 4 ? 20 : 40;
}
