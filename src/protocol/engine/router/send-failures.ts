/**
 * Messages that the kernel refused to send. A MASTER that is not heard gets a second MASTER beside it,
 * so every failure is reported: a local firewall, an advertisement larger than the MTU.
 */
import type { Instant } from '../../../net/time.ts';
import { type CounterTable, GLOBAL_ROW } from '../counters.ts';
import type { Input } from '../inputs.ts';
import type { Outbox } from '../outbox.ts';
import { Recurrence } from '../recurrence.ts';

/** The link is down or gone, which the kernel reports by itself. */
const LINK_ERRORS: readonly string[] = ['ENETDOWN', 'ENODEV', 'ENXIO', 'EBADF'];

export class SendFailures {
  readonly #counters: CounterTable;
  readonly #outbox: Outbox;
  readonly #failures = new Recurrence();

  constructor(counters: CounterTable, outbox: Outbox) {
    this.#counters = counters;
    this.#outbox = outbox;
  }

  add({ errno, count }: Extract<Input, { readonly kind: 'send.failed' }>, now: Instant): void {
    if (LINK_ERRORS.includes(errno)) return;
    this.#counters.add(GLOBAL_ROW, 'send-failures', count);
    for (const total of this.#failures.add(errno, now, count)) {
      this.#outbox.report({ kind: 'send-failed', errno, count: total });
    }
  }
}
