/** Whether this host can take over all addresses of a configuration within a Master_Down_Interval. */
import { shortestMasterDownInterval } from '../../fsm/vrrp/timing.ts';
import { measureTakeover, type TakeoverCost } from '../kernel/rtnetlink/takeover-cost.ts';
import type { IpAddress } from '../net/address.ts';
import type { InstanceSettings } from '../protocol/engine/settings.ts';

/** Sentences for `check`. The addresses of all instances may have to move together. */
export function takeoverAdvice(
  instances: readonly InstanceSettings[],
  measure: (links: readonly (readonly IpAddress[])[]) => TakeoverCost | undefined = measureTakeover,
): string[] {
  const links = addressesByLink(instances);
  const total = links.reduce((sum, addresses) => sum + addresses.length, 0);
  const cost = measure(links);
  if (cost === undefined) {
    return [`what a takeover of ${total} addresses takes here is unknown: measuring it needs root`];
  }
  const [fastest] = instances
    .map(({ name, version, advertisementInterval: interval }) => ({
      name,
      downMs: shortestMasterDownInterval(version, interval) / 1_000,
    }))
    .sort((a, b) => a.downMs - b.downMs);
  if (fastest === undefined || cost.milliseconds < fastest.downMs) return [];
  const each = Math.round((cost.milliseconds * 1_000) / Math.max(1, cost.addresses));
  const takes =
    cost.addresses < total
      ? `more than ${Math.round(cost.milliseconds)} ms`
      : `${Math.round(cost.milliseconds)} ms`;
  return [
    `a takeover of all ${total} addresses takes ${takes} here (${each} us for each, measured), and the ` +
      `Master_Down_Interval of ${fastest.name} is ${Math.round(fastest.downMs)} ms: clients wait that much ` +
      'longer. Use fewer addresses on a link, a longer "advertisement_interval", or route a prefix to one VIP',
  ];
}

function addressesByLink(instances: readonly InstanceSettings[]): readonly IpAddress[][] {
  const byLink = new Map<string, IpAddress[]>();
  for (const { addresses, extraAddresses } of instances) {
    for (const { interface: name, address } of [...addresses, ...extraAddresses]) {
      const known = byLink.get(name);
      if (known === undefined) byLink.set(name, [address]);
      else known.push(address);
    }
  }
  return [...byLink.values()];
}
