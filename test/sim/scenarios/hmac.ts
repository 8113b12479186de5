/**
 * Directors that authenticate by HMAC, in some of the worlds: a roll-out through the three modes, a
 * rotation of keys, clocks that are set, messages that are sent again. Its draws are its own, so a world
 * has the same faults with it as without, and the same rules hold.
 */
import { ipFromBytes } from '../../../src/net/address.ts';
import { elapsed, type Instant, seconds } from '../../../src/net/time.ts';
import type { HmacAuthentication, Settings } from '../../../src/protocol/engine/settings.ts';
import { identityOf } from '../../../src/protocol/engine/settings-change.ts';
import { isNewer } from '../../../src/wire/vrrp/sequence.ts';
import { lengthBeforeTrailer, trailerAt } from '../../../src/wire/vrrp/trailer.ts';
import type { Host } from '../host.ts';
import type { Invariant } from '../invariants/invariant.ts';
import { Random } from '../random.ts';
import type { World } from '../world.ts';

/** What an administrator reloads, one director after the other; undefined: not authenticated yet. */
type Stage = Pick<HmacAuthentication, 'mode' | 'keyIds' | 'activeKey'> | undefined;

/** From none to the end of a rotation: directors at neighbouring stages understand each other. */
const STAGES: readonly Stage[] = [
  undefined,
  { mode: 'receive_only', keyIds: [1], activeKey: 1 },
  { mode: 'permissive', keyIds: [1], activeKey: 1 },
  { mode: 'enforce', keyIds: [1], activeKey: 1 },
  { mode: 'enforce', keyIds: [1, 2], activeKey: 1 },
  { mode: 'enforce', keyIds: [1, 2], activeKey: 2 },
  { mode: 'enforce', keyIds: [2], activeKey: 2 },
];
const ENFORCED = 3;

/** The share of the worlds that authenticate. */
const SHARE = 0.2;

/** How often the rules begin again where clocks make peers refuse each other: faster than any rule counts. */
const DISTURBANCE = 4_000;

/** Messages that an attacker keeps. */
const OVERHEARD_MAX = 64;

/** Seconds of 32 bits wrap 20 s after the start of such a world. */
const NEAR_THE_WRAP = 2 ** 32 * 1_000_000 - 1_020_000_000;

interface Overheard {
  readonly host: Host;
  readonly packet: Uint8Array;
  readonly at: Instant;
}

export class HmacRollout {
  readonly settings: readonly Settings[];
  readonly #random: Random;
  readonly #common: Pick<HmacAuthentication, 'antiReplay' | 'window'>;
  readonly #stages = new Map<number, number>();
  readonly #stepped = new Set<Host>();
  readonly #base: number;
  #overheard: Overheard[] = [];

  /** Undefined: the world of this seed does not authenticate. */
  static drawn(seed: number, settings: readonly Settings[]): HmacRollout | undefined {
    const random = new Random(seed ^ 0x4a3c_0001);
    return random.chance(SHARE) ? new HmacRollout(random, settings) : undefined;
  }

