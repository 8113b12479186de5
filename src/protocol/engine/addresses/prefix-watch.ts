/**
 * Asks the kernel, while a router is MASTER, whether the prefix of its VIPs still has a route where an address
 * of the host gives it: another program may remove the route and leave the address. Messages about routes of
 * other programs are not read, since a router that learns the Internet's table has too many.
 */
import {
  addressBits,
  familyOf,
  type IpAddress,
  ipFromBytes,
  ipToBytes,
} from '../../../net/address.ts';
import type { Prefix } from '../../../net/routing.ts';
import type { Instant } from '../../../net/time.ts';
import type { Outbox } from '../core/outbox.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { Input } from '../inputs.ts';
import type { LinkTable } from '../links.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import { liveGiverOf } from './connected-routes.ts';
import { type ManagedRouting, standInOf } from './managed-routing.ts';

/** Each takes the kernel some 10 us. */
const QUESTIONS_IN_A_TURN = 4;

/** As many hosts of a large prefix may be asked for. */
const HOSTS = 250;

interface Question {
  readonly index: number;
  readonly prefix: Prefix;
  readonly host: IpAddress;
}

interface PrefixWatchParts {
  readonly routers: RouterTable;
  readonly links: LinkTable;
  readonly outbox: Outbox;
}

export class PrefixWatch {
  readonly #parts: PrefixWatchParts;
  /** Questions for this turn and the next ones, oldest first; each prefix of a link once. */
  readonly #waiting = new Map<string, Question>();
  /** How often each was asked for: a host whose own route answered instead is followed by another one. */
  readonly #rounds = new WeakMap<ManagedRouting, number>();

  constructor(parts: PrefixWatchParts) {
    this.#parts = parts;
  }

  /** What was removed before a router became MASTER need not wait for its first renewal. */
  follow(changed: Iterable<VirtualRouter>, now: Instant): void {
    for (const router of changed) {
      const isNew = router.isMaster && router.since === now;
      if (isNew && router.settings.lease !== undefined) this.doubt(router);
    }
  }

  /** The routes to the prefixes of this MASTER may be gone. */
  doubt({ routing, settings }: VirtualRouter): void {
    for (const managed of routing) {
      const route = standInOf(managed);
      if (route === undefined || managed.retired) continue;
      const index = liveGiverOf(route, settings, this.#parts.links)?.attributes.index;
      if (index === undefined) continue;
      const { destination: prefix } = route;
      const round = this.#rounds.get(managed) ?? 0;
      this.#rounds.set(managed, round + 1);
      this.#waiting.set(keyOf(index, prefix), { index, prefix, host: hostOf(prefix, round) });
    }
  }

  /** A few of the questions; the others have time until the engine wakes again. */
  ask(): void {
    let left = QUESTIONS_IN_A_TURN;
    for (const [key, question] of this.#waiting) {
      if (left-- === 0) return;
      this.#waiting.delete(key);
      this.#parts.outbox.first({ kind: 'prefix.find', ...question });
    }
  }

  /** Returns the routers that need a stand-in, or need it no more. */
  found({ index, prefix, route }: Extract<Input, { kind: 'prefix.found' }>): VirtualRouter[] {
    if (route === null) return [];
    const key = keyOf(index, prefix);
    const needed = route !== 'other';
    return this.#parts.routers.all.filter((router) => {
      if (!router.isMaster) return false;
      const changed = router.routing.filter((managed) => {
        const standIn = standInOf(managed);
        if (standIn === undefined || managed.needed === needed) return false;
        const giver = liveGiverOf(standIn, router.settings, this.#parts.links);
        return giver !== undefined && keyOf(giver.attributes.index, standIn.destination) === key;
      });
      for (const managed of changed) managed.needed = needed;
      return changed.length > 0;
    });
  }
}

function keyOf(index: number, { address, length }: Prefix): string {
  return `${index} ${address}/${length}`;
}

/** A host of the prefix: not the address of the prefix itself, and no broadcast, unless it has no others. */
function hostOf({ address, length }: Prefix, round: number): IpAddress {
  const bits = addressBits(familyOf(address)) - length;
  const bytes = ipToBytes(address);
  const last = bytes.length - 1;
  const hosts = bits === 1 ? 2 : Math.min(2 ** bits - 2, HOSTS);
  bytes[last] = (bytes[last] ?? 0) + (round % hosts) + (bits === 1 ? 0 : 1);
  return ipFromBytes(bytes);
}
