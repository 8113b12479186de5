/**
 * VIPs, routes and rules are present exactly while the router is MASTER, except shortly after foreign
 * changes, and after a kill until the next process knows of a MASTER; and no VIP is announced unless it is
 * present.
 */

import { addressBits, familyOf, isLinkLocal } from '../../../src/net/address.ts';
import { routingKey, routingText } from '../../../src/net/routing.ts';
import { CHANGES_IN_A_TURN } from '../../../src/protocol/engine/addresses/address-keeper.ts';
import type { InstanceSettings, VirtualAddress } from '../../../src/protocol/engine/settings.ts';
import { decodeFrame } from '../../../src/wire/frame.ts';
import { type Host, SCHEDULING_DELAY } from '../host.ts';
import { MONITOR_DELAY } from '../kernel.ts';
import { primaryAddress } from '../scenarios/topology.ts';
import { networkFor } from '../subnets.ts';
import { SLOWEST } from '../virtual-links.ts';
import { REACTION_TIME, type Row, type World } from '../world.ts';
import { type Invariant, Lasting } from './invariant.ts';

/** Time to notice and correct a foreign change. */
const NOTICE_TIME = MONITOR_DELAY + REACTION_TIME;

/** Time to create a removed virtual link again, and to be notified of it. */
const REMAKE_TIME = SLOWEST + MONITOR_DELAY + SCHEDULING_DELAY;

/** A refused removal is tried again after this time. */
const REMOVAL_RETRY_TIME = 500_000 + REACTION_TIME;

const TURN_TIME = SCHEDULING_DELAY;

/** ICMPv6 type, RFC 4861 section 4.3. */
const NEIGHBOR_SOLICITATION = 135;

/** How long a router keeps serving after it has heard its successor. */
const OVERLAP_TIME = 10_000 + REACTION_TIME;

export function addressesFollowState(): Invariant {
  const misplacement = new Lasting();
  return {
    name: 'VIPs exactly while MASTER',
    check(world) {
      misplacement.begin();
      const remaking = world.hosts.some(hasVirtualLink) ? REMAKE_TIME : 0;
      const noticing = NOTICE_TIME + remaking + Math.max(...world.hosts.map(pauseOf));
      const allowed = world.hasRefused ? REMOVAL_RETRY_TIME + noticing : noticing;
      if (world.clock.now - world.disturbedAt <= allowed) return undefined;
      for (const row of world.rows()) {
        const { key, host, settings, view } = row;
        if (host.kernel.refuses === 'remove') continue;
        const isMaster = view.state === 'MASTER';
        if (mayKeepFormer(row)) continue;
        const wrong =
          misplaced(host, settings, isMaster) ??
          (world.hasRefused ? undefined : misplacedPrefix(host, settings, isMaster)) ??
          leftPrefix(world, host) ??
          misplacedRouting(host, settings, isMaster, world.hasRefused);
        if (wrong === undefined) continue;
        const lasts = misplacement.note(`${key} ${view.state}`, world.clock.now, world.disturbedAt);
        const time = Math.max(changesTime(host), overlapTime(row));
        if (time === 0 || lasts > time) return `${host.name} is ${view.state} and ${wrong}`;
      }
      return undefined;
    },
    announced(world, host, frame) {
      if (world.clock.now - world.disturbedAt <= NOTICE_TIME) return undefined;
      if (isGreeting(host, frame)) return undefined;
      const decoded = decodeFrame(frame);
      const address =
        decoded.kind === 'arp'
          ? decoded.arp.senderIp
          : decoded.kind === 'neighbor-advertisement'
            ? decoded.advertisement.target
            : undefined;
      if (address === undefined) return `${host.name} announces something that is no address`;
      const vips = host.settings.instances.flatMap((one) => one.addresses);
      const vip = vips.find((one) => one.address === address);
      if (vip === undefined) return `${host.name} announces ${address}, which is no VIP`;
      return isThere(host, vip) ? undefined : `${host.name} announces ${address} without having it`;
    },
  };
}

/** It has just started after another process, and has heard no MASTER yet. */
export function mayKeepFormer({ host, view: { state, master, lastTransition } }: Row): boolean {
  return host.resumes && state === 'BACKUP' && master === null && lastTransition?.from === 'INIT';
}

/** A repair that follows another one waits for 50 ms, the next for twice as long, and so on up to 5 s. */
function pauseOf({ kernel: { undoings } }: Host): number {
  return undoings < 2 ? 0 : Math.min(50_000 * 2 ** (undoings - 2), 5_000_000);
}

