/**
 * Counters of the protocol as one flat array that may be shared memory: the protocol thread adds, any
 * other thread reads, no message is sent. Names are those of the leaves of RFC 8347 where one exists.
 * There is a row for each instance, and row 0 for packets that belong to none.
 *
 * The leaves of RFC 8347 count accepted packets with a warning together with refused ones; where a
 * reason can be either, `-discards` counts the refusals only.
 */
import { at } from '../../net/assert.ts';

export const COUNTERS = [
  'master-transitions',
  'advertisement-rcvd',
  'advertisement-sent',
  'priority-zero-pkts-rcvd',
  'priority-zero-pkts-sent',
  'checksum-errors',
  'version-errors',
  'vrid-errors',
  'ip-ttl-errors',
  'interval-errors',
  'invalid-type-pkts-rcvd',
  'address-list-errors',
  'packet-length-errors',
  'auth-type-mismatches',
  'auth-failures',
  'unknown-peers',
  'delivery-mismatches',
  'own-packets',
  'owner-conflicts',
  'priority-conflicts',
  'checksum-form-changes',
  'announcements-sent',
  'addresses-restored',
  'address-conflicts',
  'stalls',
  'interval-discards',
  'address-list-discards',
  'owner-conflict-discards',
  'dual-master-seconds',
  'routes-restored',
  'routes-refused',
  'version-2-copies',
  'send-failures',
  'carp-packets',
  'peer-source-refused',
  'peer-length-refused',
  'peer-version-refused',
  'peer-key-refused',
  'peer-authentication-refused',
  'peer-malformed-refused',
  'peer-replay-refused',
  'peer-unproven-refused',
  'hmac-verified',
  'hmac-missing',
  'hmac-missing-discards',
  'hmac-malformed',
  'hmac-unknown-keys',
  'hmac-stale',
  'hmac-failures',
  'hmac-replays',
] as const;

export type CounterName = (typeof COUNTERS)[number];

export const COUNTER: { readonly [Name in CounterName]: number } = Object.fromEntries(
  COUNTERS.map((name, index) => [name, index]),
) as { [Name in CounterName]: number };

const NONE = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<CounterName, number>;

/** Row of packets that belong to no instance. */
export const GLOBAL_ROW = 0;

/** Length of the array for this number of instances. */
export function countersLength(instances: number): number {
  return (instances + 1) * COUNTERS.length;
}

export class CounterTable {
  readonly values: Float64Array;

  constructor(values: Float64Array) {
    this.values = values;
  }

  /** `row`: `GLOBAL_ROW`, or 1 + the position of the instance. */
  add(row: number, counter: CounterName, amount = 1): void {
    const index = row * COUNTERS.length + COUNTER[counter];
    this.values[index] = at(this.values, index) + amount;
  }

  read(row: number, counter: CounterName): number {
    return at(this.values, row * COUNTERS.length + COUNTER[counter]);
  }

  /** Clears the row for another instance. */
  reset(row: number): void {
    this.values.fill(0, row * COUNTERS.length, (row + 1) * COUNTERS.length);
  }

  row(row: number): Record<CounterName, number> {
    // A copy: making the fields one by one takes four times as long, and a scrape reads hundreds of rows.
    const counters = { ...NONE };
    for (const name of COUNTERS) counters[name] = this.read(row, name);
    return counters;
  }
}
