/**
 * What the kernel would not send. A MASTER that is not heard is followed by another one, so that it has
 * to be told of, whatever the reason: a local firewall, an advertisement longer than the link takes.
 */
import { type CounterTable, GLOBAL_ROW } from './counters.ts';
import type { Input } from './inputs.ts';
import type { Outbox } from './outbox.ts';
import { isWorthTelling } from './reception.ts';

/** The link is down or gone, which the kernel tells of by itself. */
const OF_THE_LINK: readonly string[] = ['ENETDOWN', 'ENODEV', 'ENXIO', 'EBADF'];

export function noteSendFailure(
  { errno, count }: Extract<Input, { readonly kind: 'send.failed' }>,
  counters: CounterTable,
  outbox: Outbox,
): void {
  if (OF_THE_LINK.includes(errno)) return;
  for (let left = count; left > 0; left--) {
    counters.add(GLOBAL_ROW, 'send-failures');
    const total = counters.read(GLOBAL_ROW, 'send-failures');
    if (isWorthTelling(total)) outbox.report({ kind: 'send-failed', errno, count: total });
  }
}
