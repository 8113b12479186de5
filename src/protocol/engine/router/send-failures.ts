/**
 * Messages that the kernel refused to send. A MASTER that is not heard gets a second MASTER beside it,
 * so every failure is reported: a local firewall, an advertisement larger than the MTU.
 */
import { isPowerOfTwo } from '../../../net/power-of-two.ts';
import { elapsed, type Instant, seconds } from '../../../net/time.ts';
import { type CounterTable, GLOBAL_ROW } from '../counters.ts';
import type { Input } from '../inputs.ts';
import type { Outbox } from '../outbox.ts';

/** The link is down or gone, which the kernel reports by itself. */
const LINK_ERRORS: readonly string[] = ['ENETDOWN', 'ENODEV', 'ENXIO', 'EBADF'];

/** Longer than any advertisement interval: a failure after that starts a new count. */
const OVER_AFTER = seconds(300);

interface Failure {
  count: number;
  last: Instant;
}

export class SendFailures {
  readonly #counters: CounterTable;
  readonly #outbox: Outbox;
  readonly #failures = new Map<string, Failure>();

  constructor(counters: CounterTable, outbox: Outbox) {
    this.#counters = counters;
    this.#outbox = outbox;
  }

  add({ errno, count }: Extract<Input, { readonly kind: 'send.failed' }>, now: Instant): void {
    if (LINK_ERRORS.includes(errno)) return;
    this.#counters.add(GLOBAL_ROW, 'send-failures', count);
    const known = this.#failures.get(errno);
    const isOver = known === undefined || elapsed(known.last, now) > OVER_AFTER;
    const before = isOver ? 0 : known.count;
    this.#failures.set(errno, { count: before + count, last: now });
    for (let total = before + 1; total <= before + count; total++) {
      if (isPowerOfTwo(total)) this.#outbox.report({ kind: 'send-failed', errno, count: total });
    }
  }
}
