/**
 * A MASTER that was paused longer than a peer waits does not continue as MASTER: it releases its VIPs
 * and listens before it advertises or announces anything.
 */
import { shortestMasterDownInterval } from '../../../fsm/vrrp/timing.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import type { Host } from '../host.ts';
import { isGreeting } from './addresses.ts';
import type { Invariant } from './invariant.ts';

export function listensAfterStall(): Invariant {
  return {
    name: 'listens after a stall',
    check: () => undefined,
    sent(_world, host, packet) {
      const offset = (packet[0] ?? 0) >> 4 === 4 ? 20 : 40;
      const settings = host.settings.instances.find((one) => one.vrid === packet[offset + 1]);
      return settings && continuesAsMaster(host, settings)
        ? `${host.name} advertises without listening first`
        : undefined;
    },
    announced(_world, host, frame) {
      if (isGreeting(host, frame)) return undefined;
      const continues = host.settings.instances.every((one) => continuesAsMaster(host, one));
      return continues ? `${host.name} announces without listening first` : undefined;
    },
  };
}

/** Has been MASTER since before a pause that was too long. */
function continuesAsMaster({ lastPause, views }: Host, settings: InstanceSettings): boolean {
  const view = views.get(settings.name);
  if (lastPause === undefined || view?.state !== 'MASTER') return false;
  const { version, advertisementInterval } = settings;
  const length = lastPause.to - lastPause.from;
  const isTooLong = length >= shortestMasterDownInterval(version, advertisementInterval);
  return isTooLong && view.since < lastPause.from;
}
