/**
 * Acts on the kernel's answers: VIPs, routes and links that are present or refused, refused
 * sockets.
 */
import { after, type Duration, type Instant, seconds } from '../../../net/time.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { Timers } from '../core/timers.ts';
import type { FaultKeeper } from '../groups/fault-keeper.ts';
import type { Input } from '../inputs.ts';
import type { Listening } from '../router/listening.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { AddressKeeper } from './address-keeper.ts';
import type { Announcer } from './announcer.ts';
import type { Leases } from './leases.ts';
import type { RoutingKeeper } from './routing-keeper.ts';
import type { VirtualLinkAnswer } from './virtual-links.ts';

/** Delay before a failed removal is tried again. */
const REMOVE_RETRY_AFTER: Duration = seconds(0.5);

interface KernelAnswersParts {
  readonly routers: RouterTable;
  readonly timers: Timers;
  readonly keeper: AddressKeeper;
  readonly leases: Leases;
  readonly routing: RoutingKeeper;
  readonly transitions: Transitions;
  readonly listening: Listening;
  readonly faults: FaultKeeper;
  readonly announcer: Announcer;
}

export class KernelAnswers {
  readonly #parts: KernelAnswersParts;

  constructor(parts: KernelAnswersParts) {
    this.#parts = parts;
  }

  changed(input: Extract<Input, { kind: 'kernel.changed' }>, now: Instant): void {
    const { keeper, leases, routing, timers, transitions, faults, announcer } = this.#parts;
    const { id, answers } = input;
    leases.answered(now, input.took);
    for (const { router, outcome } of keeper.answer(input, now)) {
      switch (outcome) {
        case 'present':
          if (router.refusals > 0 && keeper.isComplete(router)) this.#recovered(router, now);
          announcer.addressesArrived(router, now);
          break;
        case 'restored':
          router.announcements.start(now);
          announcer.announce(router, now);
          break;
        case 'removed':
          break;
        case 'add-refused':
          faults.refuse(router, 'address-failed', now);
          break;
        case 'remove-refused':
          timers.set('addresses', router.position, after(now, REMOVE_RETRY_AFTER));
          continue;
      }
      transitions.dirty.add(router);
    }
    for (const [router, outcome] of routing.answer(id, answers, now)) {
      transitions.changed.add(router);
      if (outcome === 'done') transitions.dirty.add(router);
      else if (router.isMaster) transitions.retryLater(router, now);
      else timers.set('addresses', router.position, after(now, REMOVE_RETRY_AFTER));
    }
  }

  /** The router has the VIPs that were refused before, so it may advertise. */
  #recovered(router: VirtualRouter, now: Instant): void {
    router.refusals = 0;
    if (router.isMaster) this.#parts.transitions.advertise(router, now);
  }

  listenFailed(index: number, now: Instant): void {
    const { routers, listening, faults } = this.#parts;
    listening.forget(index);
    for (const router of routers.all) {
      if (router.index === index) faults.refuse(router, 'socket-failed', now);
    }
  }

  linkChanged({ router, outcome }: VirtualLinkAnswer, now: Instant): void {
    const { transitions, faults, announcer } = this.#parts;
    transitions.dirty.add(router);
    if (outcome === 'missing') faults.update(router, now);
    if (outcome === 'refused') faults.refuse(router, 'virtual-mac-failed', now);
    if (outcome !== 'restored') return;
    router.announcements.start(now);
    announcer.announce(router, now);
  }
}
