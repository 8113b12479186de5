/**
 * Compares the desired with the actual addresses: the VIPs of every MASTER are present, all others
 * are absent. Requests only the difference and learns from the kernel's answers; a change that is
 * already in effect (EEXIST, EADDRNOTAVAIL) succeeds. An address without the mark of this program
 * belongs to the host or to another program: it is reported and never removed.
 *
 * One turn of the loop requests a bounded number of changes (`pace.ts`), so that due advertisements are
 * sent between them.
 */
import { addressBits, type Family, familyOf } from '../../../net/address.ts';
import { EADDRNOTAVAIL, EEXIST, ENODEV } from '../../../net/errno.ts';
import type { KernelAnswer } from '../../../net/kernel-answer.ts';
import type { Instant } from '../../../net/time.ts';
import { isOwner } from '../../../net/vrrp.ts';
import type { Outbox } from '../core/outbox.ts';
import { PendingChanges } from '../core/pending-changes.ts';
import { Recurrence } from '../core/recurrence.ts';
import type { CounterTable } from '../counters.ts';
import type { KernelInput } from '../inputs.ts';
import { addressKey, type Link, type LinkTable } from '../links.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import { type Leases, lifetimeOf } from './leases.ts';
import {
  foreignFormOn,
  formOn,
  lastingFormOn,
  type ManagedAddress,
  ownFormOn,
  placeOf,
  supersededOn,
} from './managed-address.ts';
import { Pace } from './pace.ts';
import type { Repairs } from './repairs.ts';

/** 255 routers with an IPv4 address each take over in one turn. */
const UNITS_IN_A_TURN = 256;

/** By what a change costs beside few other addresses. */
const UNITS: { readonly [F in Family]: number } = { ipv4: 1, ipv6: 16 };

/** The most that one turn requests. */
export const CHANGES_IN_A_TURN: { readonly [F in Family]: number } = {
  ipv4: UNITS_IN_A_TURN / UNITS.ipv4,
  ipv6: UNITS_IN_A_TURN / UNITS.ipv6,
};

interface Pending {
  readonly router: VirtualRouter;
  readonly address: ManagedAddress;
  readonly operation: 'add' | 'remove';
  readonly index: number;
  readonly prefixLength: number;
}

type AddressAnswer =
  /** Every requested VIP is present. */
  | { readonly router: VirtualRouter; readonly outcome: 'present' }
  /** VIPs that another program had removed are restored. */
  | { readonly router: VirtualRouter; readonly outcome: 'restored' }
  | { readonly router: VirtualRouter; readonly outcome: 'removed' }
  | { readonly router: VirtualRouter; readonly outcome: 'add-refused' | 'remove-refused' };

interface AddressKeeperParts {
  readonly links: LinkTable;
  readonly outbox: Outbox;
  readonly counters: CounterTable;
  readonly leases: Leases;
  readonly repairs: Repairs;
}

export class AddressKeeper {
  readonly #links: LinkTable;
  readonly #outbox: Outbox;
  readonly #counters: CounterTable;
  readonly #pending = new PendingChanges<Pending>();
  /** Changes that have not been requested yet, oldest first. */
  readonly #waiting: Pick<Pending, 'router' | 'address' | 'operation'>[] = [];
  /** How many changes of each router wait. */
  readonly #waitingOf = new Map<VirtualRouter, number>();
  readonly #leases: Leases;
  readonly #repairs: Repairs;
  /** How often another program has added an address, by its place. */
  readonly #foreign = new Recurrence();
  readonly #pace = new Pace(UNITS_IN_A_TURN);

  constructor(parts: AddressKeeperParts) {
    const { links, outbox, counters, leases, repairs } = parts;
    this.#links = links;
    this.#outbox = outbox;
    this.#counters = counters;
    this.#leases = leases;
    this.#repairs = repairs;
  }

  /** Every request has been answered. */
  get idle(): boolean {
    return this.#pending.isEmpty && this.#waiting.length === 0;
  }

  /** Changes are left for the next turn. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** True if changes of the router have not been requested yet: it is not their turn, or too soon. */
  isWaitingFor(router: VirtualRouter): boolean {
    return (
      this.#waitingOf.has(router) ||
      router.addresses.some(
        (one) => one.restoring && one.pending === 'none' && !this.isPresent(one),
      )
    );
  }

  nextTurn(): void {
    this.#pace.nextTurn();
  }

