/** Why a virtual router cannot run: derived from the links, never remembered. */
import type { FaultEvent, RecoveryEvent } from '../../fsm/vrrp/events.ts';
import { familyOf, type IpAddress } from '../net/address.ts';
import type { Link, LinkTable } from './links.ts';
import type { FaultReason } from './view.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** RFC 8347 event identities for a reason that comes and goes. */
export const FAULT_EVENT: {
  readonly [Reason in FaultReason]: {
    readonly raised: FaultEvent;
    readonly cleared: RecoveryEvent;
  };
} = {
  'interface-missing': { raised: 'interface-down', cleared: 'interface-up' },
  'interface-down': { raised: 'interface-down', cleared: 'interface-up' },
  'no-address': { raised: 'no-primary-ip-address', cleared: 'primary-ip-address' },
  'address-failed': { raised: 'no-virtual-ip-addresses', cleared: 'virtual-ip-addresses' },
  'socket-failed': { raised: 'fault', cleared: 'fault-cleared' },
};

export function faultsOf(router: VirtualRouter, links: LinkTable): FaultReason[] {
  const faults: FaultReason[] = [];
  const needed = [...router.interfaces].map((name) => links.byName(name));
  if (needed.includes(undefined)) faults.push('interface-missing');
  if (needed.some((link) => link !== undefined && !link.attributes.running)) {
    faults.push('interface-down');
  }
  if (router.index !== undefined && router.source === undefined) faults.push('no-address');
  if (router.refused !== undefined) faults.push(router.refused);
  return faults;
}

/**
 * Source of advertisements: the address the file names, if the interface has it; else the first
 * usable one that is no VIP. The address owner may have no other than its VIPs
 * (RFC 9568 section 5.1.1.1); to unicast peers it would be a stranger with them.
 */
export function sourceOf(
  router: VirtualRouter,
  link: Link | undefined,
  virtual: ReadonlySet<string>,
): IpAddress | undefined {
  if (link === undefined) return undefined;
  const { settings } = router;
  const wanted = settings.unicast?.source ?? settings.sourceAddress;
  let first: IpAddress | undefined;
  for (const [key, { address, tentative, duplicate }] of link.addresses) {
    if (tentative || duplicate || familyOf(address) !== settings.family) continue;
    if (wanted === undefined ? !virtual.has(key) : address === wanted) return address;
    first ??= address;
  }
  const mayUseVirtual = settings.priority === 255 && settings.unicast === undefined;
  return wanted === undefined && mayUseVirtual ? first : undefined;
}
