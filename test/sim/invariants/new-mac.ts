/**
 * A MASTER whose link gets another MAC address announces each VIP from it, because hosts and switches keep the
 * former one.
 */
import { macFromBytes } from '../../../src/net/address.ts';
import { decodeFrame } from '../../../src/wire/frame.ts';
import type { Host } from '../host.ts';
import { onSlowestClock } from '../host-clock.ts';
import { MONITOR_DELAY } from '../kernel.ts';
import { REACTION_TIME, type Row, type World } from '../world.ts';
import type { Invariant } from './invariant.ts';

/** The shortest time between two bursts of announcements that are not planned. */
const BURST_SPACING = 1_000_000;

const ANNOUNCED_AFTER = onSlowestClock(BURST_SPACING) + MONITOR_DELAY + REACTION_TIME;

export function announcesNewMac(): Invariant {
  /** What each host has announced since, with the source of the frame. */
  const announced = new Map<Host, Set<string>>();
  return {
    name: 'a new MAC address is announced',
    check(world) {
      for (const row of world.rows()) {
        const { host, settings } = row;
        if (!isDue(world, row)) continue;
        for (const { address, interface: link } of settings.addresses) {
          const wanted = host.kernel.byIndex(host.kernel.indexOf(link) ?? 0)?.attributes.mac;
          if (wanted === undefined || announced.get(host)?.has(`${address} ${wanted}`)) continue;
          return `${host.name} has not announced ${address} from ${wanted}`;
        }
      }
      return undefined;
    },
    announced(_world, host, frame) {
      const decoded = decodeFrame(frame);
      const address =
        decoded.kind === 'arp'
          ? decoded.arp.senderIp
          : decoded.kind === 'neighbor-advertisement'
            ? decoded.advertisement.target
            : undefined;
      const seen = announced.get(host) ?? new Set();
      seen.add(`${address} ${macFromBytes(frame, 6)}`);
      announced.set(host, seen);
      return undefined;
    },
  };
}

/** Has been MASTER since before the change, and nothing else has happened to any host. */
function isDue(world: World, { host, view, settings }: Row): boolean {
  const change = host.macChange;
  if (change === undefined || settings.virtualMac !== undefined) return false;
  if (view.state !== 'MASTER' || view.releasing || view.since >= change.since) return false;
  const isAlone = world.disturbedAt === change.at && !world.hasRefused;
  return isAlone && world.clock.now - change.at > ANNOUNCED_AFTER;
}