  /** Requests as many of the waiting changes as this turn allows. */
  ask(now: Instant): void {
    let asked = 0;
    for (const { router, address, operation } of this.#waiting) {
      const isWantedNow = isWanted(router, address) && lifetimeOf(router, now) > 0;
      const isDue = operation === 'add' ? isWantedNow : !isWanted(router, address);
      const link = isDue ? this.#links.byName(address.interface) : undefined;
      const units = UNITS[familyOf(address.address)];
      if (link !== undefined && !this.#pace.take(units, now)) break;
      asked++;
      this.#countWaiting(router, -1);
      address.pending = 'none';
      if (link !== undefined) this.#put(router, address, operation, link, now);
    }
    this.#waiting.splice(0, asked);
  }

  #countWaiting(router: VirtualRouter, change: 1 | -1): void {
    const count = (this.#waitingOf.get(router) ?? 0) + change;
    if (count === 0) this.#waitingOf.delete(router);
    else this.#waitingOf.set(router, count);
  }

  /** Requests missing addresses and the removal of unwanted ones. */
  reconcile(router: VirtualRouter, now: Instant): void {
    for (const address of router.addresses) this.#compare(router, address, now);
    if (router.retired.length === 0) return;
    for (const address of router.retired) this.#compare(router, address, now);
    router.retired = router.retired.filter((address) => !this.isGone(address));
  }

  #compare(router: VirtualRouter, address: ManagedAddress, now: Instant): void {
    if (address.pending !== 'none') return;
    const link = this.#links.byName(address.interface);
    this.#noticeForeign(router, address, link, now);
    if (isWanted(router, address)) {
      if (link !== undefined) this.#keep(router, address, link, now);
      return;
    }
    if (link === undefined || ownFormOn(link, address) === undefined) address.installed = false;
    else if (address.installed || this.#repairs.allows(address, router, now)) {
      this.#ask(router, address, 'remove');
    }
  }

