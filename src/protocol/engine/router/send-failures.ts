/**
 * What the kernel would not send. A MASTER that is not heard is followed by another one, so that it has
 * to be told of, whatever the reason: a local firewall, an advertisement longer than the link takes.
 */

import { isPowerOfTwo } from '../../../net/power-of-two.ts';
import { elapsed, type Instant, seconds } from '../../../net/time.ts';
import { type CounterTable, GLOBAL_ROW } from '../counters.ts';
import type { Input } from '../inputs.ts';
import type { Outbox } from '../outbox.ts';

/** The link is down or gone, which the kernel tells of by itself. */
const OF_THE_LINK: readonly string[] = ['ENETDOWN', 'ENODEV', 'ENXIO', 'EBADF'];

/** Longer than any interval of advertisements: what fails after that is news again. */
const OVER_AFTER = seconds(300);

interface Trouble {
  count: number;
  last: Instant;
}

export class SendFailures {
  readonly #counters: CounterTable;
  readonly #outbox: Outbox;
  readonly #troubles = new Map<string, Trouble>();

  constructor(counters: CounterTable, outbox: Outbox) {
    this.#counters = counters;
    this.#outbox = outbox;
  }

  note({ errno, count }: Extract<Input, { readonly kind: 'send.failed' }>, now: Instant): void {
    if (OF_THE_LINK.includes(errno)) return;
    this.#counters.add(GLOBAL_ROW, 'send-failures', count);
    const known = this.#troubles.get(errno);
    const isOver = known === undefined || elapsed(known.last, now) > OVER_AFTER;
    const before = isOver ? 0 : known.count;
    this.#troubles.set(errno, { count: before + count, last: now });
    for (let total = before + 1; total <= before + count; total++) {
      if (isPowerOfTwo(total)) this.#outbox.report({ kind: 'send-failed', errno, count: total });
    }
  }
}
