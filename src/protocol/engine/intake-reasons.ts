import type { CounterName } from './counters.ts';

/**
 * Reasons to refuse a received packet, and warnings about accepted packets. The names are those of
 * RFC 8347 where one exists; logs, metrics, counters and `decode` share them.
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
  'hmac-missing',
  'hmac-malformed',
  'hmac-unknown-key',
  'hmac-stale',
  'hmac-failure',
  'hmac-replay',
  'owner-conflict',
  'unknown-peer',
  'delivery-mismatch',
  'own-packet',
  'carp',
] as const;

export type DiscardReason = (typeof DISCARD_REASONS)[number];

/**
 * `interval-error`: the sender's interval differs (version 3 adopts it). `hmac-missing`: not signed, in a
 * mode that accepts that.
 */
export type PacketWarning =
  | 'hmac-missing'
  | 'interval-error'
  | 'address-list-error'
  | 'owner-conflict'
  | 'priority-conflict'
  | 'checksum-form-changed';

/**
 * The counter of each reason. A leaf of RFC 8347 also counts warnings; where a reason can be either,
 * `refusals` counts the refusals only.
 */
export const DISCARD_COUNTERS: {
  readonly [Reason in DiscardReason]: {
    readonly counter: CounterName;
    readonly refusals?: CounterName;
  };
} = {
  'packet-length-error': { counter: 'packet-length-errors' },
  'ip-ttl-error': { counter: 'ip-ttl-errors' },
  'version-error': { counter: 'version-errors' },
  'invalid-type': { counter: 'invalid-type-pkts-rcvd' },
  'checksum-error': { counter: 'checksum-errors' },
  'vrid-error': { counter: 'vrid-errors' },
  'address-count-zero': { counter: 'address-list-errors', refusals: 'address-list-discards' },
  'address-list-error': { counter: 'address-list-errors', refusals: 'address-list-discards' },
  'interval-error': { counter: 'interval-errors', refusals: 'interval-discards' },
  'auth-type-mismatch': { counter: 'auth-type-mismatches' },
  'auth-failure': { counter: 'auth-failures' },
  'hmac-missing': { counter: 'hmac-missing', refusals: 'hmac-missing-discards' },
  'hmac-malformed': { counter: 'hmac-malformed' },
  'hmac-unknown-key': { counter: 'hmac-unknown-keys' },
  'hmac-stale': { counter: 'hmac-stale' },
  'hmac-failure': { counter: 'hmac-failures' },
  'hmac-replay': { counter: 'hmac-replays' },
  'owner-conflict': { counter: 'owner-conflicts', refusals: 'owner-conflict-discards' },
  'unknown-peer': { counter: 'unknown-peers' },
  'delivery-mismatch': { counter: 'delivery-mismatches' },
  'own-packet': { counter: 'own-packets' },
  carp: { counter: 'carp-packets' },
};

export const WARNING_COUNTERS: { readonly [Warning in PacketWarning]: CounterName } = {
  'hmac-missing': 'hmac-missing',
  'interval-error': 'interval-errors',
  'address-list-error': 'address-list-errors',
  'owner-conflict': 'owner-conflicts',
  'priority-conflict': 'priority-conflicts',
  'checksum-form-changed': 'checksum-form-changes',
};

/** The counter of packets refused for this reason, without warnings. */
export function refusalCounter(reason: DiscardReason): CounterName {
  const { counter, refusals } = DISCARD_COUNTERS[reason];
  return refusals ?? counter;
}

/** Counters of refused packets from other routers, which reveal a misconfigured peer. */
export const REFUSAL_COUNTERS: readonly CounterName[] = [
  ...new Set(DISCARD_REASONS.filter((reason) => reason !== 'own-packet').map(refusalCounter)),
];
