/** From whom and to whom advertisements go. */

import { type Family, type IpAddress, isLinkLocal } from '../../net/address.ts';
import { isOwner, VRRP_TTL } from '../../net/vrrp.ts';
import type { UnicastPeer, UnicastSettings } from '../../protocol/engine/settings.ts';
import type { Findings } from '../finding.ts';
import type { Inherited } from './inherit.ts';
import { addressEntries, addressOf, lowerHostAddress, requireFamily } from './lower-address.ts';

export function lowerSourceAddress(
  { values, at }: Inherited,
  family: Family,
  findings: Findings,
): IpAddress | undefined {
  if (values.source_address === undefined) return undefined;
  const path = at('source_address');
  if (values.unicast !== undefined) {
    const message = '"source_address" is for multicast: with unicast write "source" there';
    findings.error(path, 'conflict', message);
  }
  const address = lowerHostAddress(values.source_address, path, findings);
  if (address === undefined || !requireFamily(address, family, path, findings)) return undefined;
  checkNotVirtual(address, { values, at }, path, findings);
  if (family === 'ipv6' && !isLinkLocal(address)) {
    const message = `IPv6 advertisements come from a link-local address, and ${address} is none`;
    findings.error(path, 'conflict', message);
  }
  return address;
}

export function lowerUnicast(
  inherited: Inherited,
  family: Family,
  findings: Findings,
): UnicastSettings | undefined {
  const { values, at } = inherited;
  if (values.unicast === undefined) return undefined;
  const path = at('unicast', 'source');
  let source: IpAddress | undefined;
  if (values.unicast.source !== undefined) {
    source = lowerHostAddress(values.unicast.source, path, findings);
    if (source !== undefined && requireFamily(source, family, path, findings)) {
      checkNotVirtual(source, inherited, path, findings);
    }
  }
  const peers = lowerPeers(inherited, source, family, findings);
  if (peers.length === 0 && (values.unicast.peers ?? []).length === 0) {
    findings.error(at('unicast'), 'missing', 'unicast needs at least one peer in "peers"');
  }
  if (family === 'ipv6') checkScopes(inherited, source ?? peers[0]?.address, peers, findings);
  return { source, peers };
}

/** No packet goes from a link-local address to one beyond the link, nor back. */
function checkScopes(
  { at }: Inherited,
  own: IpAddress | undefined,
  peers: readonly UnicastPeer[],
  findings: Findings,
): void {
  const stranger = peers.find(
    ({ address }) => own !== undefined && isLinkLocal(address) !== isLinkLocal(own),
  );
  if (stranger === undefined) return;
  const message = `${stranger.address} and ${own} cannot reach each other: one of them is link-local`;
  findings.error(at('unicast', 'peers'), 'conflict', message);
}

function lowerPeers(
  { values, at }: Inherited,
  source: IpAddress | undefined,
  family: Family,
  findings: Findings,
): UnicastPeer[] {
  const peers = new Map<IpAddress, UnicastPeer>();
  for (const [index, entry] of (values.unicast?.peers ?? []).entries()) {
    const inMapping = typeof entry === 'object';
    const path = inMapping
      ? at('unicast', 'peers', index, 'address')
      : at('unicast', 'peers', index);
    const address = lowerHostAddress(inMapping ? entry.address : entry, path, findings);
    if (address === undefined || !requireFamily(address, family, path, findings)) continue;
    if (address === source) {
      findings.error(path, 'conflict', `${address} is the source of this router, not a peer`);
    } else if (peers.has(address)) {
      findings.error(path, 'conflict', `${address} is already in this list`);
    }
    const minimumTtl = (inMapping ? entry.min_ttl : undefined) ?? VRRP_TTL;
    peers.set(address, { address, minimumTtl });
  }
  return [...peers.values()];
}

/**
 * A source that is a virtual address moves away with it, and the router falls silent. Only the
 * owner keeps its addresses.
 */
function checkNotVirtual(
  source: IpAddress,
  { values }: Inherited,
  path: ReturnType<Inherited['at']>,
  findings: Findings,
): void {
  if (isOwner(values.priority)) return;
  const entries = [
    ...addressEntries(values.addresses, []),
    ...addressEntries(values.extra_addresses, []),
  ];
  const isVirtual = entries.some((entry) => addressOf(entry) === source);
  if (!isVirtual) return;
  findings.error(path, 'conflict', `${source} is a virtual address: use one that stays here`);
}
