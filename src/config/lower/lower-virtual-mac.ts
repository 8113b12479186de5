/** The virtual MAC address of an instance, and which of its addresses it carries. */

import { type Family, familyOf, isLinkLocal } from '../../net/address.ts';
import { virtualMac as virtualMacOf } from '../../net/vrrp.ts';
import type { VirtualAddress, VirtualMacSettings } from '../../protocol/engine/settings.ts';
import type { Findings } from '../finding.ts';
import type { Inherited } from './inherit.ts';

/** IFNAMSIZ of the kernel, less the NUL. */
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
    const message = `${parent} is the interface itself: the virtual MAC needs a link of its own`;
    findings.error(at('virtual_mac', 'interface'), 'conflict', message);
  }
  if (values.unicast !== undefined && (values.garp?.refresh ?? '0s').startsWith('0')) {
    const text =
      'with unicast no advertisement shows switches where the virtual MAC is: ' +
      'set garp.refresh, 60s for example, or they flood its traffic';
    findings.warn(at('virtual_mac'), text);
  }
  return {
    interface: chosen ?? virtualLinkName(parent, family, vrid),
    mac: virtualMacOf(family, vrid),
  };
}

/**
 * Addresses on the instance's own interface go to the link of the virtual MAC. That link has no
 * other address: the prefix of a link-local one says how the segment is reached.
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

/** `vr4-55-eth0`; the name of an interface that is too long is replaced by a hash of it. */
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