  /** Reports an address of others when it comes. An owner's VIPs are such addresses. */
  #noticeForeign(
    router: VirtualRouter,
    address: ManagedAddress,
    link: Link | undefined,
    now: Instant,
  ): void {
    const foreign = foreignFormOn(link, address);
    if (foreign === undefined) address.isForeign = false;
    if (foreign === undefined || foreign.assumed || address.isForeign || address.retired) return;
    // A reload may make the owner an ordinary router.
    if (isOwner(router.settings.priority)) return;
    address.isForeign = true;
    for (const count of this.#foreign.add(placeOf(address), now)) {
      this.#outbox.report({
        kind: 'address-foreign',
        instance: router.settings.name,
        address: address.address,
        interface: address.interface,
        prefixLength: foreign.prefixLength,
        count,
      });
    }
  }

  /** The address has to be present, and in one form only. */
  #keep(router: VirtualRouter, address: ManagedAddress, link: Link, now: Instant): void {
    const present = lastingFormOn(link, address);
    // Without a lifetime left it may not be there any longer; the router is about to be BACKUP.
    if (present === undefined && router.isMaster && lifetimeOf(router, now) > 0) {
      address.restoring = address.installed && formOn(link, address) === undefined;
      if (address.restoring && !this.#repairs.allows(address, router, now)) return;
      this.#ask(router, address, 'add');
    } else if (supersededOn(link, address) !== undefined) {
      this.#put(router, address, 'remove', link, now);
    }
    if (present?.ours !== true || address.installed) return;
    if (!router.isMaster) address.isKept = true;
    else if (address.isKept) this.#confirm(router, address);
    else this.#adopt(router, address);
  }

  /** The address is from a former run, and the lifetime that it was given then expires soon. */
  #adopt(router: VirtualRouter, address: ManagedAddress): void {
    address.installed = true;
    this.#leases.renewAddress(router, address);
  }

  /** Nothing has renewed its lifetime, which may have ended just now: it is added, in case it is gone. */
  #confirm(router: VirtualRouter, address: ManagedAddress): void {
    address.isKept = false;
    address.installed = true;
    this.#ask(router, address, 'add');
  }

  /** True if the links have all VIPs of the router. */
  isComplete(router: VirtualRouter): boolean {
    return router.addresses.every((address) => this.isPresent(address));
  }

  /** The kernel has refused VIPs before: until they are present, the router does not advertise. */
  mustProve(router: VirtualRouter): boolean {
    return router.refusals > 0 && !this.isComplete(router);
  }

  isPresent(address: ManagedAddress): boolean {
    return lastingFormOn(this.#links.byName(address.interface), address) !== undefined;
  }

  /** Neither present, as far as it is ours, nor requested. */
  isGone(address: ManagedAddress): boolean {
    const link = this.#links.byName(address.interface);
    return address.pending === 'none' && ownFormOn(link, address) === undefined;
  }

  /** True if no address remains to be removed. */
  hasReleased(router: VirtualRouter): boolean {
    return [...router.addresses, ...router.retired].every(
      (address) => ownFormOn(this.#links.byName(address.interface), address) === undefined,
    );
  }

  /** Takes the kernel's answers to a batch, one for each change. `took`: see `Pace.answered`. */
  answer(
    { id, answers, took }: Extract<KernelInput, { kind: 'kernel.changed' }>,
    now: Instant,
  ): AddressAnswer[] {
    this.#pace.answered(now, took);
    const touched = new Map<VirtualRouter, AddressAnswer['outcome']>();
    for (const { item: one, answer } of this.#pending.take(id, answers)) {
      one.address.pending = 'none';
      const outcome =
        one.operation === 'add' ? this.#added(one, answer, now) : this.#removed(one, answer, now);
      const worse = touched.get(one.router);
      if (worse === undefined || worse === 'present') touched.set(one.router, outcome);
      else if (outcome.endsWith('refused')) touched.set(one.router, outcome);
    }
    return [...touched].map(([router, outcome]) => ({ router, outcome }));
  }

  #ask(router: VirtualRouter, address: ManagedAddress, operation: 'add' | 'remove'): void {
    address.pending = operation;
    this.#waiting.push({ router, address, operation });
    this.#countWaiting(router, 1);
  }

  #put(
    router: VirtualRouter,
    address: ManagedAddress,
    operation: 'add' | 'remove',
    link: Link,
    now: Instant,
  ): void {
    address.pending = operation;
    const { index } = link.attributes;
    const single = addressBits(familyOf(address.address));
    const form = operation === 'add' ? undefined : formToRemove(router, address, link);
    const prefixLength = form?.prefixLength ?? single;
    const place = this.#outbox.change({
      operation,
      index,
      address: address.address,
      prefixLength,
      ...(operation === 'add' ? additionOf(router, address, now) : {}),
    });
    this.#pending.add(place, { router, address, operation, index, prefixLength });
  }

  #added(
    { router, address, index, prefixLength }: Pending,
    answer: KernelAnswer,
    now: Instant,
  ): AddressAnswer['outcome'] {
    const { errno } = answer;
    const useless = errno === EEXIST ? this.#uselessForm(address) : undefined;
    if ((errno !== 0 && errno !== EEXIST) || useless !== undefined) {
      address.restoring = false;
      this.#reportFailure(router, address, 'add', { errno, text: useless ?? answer.text });
      return 'add-refused';
    }
    this.#links.addAddress(index, {
      address: address.address,
      prefixLength,
      tentative: false,
      duplicate: false,
      // One that exists may be another program's: the kernel's message about it has the mark.
      ...(errno === 0 || address.installed ? { ours: true } : { ours: false, assumed: true }),
    });
    if (errno === 0) address.installed = true;
    else if (address.installed && !address.restoring) {
      this.#leases.renewAddress(router, address);
    }
    const restored = address.restoring && errno === 0;
    address.restoring = false;
    if (!restored) return 'present';
    this.#counters.add(router.row, 'addresses-restored');
    const count = this.#repairs.made(address, now);
    const instance = router.settings.name;
    if (count !== undefined) {
      this.#outbox.report({
        kind: 'address-restored',
        ...{ instance, address: address.address, count },
      });
    }
    return 'restored';
  }

  /** What to do about an address that is there and does not serve; undefined: there is none. */
  #uselessForm(address: ManagedAddress): string | undefined {
    const { address: vip, interface: name } = address;
    const form = formOn(this.#links.byName(name), address);
    if (form?.duplicate !== true) return undefined;
    const text = addressKey(vip, form.prefixLength, form.peer);
    return (
      `${text} is on ${name}, not from this agent, and does not answer, because another host had it when it was ` +
      `added (dadfailed): ip addr del ${text} dev ${name}`
    );
  }

  #removed(
    { router, address, index, prefixLength }: Pending,
    answer: KernelAnswer,
    now: Instant,
  ): AddressAnswer['outcome'] {
    const { errno } = answer;
    const gone = errno === 0 || errno === EADDRNOTAVAIL || errno === ENODEV;
    if (!gone) {
      this.#reportFailure(router, address, 'remove', answer);
      return 'remove-refused';
    }
    this.#links.removeAddress(index, address.address, prefixLength);
    const isSuperseded = addressKey(address.address, prefixLength) !== address.key;
    if (isSuperseded && isWanted(router, address)) return 'removed';
    const cleaned = errno === 0 && !address.installed;
    if (cleaned && this.#repairs.made(address, now) !== undefined) {
      this.#outbox.report({
        kind: 'address-cleaned',
        instance: router.settings.name,
        address: address.address,
      });
    }
    address.installed = false;
    return 'removed';
  }

  #reportFailure(
    router: VirtualRouter,
    address: ManagedAddress,
    operation: 'add' | 'remove',
    { errno, text }: KernelAnswer,
  ): void {
    this.#outbox.report({
      kind: 'address-failed',
      instance: router.settings.name,
      address: address.address,
      operation,
      errno,
      text,
    });
  }
}

function isWanted(router: VirtualRouter, address: ManagedAddress): boolean {
  return router.serves && !address.retired;
}

function additionOf(router: VirtualRouter, { label }: ManagedAddress, now: Instant) {
  const lifetime = lifetimeOf(router, now);
  return label === undefined ? { lifetime } : { lifetime, label };
}

/** For a wanted address, the form that the single host has replaced; otherwise any form of ours. */
function formToRemove(router: VirtualRouter, address: ManagedAddress, link: Link) {
  return isWanted(router, address) ? supersededOn(link, address) : ownFormOn(link, address);
}
