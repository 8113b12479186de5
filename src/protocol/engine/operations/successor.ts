/** Decides whether a requested peer would be the one to take over. */
import type { IpAddress } from '../../../net/address.ts';
import type { OperatorAnswer } from '../requests.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';

type Refused = Extract<OperatorAnswer, { readonly outcome: 'refused' }>;

/**
 * Undefined if `to` takes over, as far as this router can know. Unicast peers are configured; on a
 * multicast segment only the peers that were ever MASTER are known.
 */
export function whyNotTo(router: VirtualRouter, to: IpAddress): Refused | undefined {
  const peers = router.settings.unicast?.peers.map((peer) => peer.address);
  if (peers === undefined) return whyNotToHeard(router, to, router.heard.others(to));
  if (!peers.includes(to)) {
    return refused(
      'unknown-peer',
      `${to} is not a unicast peer; the peers are: ${peers.join(', ')}`,
    );
  }
  const others = peers.filter((peer) => peer !== to);
  return others.length === 0 ? undefined : whyNotToHeard(router, to, others);
}

function whyNotToHeard(
  { heard }: VirtualRouter,
  to: IpAddress,
  others: readonly IpAddress[],
): Refused | undefined {
  const expected = heard.priorityOf(to);
  if (expected === undefined) {
    const message = `${to} has not been heard since this agent started: a BACKUP is silent, so its priority is unknown`;
    return refused('unknown-peer', message);
  }
  for (const other of others) {
    const priority = heard.priorityOf(other);
    if (priority === undefined) {
      const message = `${other} has not been heard since this agent started: it may take over instead of ${to}`;
      return refused('another-wins', message);
    }
    if (priority < expected) continue;
    return refused('another-wins', `${other} has priority ${priority}, ${to} has ${expected}`);
  }
  return undefined;
}

function refused(code: Refused['code'], message: string): Refused {
  return { outcome: 'refused', code, message };
}
