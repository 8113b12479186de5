/**
 * The VIPs are there exactly while the router is MASTER, but for what somebody else has just done
 * to them; and no VIP is announced that is not there.
 */
import type { InstanceSettings } from '../../../src/engine/settings.ts';
import { decodeFrame } from '../../../src/wire/frame.ts';
import type { Host } from '../host.ts';
import { MONITOR_DELAY } from '../kernel.ts';
import { REACTION_TIME } from '../world.ts';
import type { Invariant } from './invariant.ts';

/** Until a change by somebody else has been noticed and answered. */
const NOTICE_TIME = MONITOR_DELAY + REACTION_TIME;

/** A refused removal is tried again after this time. */
const REMOVAL_RETRY_TIME = 500_000 + REACTION_TIME;

export function addressesFollowState(): Invariant {
  return {
    name: 'VIPs exactly while MASTER',
    check(world) {
      const allowed = world.hasRefused ? REMOVAL_RETRY_TIME + NOTICE_TIME : NOTICE_TIME;
      if (world.clock.now - world.disturbedAt <= allowed) return undefined;
      for (const { host, settings, view } of world.rows()) {
        if (host.kernel.refuses === 'remove') continue;
        const wrong = misplaced(host, settings, view.state === 'MASTER');
        if (wrong !== undefined) return `${host.name} is ${view.state} and ${wrong}`;
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

function misplaced(host: Host, settings: InstanceSettings, isMaster: boolean): string | undefined {
  for (const { interface: name, address, prefixLength } of settings.addresses) {
    const present = host.kernel.has(name, address, prefixLength);
    if (isMaster && !present) return `lacks ${address}`;
    if (!isMaster && present) return `has ${address}`;
  }
  return undefined;
}
