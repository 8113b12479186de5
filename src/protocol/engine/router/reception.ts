/**
 * Turns a received packet into an event of the table. A byte-for-byte repeat of the MASTER's last
 * packet takes a shortcut if the row of that packet says that it repeats: its effects are performed
 * again, without decoding and without allocation.
 */
import { masterDownInterval } from '../../../../fsm/vrrp/timing.ts';
import { compareIp, type Family, type IpAddress, ipFromBytes } from '../../../net/address.ts';
import { at } from '../../../net/assert.ts';
import { isPowerOfTwo } from '../../../net/power-of-two.ts';
import { elapsed, type Instant, NEVER } from '../../../net/time.ts';
import type { Authenticator } from '../authentication/authenticator.ts';
import type { Outbox } from '../core/outbox.ts';
import { type CounterTable, GLOBAL_ROW } from '../counters.ts';
import {
  DISCARD_COUNTERS,
  type DiscardReason,
  type PacketWarning,
  WARNING_COUNTERS,
} from '../intake-reasons.ts';
import { isEnclosed, judge, type Verdict, vrrpOffset } from './intake.ts';
import { followsMaster, type PeerProblems } from './peer-problems.ts';
import type { Protocol } from './protocol.ts';
import { isUnheard } from './send-failures.ts';
import type { Transitions } from './transitions.ts';
import type { VirtualRouter } from './virtual-router.ts';
import type { VridSurvey } from './vrid-survey.ts';

type Accepted = Extract<Verdict, { readonly ok: true }>;

interface ReceptionParts {
  readonly protocol: Protocol;
  readonly transitions: Transitions;
  readonly counters: CounterTable;
  readonly outbox: Outbox;
  readonly problems: PeerProblems;
  readonly survey: VridSurvey;
  readonly authenticator: Authenticator;
  readonly shortcut: boolean;
}

export class Reception {
  /** Routers by interface index and family, then by VRID. */
  readonly #routers = new Map<number, (VirtualRouter | undefined)[]>();
  /** Sender of the last advertisement, if it was of version 3; only with `alsoVersion2`. */
  readonly #version3From = new WeakMap<VirtualRouter, IpAddress>();
  readonly #protocol: Protocol;
  readonly #transitions: Transitions;
  readonly #counters: CounterTable;
  readonly #outbox: Outbox;
  readonly #problems: PeerProblems;
  readonly #survey: VridSurvey;
  readonly #authenticator: Authenticator;
  /** Off in the property test that compares the shortcut with the full path. */
  readonly #shortcut: boolean;

  constructor(parts: ReceptionParts) {
    const { protocol, transitions, counters, outbox, problems, survey, shortcut } = parts;
    this.#authenticator = parts.authenticator;
    this.#protocol = protocol;
    this.#transitions = transitions;
    this.#counters = counters;
    this.#outbox = outbox;
    this.#problems = problems;
    this.#survey = survey;
    this.#shortcut = shortcut;
  }

  /** Rebuilds the lookup of routers after interfaces came or went. */
  route(routers: readonly VirtualRouter[]): void {
    this.#routers.clear();
    for (const router of routers) {
      if (router.index === undefined) continue;
      const slot = slotOf(router.index, router.family);
      const table = this.#routers.get(slot) ?? new Array<VirtualRouter | undefined>(256);
      table[router.settings.vrid] = router;
      this.#routers.set(slot, table);
    }
  }

