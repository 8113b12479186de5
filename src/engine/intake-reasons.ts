/**
 * Reasons for which a received packet is refused, and oddities that do not refuse it. The names
 * are those of RFC 8347 where it has one; logs, metrics, counters and `decode` share them.
 */
export const DISCARD_REASONS = [
  'packet-length-error',
  'ip-ttl-error',
  'version-error',
  'invalid-type',
  'checksum-error',
  'vrid-error',
  'address-count-zero',
  'address-list-error',
  'interval-error',
  'auth-type-mismatch',
  'auth-failure',
  'owner-conflict',
  'unknown-peer',
  'delivery-mismatch',
  'own-packet',
] as const;

export type DiscardReason = (typeof DISCARD_REASONS)[number];

/** `interval-error`: the sender's interval differs (version 3 adopts it). */
export type PacketWarning =
  | 'interval-error'
  | 'address-list-error'
  | 'owner-conflict'
  | 'priority-conflict'
  | 'checksum-form-changed';
