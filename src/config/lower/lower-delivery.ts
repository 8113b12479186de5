/** Source and destination of advertisements. */
import {
  type Family,
  type IpAddress,
  isLinkLocal,
  isMulticast,
  parseIp,
} from '../../net/address.ts';
import { isOwner, lowestUnicastTtl, VRRP_GROUP, VRRP_TTL } from '../../net/vrrp.ts';
import type { UnicastPeer, UnicastSettings } from '../../protocol/engine/settings.ts';
import { describeValue, type Findings } from '../finding.ts';
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
    const message = '"source_address" applies only to multicast: write "unicast.source"';
    findings.error(path, 'conflict', message);
  }
  const address = lowerHostAddress(values.source_address, path, findings);
  if (address === undefined || !requireFamily(address, family, path, findings)) return undefined;
  checkNotVirtual(address, { values, at }, path, findings);
  if (family === 'ipv6' && !isLinkLocal(address)) {
    const message = `the source of IPv6 advertisements must be link-local, and ${address} is not`;
    findings.error(path, 'conflict', message);
  }
  return address;
}

/** Undefined: the group of the RFC. */
export function lowerMulticastGroup(
  { values, at }: Inherited,
  family: Family,
  findings: Findings,
): IpAddress | undefined {
  if (values.multicast_group === undefined) return undefined;
  const path = at('multicast_group');
  if (values.unicast !== undefined) {
    findings.error(path, 'conflict', '"multicast_group" has no effect with "unicast": remove one');
  }
  const group = parseIp(values.multicast_group);
  if (group === undefined || !isMulticast(group)) {
    const found = describeValue(values.multicast_group);
    findings.error(path, 'type', `expected a multicast address, found ${found}`);
    return undefined;
  }
  if (!requireFamily(group, family, path, findings) || group === VRRP_GROUP[family])
    return undefined;
  if (!/^(224\.0\.0\.|ff02:)/.test(group)) {
    findings.warn(
      path,
      `${group} is not limited to a link: use one of 224.0.0.0/24, or of ff02::/16`,
    );
  }
  return group;
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
    findings.error(at('unicast'), 'missing', '"peers" must have at least one entry');
  }
  if (family === 'ipv6') checkScopes(inherited, source ?? peers[0]?.address, peers, findings);
  const { ttl = VRRP_TTL } = values.unicast;
  return ttl === VRRP_TTL ? { source, peers } : { source, peers, ttl };
}

/** A link-local address cannot exchange packets with an address of another scope. */
function checkScopes(
  { at }: Inherited,
  own: IpAddress | undefined,
  peers: readonly UnicastPeer[],
  findings: Findings,
): void {
  const unreachable = peers.find(
    ({ address }) => own !== undefined && isLinkLocal(address) !== isLinkLocal(own),
  );
  if (unreachable === undefined) return;
  const message = `${unreachable.address} and ${own} cannot reach each other: only one is link-local`;
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
      findings.error(path, 'conflict', `${address} is the "source" of this router, not a peer`);
    } else if (peers.has(address)) {
      findings.error(path, 'conflict', `duplicate peer ${address}`);
    }
    const minimumTtl = (inMapping ? entry.min_ttl : undefined) ?? lowestUnicastTtl(address);
    peers.set(address, { address, minimumTtl });
  }
  return [...peers.values()];
}

/**
 * A router whose source is a virtual address could not advertise after losing it. The owner never
 * loses its addresses.
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
  findings.error(path, 'conflict', `${source} is a virtual address: use a permanent one`);
}