  private constructor(random: Random, settings: readonly Settings[]) {
    this.#random = random;
    this.#common = {
      antiReplay: random.pick(['time', 'time', 'monotonic']),
      window: seconds(random.pick([2, 5])),
    };
    const first = random.pick([0, 1, 2, ENFORCED, ENFORCED, ENFORCED, ENFORCED + 1]);
    this.#base = random.pick([0, NEAR_THE_WRAP]);
    this.settings = settings.map((one, number) => {
      this.#stages.set(number, first);
      return this.#at(first, one);
    });
  }

  /** Gives each director its keys and its wall clock, which is not exact. */
  begin(world: World): void {
    for (const host of world.hosts) {
      host.wallAhead = this.#base + this.#random.integer(-100_000, 100_000);
      this.#giveKeys(host);
    }
  }

  /** Keeps what is sent, as an attacker on the segment would. */
  overheard(): Invariant {
    return {
      name: 'a message that was sent again changes nothing',
      check: () => undefined,
      sent: (world, host, packet) => {
        if (!this.#areNumbersTrue) return undefined;
        this.#overheard.push({ host, packet: packet.slice(), at: world.clock.now });
        if (this.#overheard.length > OVERHEARD_MAX) this.#overheard.shift();
        return undefined;
      },
    };
  }

  /** Beside a fault of the world. */
  disturb(world: World, duration: number): void {
    const kind = this.#random.pick(['advance', 'advance', 'clock', 'replay', 'none']);
    if (kind === 'advance') this.#advance(world);
    else if (kind === 'clock') this.#stepClock(world, this.#random.integer(0, duration));
    else if (kind === 'replay') this.#replay(world);
  }

  #at(stage: number, settings: Settings): Settings {
    const now = STAGES[stage];
    const authentication =
      now === undefined
        ? ({ type: 'none' } as const)
        : ({ type: 'hmac', ...now, ...this.#common } as const);
    return {
      ...settings,
      instances: settings.instances.map((one) => ({ ...one, authentication })),
    };
  }

  #giveKeys(host: Host): void {
    const { keyIds = [], activeKey = 0 } = STAGES[this.#stages.get(host.number) ?? 0] ?? {};
    const keys = keyIds.map((id) => ({ id, bytes: new Uint8Array(32).fill(id) }));
    host.keys.replace(
      new Map(
        keys.length === 0
          ? []
          : host.settings.instances.map((one) => [identityOf(one), { keys, activeKey }]),
      ),
    );
  }

  /** One of the directors that are furthest behind gets the next stage. It is no fault: nothing may move. */
  #advance(world: World): void {
    const least = Math.min(...this.#stages.values());
    const behind = world.hosts.filter(({ number }) => this.#stages.get(number) === least);
    const host = this.#random.pick(behind);
    if (host.isPaused || host.isStopping || least + 1 >= STAGES.length) return;
    this.#stages.set(host.number, least + 1);
    world.note(`** ${host.name} is reloaded with ${JSON.stringify(STAGES[least + 1])}`);
    this.#giveKeys(host);
    host.reload(this.#at(least + 1, host.settings));
  }

  /**
   * A wall clock is set and, after a while, set right. Within the window nothing may move, unless the
   * director is started again while its clock is behind what it has signed; beyond it peers refuse each
   * other.
   */
  #stepClock(world: World, duration: number): void {
    const host = this.#random.pick(world.hosts);
    if (host.wallAhead === undefined || this.#stepped.has(host)) return;
    const { antiReplay, window } = this.#common;
    const isSmall = this.#random.chance(0.5);
    const size = isSmall
      ? Math.floor(window * 0.3 * this.#random.unit())
      : this.#random.integer(2 * window + 1_000_000, 10 * window);
    // With "monotonic", a director that starts again behind its own number stays refused: no rule is left.
    const isBack = antiReplay === 'time' && this.#random.chance(0.5);
    const isRight = antiReplay === 'monotonic';
    this.#stepped.add(host);
    this.#set(world, host, isBack ? -size : size);
    const isRefused = antiReplay === 'time' && !isSmall;
    const end = world.clock.now + duration;
    if (isRefused) this.#suspend(world, () => world.clock.now <= end);
    if (isSmall && isBack) this.#suspendIfRestarted(world, host, size);
    if (isRight) return;
    world.clock.after(duration, () => {
      this.#stepped.delete(host);
      this.#set(world, host, isBack ? size : -size);
      if (isRefused) world.disturb(`the clock of ${host.name} is right again`);
      if (!isBack && isSmall) this.#suspendIfRestarted(world, host, size);
    });
  }

  #set(world: World, host: Host, by: number): void {
    world.note(`** the wall clock of ${host.name} is set by ${by} us`);
    host.wallAhead = (host.wallAhead ?? 0) + by;
  }

  /** Its peers refuse it until the clock has reached the last number that it signed. */
  #suspendIfRestarted(world: World, host: Host, size: number): void {
    const { starts } = host;
    const end = world.clock.now + size;
    const look = () => {
      if (host.starts !== starts) this.#suspend(world, () => world.clock.now <= end + DISTURBANCE);
      else if (world.clock.now <= end) world.clock.after(DISTURBANCE, look);
    };
    look();
  }

  #suspend(world: World, lasts: () => boolean): void {
    if (!lasts()) return;
    world.disturb('clocks differ by more than the window');
    world.clock.after(DISTURBANCE, () => this.#suspend(world, lasts));
  }

  /**
   * Sends again what the receiver must refuse: a message older than the window, or than what it has heard
   * from that director.
   */
  #replay(world: World): void {
    const host = this.#random.pick(world.hosts);
    if (!host.isAlive || !this.#areNumbersTrue) return;
    const marks = marksOf(host);
    const old = this.#overheard.filter(
      (one) => one.host !== host && this.#isOld(one, marks, world.clock.now),
    );
    if (old.length === 0) return;
    world.note(`** ${host.name} gets messages again`);
    for (let i = this.#random.integer(1, 10); i > 0; i--) {
      world.segment.inject(host.number, this.#random.pick(old).packet);
    }
  }

  #isOld({ packet, at }: Overheard, marks: ReadonlyMap<string, bigint>, now: Instant): boolean {
    const { antiReplay, window } = this.#common;
    if (antiReplay === 'time' && elapsed(at, now) > 2 * window) return true;
    const signed = signedIn(packet);
    const mark = signed === undefined ? undefined : marks.get(signed.sender);
    return signed !== undefined && mark !== undefined && !isNewer(signed.sequence, mark);
  }

  /** What is signed by a clock that is wrong may be right when that time comes. */
  get #areNumbersTrue(): boolean {
    return this.#common.antiReplay === 'monotonic' || this.#stepped.size === 0;
  }
}

/** The last number that each sender has proved to this director, by VRID and address. */
function marksOf({ engine, settings }: Host): ReadonlyMap<string, bigint> {
  const marks = new Map<string, bigint>();
  for (const { identity, authentication } of engine?.capture().routers ?? []) {
    const vrid = settings.instances.find((one) => identityOf(one) === identity)?.vrid;
    for (const { address, sequence } of authentication?.senders ?? []) {
      marks.set(`${vrid} ${address}`, BigInt(sequence));
    }
  }
  return marks;
}

/** Undefined: the packet has no trailer. */
function signedIn(
  packet: Uint8Array,
): { readonly sender: string; readonly sequence: bigint } | undefined {
  const isIpv4 = (packet[0] ?? 0) >> 4 === 4;
  const offset = isIpv4 ? 20 : 40;
  const family = isIpv4 ? 'ipv4' : 'ipv6';
  const length = lengthBeforeTrailer(packet, offset, packet.length - offset, family);
  const trailer = length === undefined ? undefined : trailerAt(packet, offset + length);
  if (trailer === undefined) return undefined;
  const source = isIpv4 ? ipFromBytes(packet, 12, 4) : ipFromBytes(packet, 8, 16);
  return { sender: `${packet[offset + 1]} ${source}`, sequence: trailer.sequence };
}
