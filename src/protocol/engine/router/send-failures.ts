/**
 * Messages that the kernel refused to send. A MASTER that is not heard gets a second MASTER beside it,
 * so every failure is reported: a local firewall, an advertisement larger than the MTU.
 */
import { masterDownInterval } from '../../../../fsm/vrrp/timing.ts';
import { elapsed, type Instant } from '../../../net/time.ts';
import type { Outbox } from '../core/outbox.ts';
import { Recurrence } from '../core/recurrence.ts';
import type { RouterTable } from '../core/router-table.ts';
import { type CounterTable, GLOBAL_ROW } from '../counters.ts';
import type { Input } from '../inputs.ts';
import type { LinkTable } from '../links.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** The link is down or gone, which the kernel reports by itself. */
const LINK_ERRORS: readonly string[] = ['ENETDOWN', 'ENODEV', 'ENXIO', 'EBADF'];

const NO_RECEIVER: readonly number[] = [];

export class SendFailures {
  readonly #counters: CounterTable;
  readonly #outbox: Outbox;
  readonly #routers: RouterTable;
  readonly #links: LinkTable;
  readonly #failures = new Recurrence();

  constructor(counters: CounterTable, outbox: Outbox, routers: RouterTable, links: LinkTable) {
    this.#links = links;
    this.#counters = counters;
    this.#outbox = outbox;
    this.#routers = routers;
  }

  add(
    { errno, count, unheard = NO_RECEIVER }: Extract<Input, { readonly kind: 'send.failed' }>,
    now: Instant,
  ): void {
    if (LINK_ERRORS.includes(errno)) return;
    const senders = unheard.flatMap((position) => this.#routers.at(position) ?? []);
    // Of a link that is administratively down, the kernel says that there is no route (ENETUNREACH).
    const unsent = senders.filter((router) => this.#hasLink(router));
    if (senders.length > 0 && unsent.length === 0) return;
    for (const router of unsent) {
      router.unsent = { since: router.unsent?.since ?? now, lastAt: now };
    }
    this.#counters.add(GLOBAL_ROW, 'send-failures', count);
    for (const total of this.#failures.add(errno, now, count)) {
      this.#outbox.report({ kind: 'send-failed', errno, count: total });
    }
  }

  #hasLink({ index }: VirtualRouter): boolean {
    const link = index === undefined ? undefined : this.#links.byIndex(index);
    return link?.attributes.running === true;
  }
}

/** A new advertisement is about to be sent: the former one was if no failure has been reported since. */
export function forgetFailures(router: VirtualRouter, now: Instant): void {
  const { unsent, lastSentAt } = router;
  if (unsent !== undefined && lastSentAt < now && unsent.lastAt < lastSentAt) {
    router.unsent = undefined;
  }
}

/**
 * True if the host has refused every advertisement for a Master_Down_Interval, and so the last one: by
 * then each BACKUP that heard the router before has taken over.
 */
export function isUnheard(router: VirtualRouter, now: Instant): boolean {
  const { unsent, lastSentAt, context } = router;
  if (unsent === undefined || unsent.lastAt < lastSentAt) return false;
  const { version, priority, advertisementInterval } = context;
  const interval = masterDownInterval(version, priority, advertisementInterval);
  return elapsed(unsent.since, now) >= interval;
}
