/**
 * The VIPs, routes and rules are there exactly while the router is MASTER, but for what somebody else has just done
 * to them; and no VIP is announced that is not there.
 */
import { CHANGES_OF_A_TURN } from '../../../src/engine/pace.ts';
import type { InstanceSettings } from '../../../src/engine/settings.ts';
import { familyOf } from '../../../src/net/address.ts';
import { routingKey, routingText } from '../../../src/net/routing.ts';
import { decodeFrame } from '../../../src/wire/frame.ts';
import { type Host, SCHEDULING_DELAY } from '../host.ts';
import { MONITOR_DELAY } from '../kernel.ts';
import { SLOWEST } from '../virtual-links.ts';
import { REACTION_TIME, type Row } from '../world.ts';
import { type Invariant, Lasting } from './invariant.ts';

/** Until a change by somebody else has been noticed and answered. */
const NOTICE_TIME = MONITOR_DELAY + REACTION_TIME;

/** A virtual link that somebody has removed is made again, and the kernel tells of it. */
const REMAKE_TIME = SLOWEST + MONITOR_DELAY + SCHEDULING_DELAY;

/** A refused removal is tried again after this time. */
const REMOVAL_RETRY_TIME = 500_000 + REACTION_TIME;

const TURN_TIME = SCHEDULING_DELAY;

/** How long a router serves on whose successor has been heard. */
const PARTING_TIME = 10_000 + REACTION_TIME;

export function addressesFollowState(): Invariant {
  const misplacement = new Lasting();
  return {
    name: 'VIPs exactly while MASTER',
    check(world) {
      misplacement.begin();
      const remaking = world.hosts.some(hasVirtualLink) ? REMAKE_TIME : 0;
      const noticing = NOTICE_TIME + remaking;
      const allowed = world.hasRefused ? REMOVAL_RETRY_TIME + noticing : noticing;
      if (world.clock.now - world.disturbedAt <= allowed) return undefined;
      for (const row of world.rows()) {
        const { key, host, settings, view } = row;
        if (host.kernel.refuses === 'remove') continue;
        const isMaster = view.state === 'MASTER';
        const wrong =
          misplaced(host, settings, isMaster) ??
          misplacedRouting(host, settings, isMaster, world.hasRefused);
        if (wrong === undefined) continue;
        const lasts = misplacement.note(`${key} ${view.state}`, world.clock.now, world.disturbedAt);
        const time = Math.max(turnsTime(host), partingTime(row));
        if (time === 0 || lasts > time) return `${host.name} is ${view.state} and ${wrong}`;
      }
      return undefined;
    },
    announced(world, host, frame) {
      if (world.clock.now - world.disturbedAt <= NOTICE_TIME) return undefined;
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
      return host.kernel.has(vip.interface, vip.address, vip.prefixLength)
        ? undefined
        : `${host.name} announces ${address} without having it`;
    },
  };
}

function hasVirtualLink({ settings }: Host): boolean {
  return settings.instances.some(({ virtualMac }) => virtualMac !== undefined);
}

/** Zero where one turn is enough for all. */
export function turnsTime({ settings }: Host): number {
  const addresses = settings.instances.flatMap((one) => one.addresses);
  const six = addresses.filter(({ address }) => familyOf(address) === 'ipv6');
  return Math.floor(Math.max(0, six.length - 1) / CHANGES_OF_A_TURN) * TURN_TIME;
}

/** After a hand-over the VIPs stay until the successor has announced them. */
function partingTime({ view: { lastTransition } }: Row): number {
  const isHandOver = lastTransition?.event === 'failover' || lastTransition?.event === 'shutdown';
  const isMaintenance = lastTransition?.to === 'FAULT';
  return isHandOver || isMaintenance ? PARTING_TIME : 0;
}

function misplaced(host: Host, settings: InstanceSettings, isMaster: boolean): string | undefined {
  for (const { interface: name, address, prefixLength } of settings.addresses) {
    const present = host.kernel.has(name, address, prefixLength);
    if (isMaster && !present) return `lacks ${address}`;
    if (!isMaster && present) return `has ${address}`;
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
