/** Which notification of RFC 8347 (module ietf-vrrp) an event is. */
import type { EventFacts, IetfNotification } from '../control/protocol.ts';
import type { DiscardReason } from '../engine/intake-reasons.ts';

/** Identities based on `vrrp-error-global`; the other refusals concern one virtual router. */
const GLOBAL_ERRORS: ReadonlySet<DiscardReason> = new Set([
  'checksum-error',
  'ip-ttl-error',
  'version-error',
  'vrid-error',
]);

/** Identities based on `vrrp-error-virtual-router`. */
const ROUTER_ERRORS: ReadonlySet<DiscardReason> = new Set([
  'address-list-error',
  'interval-error',
  'packet-length-error',
]);

/** Undefined: the module has none for it. */
export function notificationOf(facts: EventFacts): IetfNotification | undefined {
  if (facts.kind === 'transition') {
    return facts.to === 'MASTER' ? 'vrrp-new-master-event' : undefined;
  }
  if (facts.kind !== 'discard') return undefined;
  if (GLOBAL_ERRORS.has(facts.reason)) return 'vrrp-protocol-error-event';
  return ROUTER_ERRORS.has(facts.reason) ? 'vrrp-virtual-router-error-event' : undefined;
}
