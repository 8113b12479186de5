/**
 * Only the MASTER uses the virtual MAC: no other host sends from it or has its link up for long, because
 * one frame from it redirects every switch.
 */
import { macFromBytes } from '../../../src/net/address.ts';
import type { Host } from '../host.ts';
import { MONITOR_DELAY } from '../kernel.ts';
import { SLOWEST } from '../virtual-links.ts';
import { REACTION_TIME } from '../world.ts';
import { mayKeepFormer } from './addresses.ts';
import { type Invariant, Lasting } from './invariant.ts';

/** An IPv4 link without addresses is set down a second later, and one link after the other. */
const REST_TIME = 1_000_000 + 10 * SLOWEST + MONITOR_DELAY + REACTION_TIME;

export function virtualMacOfMaster(): Invariant {
  const idle = new Lasting();
  return {
    name: 'the virtual MAC is the MASTER’s',
    check(world) {
      idle.begin();
      for (const row of world.rows()) {
        const { key, host, settings, view } = row;
        const name = settings.virtualMac?.interface;
        if (name === undefined || view.state === 'MASTER' || !host.kernel.isUp(name)) continue;
        if (mayKeepFormer(row)) continue;
        // An address that cannot be removed, or a foreign one, keeps the link up.
        if (host.kernel.refuses === 'remove' || world.hasRefused) continue;
        if (idle.note(key, world.clock.now, world.disturbedAt) > REST_TIME) {
          return `${host.name} is ${view.state}, and ${name} is up`;
        }
      }
      return undefined;
    },
    framed(_, host, frame, priority) {
      return priority === 0 ? undefined : senderOf(host, frame);
    },
    announced(_, host, frame) {
      return senderOf(host, frame);
    },
  };
}

/** What is wrong with a frame from a virtual MAC. */
function senderOf(host: Host, frame: Uint8Array): string | undefined {
  const source = macFromBytes(frame, 6);
  const owner = host.settings.instances.find(({ virtualMac }) => virtualMac?.mac === source);
  if (owner === undefined) return undefined;
  const view = host.engine?.view().find(({ name }) => name === owner.name);
  // The last frames of a MASTER leave at the end of its last turn.
  if (view?.state === 'MASTER' || view?.since === host.now) return undefined;
  return `${host.name} is ${view?.state} and sends from ${source}`;
}
