/**
 * The end of a hand-over. A successor advertises first and announces the addresses a little later
 * (keepalived 2.2.7: up to 3 ms, while it adds them); until then hosts still send here. Its
 * gratuitous ARP arrives after any answer from here to an earlier request, and so prevails.
 *
 * DEVIATION: in RFC 9568 section 6.4.3 only the Active router serves an address. Here both routers
 * do, for this time, where the successor's advertisement was awaited.
 */
import type { VrrpEvent, VrrpState } from '../../../../fsm/vrrp/model.ts';
import { milliseconds } from '../../../net/time.ts';
import type { VirtualRouter } from './virtual-router.ts';

export const HANDOVER_OVERLAP = milliseconds(10);

/** True if the router, which has just left `from` because of the event, serves for the overlap. */
export function keepsServing(router: VirtualRouter, from: VrrpState, event: VrrpEvent): boolean {
  const isSucceeded = event.type === 'advertisement' || event.type === 'successor-serves';
  if (from !== 'holding.releasing' || !isSucceeded || router.isMaster) return false;
  // Two hosts with the virtual MAC confuse every switch, and a successor that runs duplicate address
  // detection (RFC 4862 section 5.4.3) loses an IPv6 address that is still used here.
  return router.settings.virtualMac === undefined && router.family === 'ipv4';
}