/** A unicast router announces its own address, and asks for those of its peers. */
export function isGreeting({ number, settings }: Host, frame: Uint8Array): boolean {
  if (settings.instances.every(({ unicast }) => unicast === undefined)) return false;
  const decoded = decodeFrame(frame);
  const own = (['ipv4', 'ipv6'] as const).map((family) => primaryAddress(number, family)[0]);
  if (decoded.kind === 'arp') return own.includes(decoded.arp.senderIp);
  if (decoded.kind === 'neighbor-advertisement') return own.includes(decoded.advertisement.target);
  return frame[54] === NEIGHBOR_SOLICITATION;
}

function hasVirtualLink({ settings }: Host): boolean {
  return settings.instances.some(({ virtualMac }) => virtualMac !== undefined);
}

/** How long a host takes to change all its addresses; zero if one turn is enough. */
export function changesTime({ settings }: Host): number {
  const addresses = settings.instances.flatMap((one) => one.addresses);
  const turns = addresses.reduce(
    (sum, { address }) => sum + 1 / CHANGES_IN_A_TURN[familyOf(address)],
    0,
  );
  // The turn in which the state changes may have asked for as many already.
  return turns <= 1 ? 0 : Math.ceil(turns) * TURN_TIME;
}

/** After a planned failover, VIPs stay until the successor has announced them. */
function overlapTime({ view: { lastTransition } }: Row): number {
  const isHandOver = lastTransition?.event === 'failover' || lastTransition?.event === 'shutdown';
  const isMaintenance = lastTransition?.to === 'FAULT';
  return isHandOver || isMaintenance ? OVERLAP_TIME : 0;
}

function misplaced(host: Host, settings: InstanceSettings, isMaster: boolean): string | undefined {
  const [casualty] = host.kernel.casualties;
  if (casualty !== undefined) return `has removed ${casualty}, which it has not added`;
  for (const vip of settings.addresses) {
    if (isMaster && !isThere(host, vip)) return `lacks ${vip.address}`;
    if (!isMaster && isMarked(host, vip)) return `has ${vip.address}`;
  }
  return undefined;
}

/** With the mark of the agent: it leaves any other one where it is. */
function isMarked({ kernel }: Host, { interface: name, address, prefixLength }: VirtualAddress) {
  const single = addressBits(familyOf(address));
  return kernel.hasMarked(name, address, single) || kernel.hasMarked(name, address, prefixLength);
}

/** In either form: others may have added it as it is written. */
export function isThere(
  { kernel }: Host,
  { interface: name, address, prefixLength }: VirtualAddress,
): boolean {
  const single = addressBits(familyOf(address));
  return kernel.has(name, address, single) || kernel.has(name, address, prefixLength);
}

/** The prefix that a VIP connects. */
function misplacedPrefix(
  { kernel }: Host,
  { addresses, vrid, interface: parent, virtualMac }: InstanceSettings,
  isMaster: boolean,
): string | undefined {
  for (const { interface: name, address, prefixLength: length } of addresses) {
    if (length === addressBits(familyOf(address))) continue;
    const prefix = { address: networkFor(address, length), length };
    const sharesWire = virtualMac?.interface === name && !isLinkLocal(address);
    const links = sharesWire ? [name, parent] : [name];
    if (isMaster && !links.some((link) => kernel.isConnected(link, prefix))) {
      return `does not connect ${prefix.address}/${length} for ${vrid}`;
    }
  }
  return undefined;
}

/** Routes of the agent although no router here is MASTER. */
function leftPrefix(world: World, host: Host): string | undefined {
  const rows = [...world.rows()].filter((row) => row.host === host);
  if (rows.some((row) => row.view.state === 'MASTER' || mayKeepFormer(row))) return undefined;
  for (const { attributes } of host.kernel.links()) {
    const [left] = host.kernel.connectedRoutes(attributes.name);
    if (left !== undefined) return `connects ${left.address}/${left.length}`;
  }
  return undefined;
}

/** A refused route is tried again much later than a refused removal. */
function misplacedRouting(
  host: Host,
  { routes, rules }: InstanceSettings,
  isMaster: boolean,
  hasRefused: boolean,
): string | undefined {
  for (const entry of [...routes, ...rules]) {
    const present = host.kernel.routing.has(routingKey(entry));
    if (isMaster && !present && !hasRefused) return `lacks ${routingText(entry)}`;
    if (!isMaster && present) return `has ${routingText(entry)}`;
  }
  return undefined;
}
