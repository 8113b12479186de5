/**
 * VIPs that this host has in another place than the configuration says: on another interface, or with
 * another prefix length. Those with the mark of this program are left from a former run: the virtual MAC
 * has been switched on or off since, or the run was one of an earlier version. They are removed like
 * addresses that left the configuration, and so is a marked address that no instance has. Others stay and are
 * reported: a BACKUP answers ARP for them, which RFC 9568 section 6.4.2 forbids. One in the place of the VIP itself
 * is shown as well; `AddressKeeper` reports that it came.
 */
import {
  addressBits,
  familyOf,
  type IpAddress,
  NO_MAC,
  networkOf,
  parseIp,
} from '../../../net/address.ts';
import { isLoopback } from '../../../net/endpoint.ts';
import { isSame } from '../../../net/equality.ts';
import type { AddressState } from '../../../net/link.ts';
import type { Instant } from '../../../net/time.ts';
import { isOwner } from '../../../net/vrrp.ts';
import type { Outbox } from '../core/outbox.ts';
import { Recurrence } from '../core/recurrence.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { LinkTable } from '../links.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { StrayAddress } from '../view.ts';
import { formOn, type ManagedAddress, misplacedAddress, placeOf } from './managed-address.ts';
import { VirtualAddresses } from './virtual-addresses.ts';

const LOOPBACK = 'lo';

interface Found {
  readonly router: VirtualRouter;
  /** Name of the link that has it. */
  readonly interface: string;
  /** Its `addressKey`. */
  readonly key: string;
  /** No host asks for addresses on that link. */
  readonly silent: boolean;
  readonly state: AddressState;
  /** It is in a VRF to which the hosts of the router's segment have no access. */
  readonly isApart: boolean;
  /** The configuration has it there. */
  readonly inPlace: boolean;
}

interface StraysParts {
  readonly routers: RouterTable;
  readonly links: LinkTable;
  readonly outbox: Outbox;
  readonly transitions: Transitions;
}

/**
 * Hands what has our mark to its routers, which remove it: a former run has left it, or its link has
 * another name than when this run added it.
 */
export function retireLeftBehind(routers: RouterTable, links: LinkTable): void {
  for (const { router, interface: name, key, state } of elsewhere(routers, links)) {
    if (!state.ours) continue;
    const carried = router.addresses.filter(
      (one) =>
        one.address === state.address &&
        one.installed &&
        formOn(links.byName(one.interface), one) === undefined,
    );
    for (const one of carried) one.installed = false;
    const place = { address: state.address, interface: name, key };
    // What this run has added is removed without a report.
    const left = { ...misplacedAddress(place), installed: carried.length > 0 };
    router.retired = [...router.retired, left];
  }
  retireUnknown(routers, links);
}

/** VIPs of instances that the file no longer has: with `lease: off`, nothing else ends them. */
function retireUnknown(routers: RouterTable, links: LinkTable): void {
  const [heir] = routers.all;
  if (heir === undefined) return;
  for (const { attributes, addresses } of links.all()) {
    for (const [key, { address, ours }] of addresses) {
      if (!ours || routers.ownerOfAddress(address) !== undefined) continue;
      const place = { address, interface: attributes.name, key };
      const isSamePlace = (one: ManagedAddress) => placeOf(one) === placeOf(place);
      if (routers.all.some(({ retired }) => retired.some(isSamePlace))) continue;
      heir.retired = [...heir.retired, misplacedAddress(place)];
    }
  }
}

/** The addresses of others in another place, by the router whose VIPs they are. */
export function straysOf(
  routers: RouterTable,
  links: LinkTable,
): Map<VirtualRouter, StrayAddress[]> {
  return foundIn([...elsewhere(routers, links)].filter(({ inPlace }) => !inPlace));
}

