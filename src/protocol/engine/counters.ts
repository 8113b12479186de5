/**
 * Counters of the protocol as one flat array that may live in shared memory: the protocol thread
 * adds, any other thread reads, nobody sends a message. Names are the leaves of RFC 8347 where it
 * has one. A row for each instance, and row 0 for packets that belong to none.
 *
 * The leaves of RFC 8347 count oddities that do not refuse a packet along with those that do;
 * where a reason can be either, `-discards` counts the refusals alone.
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
] as const;

export type CounterName = (typeof COUNTERS)[number];

export const COUNTER: { readonly [Name in CounterName]: number } = Object.fromEntries(
  COUNTERS.map((name, index) => [name, index]),
) as { [Name in CounterName]: number };

/** Row of packets that no instance could be found for. */
export const GLOBAL_ROW = 0;

/** How many numbers an array for this many instances holds. */
export function countersLength(instances: number): number {
  return (instances + 1) * COUNTERS.length;
}

export class CounterTable {
  readonly values: Float64Array;

  constructor(values: Float64Array) {
    this.values = values;
  }

  /** `row` is 0 for the router as a whole, or 1 + the position of the instance. */
  add(row: number, counter: CounterName, amount = 1): void {
    const index = row * COUNTERS.length + COUNTER[counter];
    this.values[index] = at(this.values, index) + amount;
  }

  read(row: number, counter: CounterName): number {
    return at(this.values, row * COUNTERS.length + COUNTER[counter]);
  }

  /** The row is another instance's from now on. */
  reset(row: number): void {
    this.values.fill(0, row * COUNTERS.length, (row + 1) * COUNTERS.length);
  }

  /** All counters of a row by name. */
  row(row: number): Record<CounterName, number> {
    const counters: Partial<Record<CounterName, number>> = {};
    for (const name of COUNTERS) counters[name] = this.read(row, name);
    return counters as Record<CounterName, number>;
  }
}