  /** `packet`: its first `length` bytes are a complete IP packet, received on the interface. */
  receive(index: number, packet: Uint8Array, length: number, now: Instant): void {
    const offset = vrrpOffset(packet, length);
    if (offset === undefined || length < offset + 2) {
      this.#discard(undefined, 'packet-length-error', packet, length);
      return;
    }
    const family: Family = at(packet, 0) >> 4 === 4 ? 'ipv4' : 'ipv6';
    const router = this.#routers.get(slotOf(index, family))?.[at(packet, offset + 1)];
    if (router === undefined) {
      if (this.#survey.hear(index, at(packet, offset + 1))) return;
      this.#discard(undefined, 'vrid-error', packet, length);
      return;
    }
    if (router.state === 'initialize' || router.state === 'fault') return;
    const { expected } = router;
    if (expected !== undefined && isSamePacket(expected.packet, packet, length)) {
      this.#counters.add(router.row, 'advertisement-rcvd');
      this.#protocol.perform(router, expected.effects, now);
      return;
    }
    const verdict = this.#judge(router, packet, length, now);
    if (verdict.ok) this.#accept(router, verdict, packet, length, now);
    else if (!isAcceptedInside(router, packet, length, now)) {
      this.#discard(router, verdict.reason, packet, length);
      this.#problems.refused(router, verdict.reason, packet, length, now);
    }
  }

  #judge(router: VirtualRouter, packet: Uint8Array, length: number, now: Instant): Verdict {
    if (router.settings.authentication.type !== 'hmac') {
      return judge(packet, length, router.profile());
    }
    const { senders } = router;
    const verdict = judge(packet, length, router.profile(), (message) =>
      this.#authenticator.check(router, message, now),
    );
    if (router.senders !== senders) this.#transitions.changed.add(router);
    return verdict;
  }

  #accept(
    router: VirtualRouter,
    verdict: Accepted,
    packet: Uint8Array,
    length: number,
    now: Instant,
  ): void {
    const { advertisement, source } = verdict;
    const both = router.settings.alsoVersion2 === true;
    if (both && advertisement.version === 2 && this.#isHeardInVersion3(router, source, now)) {
      this.#counters.add(router.row, 'version-2-copies');
      return;
    }
    if (both) {
      if (advertisement.version === 3) this.#version3From.set(router, source);
      else this.#version3From.delete(router);
    }
    this.#counters.add(router.row, 'advertisement-rcvd');
    if (verdict.trailer !== undefined) this.#counters.add(router.row, 'hmac-verified');
    if (advertisement.priority === 0) this.#counters.add(router.row, 'priority-zero-pkts-rcvd');
    else router.heard.record(source, advertisement.priority, now);
    for (const warning of verdict.warnings) this.#warn(router, warning, source);
    this.#problems.accepted(router, verdict, now);
    const hasForm = !both || advertisement.version === 3;
    if (hasForm && router.learnForm(source, verdict.form) === 'changed') {
      this.#warn(router, 'checksum-form-changed', source);
    }
    router.learnList(source, advertisement.addresses);
    const { effects, taken } = this.#transitions.apply(
      router,
      {
        type: 'advertisement',
        priority: advertisement.priority,
        interval: advertisement.interval,
        greaterSource: isGreater(source, router.source),
        unheard: isUnheard(router, now),
      },
      now,
      { heard: { from: source, priority: advertisement.priority } },
    );
    if (!router.isBackup) return;
    this.#recordMaster(router, verdict);
    const isFollowed = taken?.meta.follows === true;
    router.outranks = isFollowed || advertisement.priority === 0 ? undefined : source;
    router.outranksAt = now;
    // A copy of a signed message is a replay, and no shortcut may spare it the check.
    const isSigned = router.settings.authentication.type === 'hmac';
    const isRepeatable = verdict.warnings.length === 0 && !router.doubtsForm && !isSigned;
    if (!this.#shortcut || taken?.meta.repeats !== true || !isRepeatable) return;
    router.expected = { packet: packet.slice(0, length), length, effects };
  }

  /**
   * RFC 9568 section 8.4.2: a Backup ignores version 2 of a Master that it also hears in version 3.
   * Once two advertisements of version 3 are missing, those of version 2 count: they may be all that
   * gets through. The remaining time of the Master_Down timer shows how long ago the last one arrived.
   */
  #isHeardInVersion3(router: VirtualRouter, source: IpAddress, now: Instant): boolean {
    if (!router.isBackup || this.#version3From.get(router) !== source) return false;
    const deadline = this.#protocol.deadlineOf('down', router);
    if (deadline === NEVER) return false;
    const { version, priority, masterInterval } = router.context;
    const remaining = deadline - now;
    const silence = masterDownInterval(version, priority, masterInterval) - remaining;
    return silence < 2.5 * masterInterval;
  }

  /** Records the MASTER that this BACKUP hears, or that it has resigned: the cause of a takeover. */
  #recordMaster(router: VirtualRouter, { advertisement, source }: Accepted): void {
    if (advertisement.priority === 0) {
      router.resignedBy = source;
      return;
    }
    router.resignedBy = undefined;
    const intervalMs = advertisement.interval / 1_000;
    const known = router.master;
    if (
      known?.address === source &&
      known.priority === advertisement.priority &&
      known.intervalMs === intervalMs
    ) {
      return;
    }
    router.master = { address: source, priority: advertisement.priority, intervalMs };
    this.#transitions.changed.add(router);
  }

  #discard(
    router: VirtualRouter | undefined,
    reason: DiscardReason,
    packet: Uint8Array,
    length: number,
  ): void {
    const row = router?.row ?? GLOBAL_ROW;
    const { counter, refusals } = DISCARD_COUNTERS[reason];
    this.#counters.add(row, counter);
    if (refusals !== undefined) this.#counters.add(row, refusals);
    const count = this.#counters.read(row, counter);
    if (!isPowerOfTwo(count)) return;
    this.#outbox.report({
      kind: 'discard',
      instance: router?.settings.name,
      reason,
      source: sourceOfPacket(packet, length),
      count,
    });
  }

  #warn(router: VirtualRouter, warning: PacketWarning, source: IpAddress): void {
    const counter = WARNING_COUNTERS[warning];
    this.#counters.add(router.row, counter);
    const count = this.#counters.read(router.row, counter);
    if (!isPowerOfTwo(count)) return;
    this.#outbox.report({
      kind: 'warning',
      instance: router.settings.name,
      warning,
      source,
      count,
    });
  }
}

