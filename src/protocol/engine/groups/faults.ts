/** Why a virtual router cannot run, derived from the links, and the source address of its packets. */
import type { FaultEvent, RecoveryEvent } from '../../../../fsm/vrrp/model.ts';
import { familyOf, type IpAddress, isLinkLocal } from '../../../net/address.ts';
import type { AddressState } from '../../../net/link.ts';
import { isOwner } from '../../../net/vrrp.ts';
import type { VirtualAddresses } from '../addresses/virtual-addresses.ts';
import type { Link, LinkTable } from '../links.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { InstanceSettings } from '../settings.ts';
import type { FaultReason } from '../view.ts';

/** RFC 8347 event identities for a reason that is raised and cleared. */
interface FaultEvents {
  readonly raised: FaultEvent;
  readonly cleared: RecoveryEvent;
}

const FAULT_EVENT: {
  readonly [Reason in Exclude<FaultReason, `${string}:${string}`>]: FaultEvents;
} = {
  'interface-missing': { raised: 'interface-down', cleared: 'interface-up' },
  'interface-down': { raised: 'interface-down', cleared: 'interface-up' },
  'no-address': { raised: 'no-primary-ip-address', cleared: 'primary-ip-address' },
  'no-link-local': { raised: 'no-primary-ip-address', cleared: 'primary-ip-address' },
  'link-local-tentative': { raised: 'no-primary-ip-address', cleared: 'primary-ip-address' },
  'link-local-duplicate': { raised: 'no-primary-ip-address', cleared: 'primary-ip-address' },
  'address-failed': { raised: 'no-virtual-ip-addresses', cleared: 'virtual-ip-addresses' },
  maintenance: { raised: 'fault', cleared: 'fault-cleared' },
  'virtual-mac-failed': { raised: 'fault', cleared: 'fault-cleared' },
  ipvs: { raised: 'fault', cleared: 'fault-cleared' },
  'socket-failed': { raised: 'fault', cleared: 'fault-cleared' },
  'address-conflict': { raised: 'fault', cleared: 'fault-cleared' },
};

export function faultEvents(reason: FaultReason): FaultEvents {
  return isNamed(reason) ? { raised: 'fault', cleared: 'fault-cleared' } : FAULT_EVENT[reason];
}

function isNamed(reason: FaultReason): reason is Extract<FaultReason, `${string}:${string}`> {
  return reason.includes(':');
}

export function faultsOf(
  router: VirtualRouter,
  links: LinkTable,
  virtual: VirtualAddresses,
): FaultReason[] {
  const faults: FaultReason[] = [];
  const needed = [...router.interfaces].map((name) => links.byName(name));
  if (needed.includes(undefined)) faults.push('interface-missing');
  if (needed.some((link) => link !== undefined && !link.attributes.running)) {
    faults.push('interface-down');
  }
  // A port hears no advertisement even where the router does not depend on its interface.
  faults.push(...portFaults([...needed, links.byName(router.settings.interface)], links));
  const link = links.byIndex(router.index ?? 0);
  if (link !== undefined && router.source === undefined && needsSource(router, link)) {
    faults.push(whyNoSource(router, link, virtual));
  }
  if (router.lacksVirtualLink && !hasVirtualLink(router, links)) faults.push('virtual-mac-failed');
  if (router.refused !== undefined) faults.push(router.refused);
  if (router.hasAddressConflict) faults.push('address-conflict');
  if (router.maintenance) faults.push('maintenance');
  faults.push(...router.trackFaults);
  if (router.ipvsFault !== undefined) faults.push(router.ipvsFault);
  return faults;
}

/**
 * A router that does not depend on its interface needs no source while that is down. When it is up again,
 * an IPv6 source is missing until duplicate address detection has ended: a MASTER serves meanwhile.
 */
function needsSource({ settings, isMaster }: VirtualRouter, { attributes }: Link): boolean {
  return settings.onInterfaceDown !== 'ignore' || (attributes.running && !isMaster);
}

