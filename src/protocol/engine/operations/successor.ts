/** Whether one certain peer would be the one to take over. */
import type { IpAddress } from '../../../net/address.ts';
import type { OperatorAnswer } from '../requests.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';

type Refused = Extract<OperatorAnswer, { readonly outcome: 'refused' }>;

/**
 * Undefined: as far as can be known, `to` takes over. Unicast peers are listed; of a multicast
 * segment only those who were MASTER at some time are known.
 */
export function whyNotTo(router: VirtualRouter, to: IpAddress): Refused | undefined {
  const peers = router.settings.unicast?.peers.map((peer) => peer.address);
  if (peers === undefined) return whyNotToHeard(router, to, router.heard.others(to));
  if (!peers.includes(to)) {
    return refused('unknown-peer', `${to} is no unicast peer; there are: ${peers.join(', ')}`);
  }
  const others = peers.filter((peer) => peer !== to);
  return others.length === 0 ? undefined : whyNotToHeard(router, to, others);
}

function whyNotToHeard(
  { heard }: VirtualRouter,
  to: IpAddress,
  others: readonly IpAddress[],
): Refused | undefined {
  const own = heard.priorityOf(to);
  if (own === undefined) {
    const message = `${to} has not been heard since the start: a BACKUP is silent, and its priority is not known`;
    return refused('unknown-peer', message);
  }
  for (const other of others) {
    const priority = heard.priorityOf(other);
    if (priority === undefined) {
      const message = `${other} has not been heard since the start: it may win against ${to}`;
      return refused('another-wins', message);
    }
    if (priority < own) continue;
    return refused('another-wins', `${other} has priority ${priority}, ${to} has ${own}`);
  }
  return undefined;
}

function refused(code: Refused['code'], message: string): Refused {
  return { outcome: 'refused', code, message };
}