/**
 * IPsec in transport mode: the packet with its Authentication Header arrives at a socket of its own, and what
 * is inside is accepted at the other one once the kernel has checked it.
 */
function isAcceptedInside(
  router: VirtualRouter,
  packet: Uint8Array,
  length: number,
  now: Instant,
): boolean {
  if (!isEnclosed(packet)) return false;
  const source = sourceOfPacket(packet, length);
  if (source === undefined) return false;
  const silence = elapsed(router.heard.lastAt(source), now);
  return followsMaster(router, source) || silence < 3 * router.context.advertisementInterval;
}

function slotOf(index: number, family: Family): number {
  return index * 2 + (family === 'ipv4' ? 0 : 1);
}

/**
 * True if the packets are equal except for the IPv4 type of service, identification, fragment offset
 * and header checksum, which no receive check reads.
 */
function isSamePacket(expected: Uint8Array, packet: Uint8Array, length: number): boolean {
  if (expected.length !== length || packet[0] !== expected[0]) return false;
  if (at(expected, 0) >> 4 === 6) {
    for (let i = 4; i < length; i++) if (packet[i] !== expected[i]) return false;
    return true;
  }
  if (packet[8] !== expected[8] || packet[9] !== expected[9]) return false;
  for (let i = 12; i < length; i++) if (packet[i] !== expected[i]) return false;
  return true;
}

function sourceOfPacket(packet: Uint8Array, length: number): IpAddress | undefined {
  if (length < 20) return undefined;
  const version = at(packet, 0) >> 4;
  if (version === 4) return ipFromBytes(packet, 12, 4);
  return version === 6 && length >= 40 ? ipFromBytes(packet, 8, 16) : undefined;
}

/** RFC 9568 section 6.4.3: unsigned comparison of the primary addresses. */
function isGreater(source: IpAddress, own: IpAddress | undefined): boolean {
  return own !== undefined && compareIp(source, own) > 0;
}