/** The VIPs of an owner are addresses of the host. */
function foundIn(all: Iterable<Found>): Map<VirtualRouter, StrayAddress[]> {
  const found = new Map<VirtualRouter, StrayAddress[]>();
  for (const { router, interface: name, key, silent, state, isApart } of all) {
    if (state.ours || isApart || isOwner(router.settings.priority)) continue;
    const managed = router.addresses.find((one) => one.address === state.address);
    // On another link that is asked itself, in the same segment perhaps, the host answers in any case.
    const asked = managed === undefined ? router.settings.interface : router.wireOf(managed);
    const wire = silent ? asked : name;
    const stray = { address: key, interface: name, wire };
    found.set(router, [...(found.get(router) ?? []), stray]);
  }
  return found;
}

/** Reports the addresses of others when they come and go, and shows them in `status`. */
export class Strays {
  readonly #parts: StraysParts;
  readonly #recurrence = new Recurrence();

  constructor(parts: StraysParts) {
    this.#parts = parts;
  }

  /** Links or addresses may have changed. */
  compare(now: Instant): void {
    const { routers, links } = this.#parts;
    const found = foundIn(elsewhere(routers, links));
    for (const router of routers.all) this.#show(router, found.get(router) ?? [], now);
  }

  #show(router: VirtualRouter, strays: readonly StrayAddress[], now: Instant): void {
    const before = router.strays;
    if (isSame(before, strays)) return;
    router.strays = strays;
    this.#parts.transitions.changed.add(router);
    const isIn = (list: readonly StrayAddress[]) => (one: StrayAddress) =>
      list.some((other) => isSame(one, other));
    const isKnown = isIn(before);
    const isStill = isIn(strays);
    for (const one of strays) if (!isKnown(one)) this.#report(router, one, true, now);
    for (const one of before) if (!isStill(one)) this.#report(router, one, false, now);
  }

  #report(router: VirtualRouter, stray: StrayAddress, present: boolean, now: Instant): void {
    if (present && isInPlace(router, stray)) return;
    const instance = router.settings.name;
    const key = JSON.stringify([instance, stray, present]);
    for (const count of this.#recurrence.add(key, now)) {
      this.#parts.outbox.report({ kind: 'stray-address', instance, stray, present, count });
    }
  }
}

function isInPlace(router: VirtualRouter, stray: StrayAddress): boolean {
  const virtual = new VirtualAddresses(
    router.addresses.filter((one) => one.interface === stray.interface),
  );
  const address = strayIp(stray);
  return address !== undefined && virtual.hasForm(stray.address, address);
}

/** Without prefix length and far end. */
export function strayIp({ address: text }: Pick<StrayAddress, 'address'>): IpAddress | undefined {
  return parseIp(text.split(/[ /]/, 1)[0] ?? '');
}

/** Without the places of addresses that are being removed, and of VIPs that are ours. */
function* elsewhere(routers: RouterTable, links: LinkTable): Generator<Found> {
  for (const { attributes, addresses } of links.all()) {
    const { name, mac, silent = mac === NO_MAC } = attributes;
    const wanted = routers.virtualOn(name);
    for (const [key, state] of addresses) {
      const inPlace = wanted.hasForm(key, state.address);
      if (inPlace && (state.ours || state.assumed)) continue;
      for (const router of concernedBy(state, name, routers)) {
        if (router.retired.some((one) => one.interface === name && one.key === key)) continue;
        const own = links.byName(router.settings.interface)?.attributes;
        const isApart = !inPlace && !links.isReachable(attributes, own);
        yield { router, interface: name, key, silent, state, isApart, inPlace };
      }
    }
  }
}

/** A wide IPv4 address of the loopback link gives this host its whole prefix (fib_add_ifaddr in net/ipv4). */
function concernedBy(
  { address, prefixLength }: AddressState,
  name: string,
  routers: RouterTable,
): readonly VirtualRouter[] {
  const owner = routers.ownerOfAddress(address);
  const isWide = name === LOOPBACK && prefixLength < addressBits('ipv4');
  if (owner !== undefined || !isWide || familyOf(address) === 'ipv6' || isLoopback(address)) {
    return owner === undefined ? [] : [owner];
  }
  const network = networkOf(address, prefixLength);
  const isInside = (one: ManagedAddress) =>
    familyOf(one.address) === 'ipv4' && networkOf(one.address, prefixLength) === network;
  return routers.all.filter((router) => router.addresses.some(isInside));
}