/** A port hears no advertisement, and no client reaches an address on it. */
function portFaults(needed: readonly (Link | undefined)[], links: LinkTable): Set<FaultReason> {
  const faults = new Set<FaultReason>();
  for (const link of needed) {
    const taker = link === undefined ? undefined : links.takerOf(link.attributes);
    if (taker !== undefined) faults.add(`port-of:${taker}`);
  }
  return faults;
}

function hasVirtualLink({ settings }: VirtualRouter, links: LinkTable): boolean {
  return links.byName(settings.virtualMac?.interface ?? '') !== undefined;
}

/**
 * Source of advertisements: the configured address, if the interface has it; otherwise the first
 * usable address that is neither a VIP nor left from a former run, which removes it. The IPv4 address owner may have no other addresses than its VIPs
 * (RFC 9568 section 5.1.1.1), but unicast peers would not accept those. A source for unicast may be on any
 * link, such as `lo`.
 */
export function sourceOf(
  router: VirtualRouter,
  link: Link | undefined,
  virtual: VirtualAddresses,
  links: LinkTable,
): IpAddress | undefined {
  if (link === undefined) return undefined;
  const { settings } = router;
  const routed = settings.unicast?.source;
  const isRouted = routed !== undefined && !isLinkLocal(routed);
  if (isRouted && links.isOwn(routed, link.attributes)) return routed;
  if (settings.family === 'ipv6') return ipv6SourceOf(settings, link, virtual);
  const wanted = wantedSource(settings);
  let first: IpAddress | undefined;
  for (const [key, { address, ours, tentative, duplicate }] of link.addresses) {
    if (tentative || duplicate || familyOf(address) !== 'ipv4') continue;
    const isVirtual = virtual.hasKey(key);
    if (wanted === undefined ? !isVirtual && !ours : address === wanted) return address;
    if (isVirtual) first ??= address;
  }
  const mayUseVirtual = isOwner(settings.priority) && settings.unicast === undefined;
  return wanted === undefined && mayUseVirtual ? first : undefined;
}

/**
 * The interface's own link-local address, never a VIP, not even for the owner (RFC 9568 sections
 * 5.1.2.1 and 7.2); to unicast peers beyond the link, an address of wider scope.
 */
function ipv6SourceOf(
  settings: InstanceSettings,
  link: Link,
  virtual: VirtualAddresses,
): IpAddress | undefined {
  for (const state of ipv6Candidates(settings, link, virtual)) {
    if (!state.tentative && !state.duplicate) return state.address;
  }
  return undefined;
}

/** Addresses that qualify as source, usable or not. */
function ipv6Candidates(
  settings: InstanceSettings,
  link: Link | undefined,
  virtual: VirtualAddresses,
): AddressState[] {
  const wanted = wantedSource(settings);
  const linkLocal = sendsFromLinkLocal(settings);
  return [...(link?.addresses.values() ?? [])].filter(({ address, ours }) => {
    if (familyOf(address) !== 'ipv6' || ours || virtual.hasAddress(address)) return false;
    return wanted === undefined ? isLinkLocal(address) === linkLocal : address === wanted;
  });
}

/** The state of duplicate address detection is more specific than `no-link-local`. */
function whyNoSource(
  { settings }: VirtualRouter,
  link: Link | undefined,
  virtual: VirtualAddresses,
): FaultReason {
  if (settings.family === 'ipv4' || !sendsFromLinkLocal(settings)) return 'no-address';
  const candidates = ipv6Candidates(settings, link, virtual);
  // The kernel leaves an address tentative after detection has failed.
  if (candidates.some(({ tentative, duplicate }) => tentative && !duplicate)) {
    return 'link-local-tentative';
  }
  return candidates.length > 0 ? 'link-local-duplicate' : 'no-link-local';
}

function sendsFromLinkLocal({ unicast }: InstanceSettings): boolean {
  const [peer] = unicast?.peers ?? [];
  return peer === undefined || isLinkLocal(unicast?.source ?? peer.address);
}

function wantedSource({ unicast, sourceAddress }: InstanceSettings): IpAddress | undefined {
  return unicast?.source ?? sourceAddress;
}
