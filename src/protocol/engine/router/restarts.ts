/**
 * Routers whose former process died as MASTER. Each starts with the event `restarted` if the kernel still
 * has its VIPs, all of them from this program, and those of its sync group; the table decides whether it
 * is in time. One that is not leaves them in place until it knows of a MASTER (`kept-addresses.ts`).
 */
import type { VrrpEvent } from '../../../../fsm/vrrp/model.ts';
import { elapsed, type Instant, longest, NO_TIME } from '../../../net/time.ts';
import { ownFormsOn } from '../addresses/managed-address.ts';
import type { RoutingKeeper } from '../addresses/routing-keeper.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { SyncGroups } from '../groups/sync-groups.ts';
import type { Input } from '../inputs.ts';
import type { LinkTable } from '../links.ts';
import {
  type FormerMastership,
  formerOf,
  type Masterships,
  restoreLearnt,
} from '../masterships.ts';
import type { VirtualRouter } from './virtual-router.ts';

const STARTUP = { type: 'startup' } as const;

type Resumption = Extract<Input, { readonly kind: 'resume' }>;

interface RestartsParts {
  readonly routers: RouterTable;
  readonly links: LinkTable;
  readonly groups: SyncGroups;
  readonly routing: RoutingKeeper;
  readonly masterships: Masterships;
}

export class Restarts {
  readonly #parts: RestartsParts;
  readonly #former = new Map<VirtualRouter, FormerMastership>();
  /** Routers that have not started since, and do not remove the VIPs that they find then. */
  readonly #keeping = new Set<VirtualRouter>();

  constructor(parts: RestartsParts) {
    this.#parts = parts;
  }

  remember({ former, keepsRouting, keepsAddresses = false }: Resumption): void {
    const { routers, routing, masterships } = this.#parts;
    masterships.reset();
    const found = formerOf(
      routers.all.map(({ settings }) => settings),
      former,
    );
    for (const router of routers.all) {
      // With a witness nothing shows that this director may still have them.
      if (keepsAddresses && router.settings.witness !== true) this.#keeping.add(router);
      const one = found.get(router.settings);
      if (one === undefined) continue;
      this.#former.set(router, one);
      router.continues = true;
      restoreLearnt(router, one);
      if (keepsRouting) routing.inherit(router);
    }
  }

  /** The event that starts the router; the links of the kernel are known. */
  eventFor(router: VirtualRouter, now: Instant): VrrpEvent {
    const members = this.#parts.groups.membersOf(router);
    const former = members.map((member) => this.#heldBy(member));
    let silence = NO_TIME;
    for (const one of former) {
      // A time that has not come yet is from another clock.
      if (one === undefined || one.lastSentAt > now) return STARTUP;
      silence = longest(silence, elapsed(one.lastSentAt, now));
    }
    return { type: 'restarted', silence };
  }

  /** Whether the router, which starts now, keeps the VIPs that it finds. */
  keepsAddresses(router: VirtualRouter): boolean {
    return this.#keeping.delete(router);
  }

  #heldBy(router: VirtualRouter): FormerMastership | undefined {
    const former = this.#former.get(router);
    if (former === undefined) return undefined;
    const { links } = this.#parts;
    const isHeld = router.addresses.every((address) =>
      ownFormsOn(links.byName(address.interface), address).some(
        ({ duplicate, tentative }) => !duplicate && !tentative,
      ),
    );
    return isHeld ? former : undefined;
  }
}
