/**
 * A router whose process was killed while it was MASTER is MASTER again as soon as another process has
 * started in time, if the kernel still has its VIPs; and never if a peer may have taken over by then.
 */
import { shortestMasterDownInterval } from '../../../fsm/vrrp/timing.ts';
import { addressBits, familyOf } from '../../../src/net/address.ts';
import { elapsed, type Instant } from '../../../src/net/time.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import type { Host } from '../host.ts';
import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';

/** From the decision to send to the packet, and from the start to the decision. */
const IMPRECISION = 1_000;

export function resumesInTime(): Invariant {
  /** The last advertisement of each router, on the clock of its host; absent after priority 0. */
  const sentAt = new Map<string, Instant>();
  const starts = new Map<Host, number>();
  return {
    name: 'resumes in time',
    sent(_world, host, packet) {
      const offset = (packet[0] ?? 0) >> 4 === 4 ? 20 : 40;
      const settings = host.settings.instances.find((one) => one.vrid === packet[offset + 1]);
      if (settings === undefined) return undefined;
      if (packet[offset + 2] === 0) sentAt.delete(keyOf(host, settings));
      else sentAt.set(keyOf(host, settings), host.now);
      return undefined;
    },
    check(world) {
      for (const host of world.hosts) {
        if (starts.get(host) === host.starts) continue;
        starts.set(host, host.starts);
        for (const settings of host.settings.instances) {
          const wrong = judge(world, host, settings, (one) => sentAt.get(keyOf(host, one)));
          if (wrong !== undefined) return `${host.name} ${settings.name}: ${wrong}`;
        }
      }
      return undefined;
    },
  };
}

function judge(
  world: World,
  host: Host,
  settings: InstanceSettings,
  sentAt: (one: InstanceSettings) => Instant | undefined,
): string | undefined {
  const { lastWords } = host;
  const state = host.views.get(settings.name)?.state;
  if (lastWords === undefined || state === undefined || settings.priority === 255) return undefined;
  const members = membersOf(host, settings);
  const silences = members.map((one) => {
    const at = sentAt(one);
    return at === undefined ? Number.POSITIVE_INFINITY : elapsed(at, host.now);
  });
  const limits = members.map((one) =>
    shortestMasterDownInterval(one.version, one.advertisementInterval),
  );
  const limit = Math.min(...limits);
  if (state === 'MASTER') {
    // What it has sent in this turn is the last thing that it has sent.
    const before = lastWords.views.get(settings.name)?.state;
    return before === 'MASTER' && host.resumes ? undefined : `is MASTER and was ${before}`;
  }
  const wasMaster = members.every((one) => {
    const view = lastWords.views.get(one.name);
    return view?.state === 'MASTER' && !view.releasing;
  });
  const hasAll = members.every((one) => hasVips(host, one));
  const isExpected = wasMaster && hasAll && host.resumes && lastWords.settings === host.settings;
  const isInTime = Math.max(...silences) < limit - IMPRECISION;
  if (!isExpected || !isInTime || state === 'FAULT' || world.hasRefused) return undefined;
  return `is ${state} ${Math.max(...silences)} us after its last advertisement as MASTER`;
}

function membersOf({ settings }: Host, instance: InstanceSettings): readonly InstanceSettings[] {
  const group = settings.syncGroups.find(({ instances }) => instances.includes(instance.name));
  if (group === undefined) return [instance];
  return settings.instances.filter(({ name }) => group.instances.includes(name));
}

/** With the mark of the agent, and usable. */
function hasVips({ kernel }: Host, { addresses, extraAddresses }: InstanceSettings): boolean {
  return [...addresses, ...extraAddresses].every(({ interface: name, address }) =>
    kernel.hasMarked(name, address, addressBits(familyOf(address))),
  );
}

function keyOf(host: Host, { family, vrid }: InstanceSettings): string {
  return `${host.number} ${family} ${vrid}`;
}
