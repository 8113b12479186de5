/**
 * What a witness must achieve under `on_loss: release`, by the addresses that the kernels have: a director
 * that is frozen or dead counts as well.
 */
import { masterDownInterval } from '../../../fsm/vrrp/timing.ts';
import { OVERLAP } from '../../../fsm/witness/timing.ts';
import type { IpAddress } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { Host } from '../host.ts';
import { onSlowestClock } from '../host-clock.ts';
import { REACTION_TIME, type World } from '../world.ts';
import type { Invariant } from './invariant.ts';
import { DETECTION_TIME, reachesGateway } from './two-networks.ts';

/** A virtual router and its address. */
export interface Witnessed {
  readonly instance: string;
  readonly address: IpAddress;
}

/** A kernel that is late removes the VIP of a director that was frozen in the overlap. */
const LONGEST_OVERLAP = onSlowestClock(OVERLAP) + milliseconds(250) + REACTION_TIME;

/** Since when each host has the VIP. */
class Owners {
  readonly #address: IpAddress;
  readonly #since = new Map<Host, number>();

  constructor(address: IpAddress) {
    this.#address = address;
  }

  look({ hosts, clock }: World): readonly { readonly host: Host; readonly since: number }[] {
    for (const host of hosts) {
      if (!host.kernel.answersFor(this.#address) || host.isOff) this.#since.delete(host);
      else if (!this.#since.has(host)) this.#since.set(host, clock.now);
    }
    return [...this.#since].map(([host, since]) => ({ host, since }));
  }
}

/**
 * Never two: with the key of the witness at once, and with the promise of the other director after the
 * overlap of a planned move, in which that one has agreed.
 */
export function oneOwner({ instance, address }: Witnessed): Invariant {
  const owners = new Owners(address);
  /** The move that is under way: since when there are two, and whether the older one has agreed. */
  let move: { readonly since: number; readonly isAgreed: boolean } | undefined;
  return {
    name: 'never two owners',
    check(world) {
      const [older, newer] = owners.look(world).toSorted((one, other) => one.since - other.since);
      if (older === undefined || newer === undefined) {
        move = undefined;
        return undefined;
      }
      const right = newer.host.views.get(instance)?.witness?.right;
      const leaves = older.host.views.get(instance)?.releasing === true;
      move ??= { since: newer.since, isAgreed: right === 'peers' || leaves };
      const time = world.clock.now - move.since;
      if (move.isAgreed && time <= LONGEST_OVERLAP) return undefined;
      return `${older.host.name} and ${newer.host.name} (${right}) have ${address} for ${time} us`;
    },
  };
}

/** A director that reaches its clients and the witness for this time, or another one, serves. */
export function servedWithWitness({ instance, address }: Witnessed): Invariant {
  const owners = new Owners(address);
  let isServedAt = 0;
  return {
    name: 'a VIP is served while a director reaches its clients and the witness',
    check(world) {
      const { clock, hosts, etcd } = world;
      if (owners.look(world).length > 0) isServedAt = clock.now;
      const from = Math.max(isServedAt, world.disturbedAt);
      const able = hosts.find(
        (host) =>
          host.isAlive &&
          !host.isStopping &&
          isInService(host, instance) &&
          reachesGateway(world, host) &&
          etcd?.reaches(host.name) === true &&
          clock.now - from > servingTime(world),
      );
      return able === undefined
        ? undefined
        : `${able.name} could serve ${instance}, and no director does`;
    },
  };
}

/** With every member of its sync group, of which one in maintenance takes the others along. */
function isInService({ settings, views }: Host, instance: string): boolean {
  const group = settings.syncGroups.find(({ instances }) => instances.includes(instance));
  const members = group?.instances ?? [instance];
  return members.every((name) => views.get(name)?.maintenance === false);
}

/**
 * A reload may not have reached all of them, and what was promised for longer lasts longer. A director that has
 * released by a command waits for its Master_Down_Interval before it asks, and an answer takes up to a quarter of the
 * `ttl`: with advertisements of 1 s and the shortest `ttl` that is longer. A host that has just booted has no IPv6
 * source address yet, and its sync group waits for it.
 */
function servingTime({ hosts }: World): number {
  const ttl = Math.max(...hosts.map(({ settings }) => settings.witness?.ttl ?? 0));
  const instances = hosts.flatMap(({ settings }) => settings.instances);
  const silences = instances.map(({ version, priority, advertisementInterval: interval }) =>
    masterDownInterval(version, priority, interval),
  );
  const detection = instances.some(({ family }) => family === 'ipv6') ? DETECTION_TIME : 0;
  const longest = Math.max(ttl + seconds(2), Math.max(...silences) + ttl / 4);
  return onSlowestClock(longest) + detection + 4 * REACTION_TIME;
}
