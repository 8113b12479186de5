/**
 * The last moments of a hand-over. A successor advertises first and announces the addresses a little
 * later (keepalived 2.2.7: up to 3 ms, while it adds them); until then hosts still send here. Its
 * gratuitous ARP, which comes later than any answer from here to an earlier question, settles it.
 *
 * DEVIATION: RFC 9568 section 6.4.3 has nobody serve an address beside the Active router. Here both
 * do, for that time, where the successor's advertisement was awaited.
 */
import type { VrrpEvent } from '../../../../fsm/vrrp/model.ts';
import { milliseconds } from '../../../net/time.ts';
import type { VirtualRouter } from './virtual-router.ts';

export const PARTING = milliseconds(10);

/** The router has just left the state because of the event; answers whether it goes on serving. */
export function parts(
  router: VirtualRouter,
  from: VirtualRouter['state'],
  event: VrrpEvent,
): boolean {
  if (from !== 'holding.releasing' || event.type !== 'advertisement' || router.holds) return false;
  // Two stations with the virtual MAC confuse every switch. And an address of IPv6 that two have is
  // refused to the one that looks for duplicates (RFC 4862 section 5.4.3).
  return router.settings.virtualMac === undefined && router.family === 'ipv4';
}
