/**
 * After convergence there are only the MASTER's advertisements: no router changes its state, nothing is
 * announced, no packet stays unread, and no router sends more than its interval requires.
 */

import { type IpAddress, ipFromBytes } from '../../../src/net/address.ts';
import type { StateName } from '../../../src/protocol/engine/reports.ts';
import type { Host } from '../host.ts';
import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';

/** More than an attack in the scenarios sends together. */
const WAITING_LIMIT = 40;

export function quietWhenSettled(settleTime: (world: World) => number): Invariant {
  const states = new Map<string, StateName>();
  const lastSent = new Map<string, number>();
  const isSettled = (world: World) =>
    world.segment.isCalm && world.clock.now - world.disturbedAt > settleTime(world);
  return {
    name: 'quiet when settled',
    check(world) {
      const settled = isSettled(world);
      for (const { key, host, view } of world.rows()) {
        const before = states.get(key);
        states.set(key, view.state);
        if (!settled) continue;
        if (before !== undefined && before !== view.state) {
          return `${host.name} goes from ${before} to ${view.state}`;
        }
        if (host.sockets.waiting > WAITING_LIMIT) return `${host.name} lets packets lie unread`;
      }
      return undefined;
    },
    sent(world, host, packet) {
      const offset = (packet[0] ?? 0) >> 4 === 4 ? 20 : 40;
      const vrid = packet[offset + 1] ?? 0;
      const key = `${host.number} ${vrid} ${destinationOf(packet)}`;
      const gap = world.clock.now - (lastSent.get(key) ?? 0);
      lastSent.set(key, world.clock.now);
      if (!isSettled(world)) return undefined;
      return tooMuch(host, vrid, gap);
    },
    announced(world, host) {
      return isSettled(world) ? `${host.name} announces without cause` : undefined;
    },
  };
}

/** Unicast peers get a packet each. */
function destinationOf(packet: Uint8Array): IpAddress {
  return (packet[0] ?? 0) >> 4 === 4 ? ipFromBytes(packet, 16, 4) : ipFromBytes(packet, 24, 16);
}

function tooMuch(host: Host, vrid: number, gap: number): string | undefined {
  const settings = host.settings.instances.find((one) => one.vrid === vrid);
  const state = settings && host.views.get(settings.name)?.state;
  if (settings === undefined || state !== 'MASTER') return `${host.name} sends as ${state}`;
  if (gap === 0 && host.claims.hasArrived && settings.checksum === 'auto') return undefined;
  return gap < settings.advertisementInterval / 2
    ? `${host.name} sends ${gap} us after its last advertisement`
    : undefined;
}
