/** The virtual MAC address of an instance, and the addresses on its link. */

import { type Family, familyOf, isLinkLocal } from '../../net/address.ts';
import { virtualMac as virtualMacOf } from '../../net/vrrp.ts';
import type { VirtualAddress, VirtualMacSettings } from '../../protocol/engine/settings.ts';
import type { Findings } from '../finding.ts';
import type { Inherited } from './inherit.ts';

/** IFNAMSIZ of the kernel without the NUL. */
const NAME_MAX = 15;

/** The prefix of all link-local addresses (RFC 4291 section 2.5.6). */
const LINK_LOCAL_PREFIX = 64;

export function lowerVirtualMac(
  { values, at }: Inherited,
  family: Family,
  findings: Findings,
): VirtualMacSettings | undefined {
  const { virtual_mac: wanted, vrid, interface: parent } = values;
  if (wanted === undefined || wanted === false) return undefined;
  if (vrid === undefined || parent === undefined) return undefined;
  const chosen = wanted === true ? undefined : wanted.interface;
  if (chosen === parent) {
    const message = `the virtual MAC needs its own link: it cannot be on ${parent} itself`;
    findings.error(at('virtual_mac', 'interface'), 'conflict', message);
  }
  const ofInterface = wanted !== true && wanted.advertise_with === 'interface';
  const isUnlearnt = values.unicast !== undefined || ofInterface;
  if (isUnlearnt && (values.garp?.refresh ?? '0s').startsWith('0')) {
    const text =
      `with ${ofInterface ? '"advertise_with: interface"' : 'unicast'}, switches do not learn the virtual MAC ` +
      'from advertisements and flood its traffic: set garp.refresh, for example to 60s';
    findings.warn(at('virtual_mac'), text);
  }
  return {
    interface: chosen ?? virtualLinkName(parent, family, vrid),
    mac: virtualMacOf(family, vrid),
    ...(ofInterface ? { advertisesWith: 'interface' } : {}),
  };
}

/**
 * Moves the addresses of the instance's interface to the link of the virtual MAC. A link-local one
 * gets /64 there: the link has no other address that would give it a route to the segment.
 */
export function onVirtualLink(
  addresses: readonly VirtualAddress[],
  parent: string | undefined,
  virtualMac: VirtualMacSettings | undefined,
): readonly VirtualAddress[] {
  if (virtualMac === undefined) return addresses;
  const { interface: name } = virtualMac;
  return addresses.map((one) => {
    if (one.interface !== parent && one.interface !== name) return one;
    if (familyOf(one.address) === 'ipv4' || !isLinkLocal(one.address)) {
      return { ...one, interface: name };
    }
    return { ...one, interface: name, prefixLength: LINK_LOCAL_PREFIX };
  });
}

/** `vr4-55-eth0`; an interface name that is too long is replaced by its hash. */
function virtualLinkName(parent: string, family: Family, vrid: number): string {
  const head = `vr${family === 'ipv4' ? 4 : 6}-${vrid}-`;
  const name = `${head}${parent}`;
  return name.length <= NAME_MAX ? name : `${head}${hashOf(parent)}`;
}

/** 7 characters of FNV-1a. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash.toString(36).padStart(7, '0');
}
