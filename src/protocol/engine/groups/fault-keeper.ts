/**
 * Tracks the reasons for FAULT of every router and moves it into FAULT and out of it. A reason of one
 * member of a sync group is a reason for all other members.
 */
import type { VrrpEvent } from '../../../../fsm/vrrp/model.ts';
import { guards } from '../../../../fsm/vrrp/rules.ts';
import { type Instant, microseconds, seconds } from '../../../net/time.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { LinkTable } from '../links.ts';
import type { Restarts } from '../router/restarts.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { FaultReason, IpvsFault } from '../view.ts';
import { faultEvents, faultsOf } from './faults.ts';
import type { SyncGroups } from './sync-groups.ts';
import type { Tracking } from './tracking.ts';

/** Doubled by each further refusal: a retry that fails disturbs the peer with a takeover. */
const RETRY_AFTER = seconds(5);
const RETRY_AFTER_MAX = seconds(60);

function isStillMaster({ context }: VirtualRouter, event: VrrpEvent): boolean {
  return guards.isStillMaster({ context, event });
}

interface FaultKeeperParts {
  readonly routers: RouterTable;
  readonly links: LinkTable;
  readonly transitions: Transitions;
  readonly groups: SyncGroups;
  readonly restarts: Restarts;
  readonly tracking: Tracking;
}

export class FaultKeeper {
  readonly #routers: RouterTable;
  readonly #links: LinkTable;
  readonly #transitions: Transitions;
  readonly #groups: SyncGroups;
  readonly #restarts: Restarts;
  readonly #tracking: Tracking;
  /** Reasons without those of its sync group. */
  readonly #own = new WeakMap<VirtualRouter, readonly FaultReason[]>();

  constructor({ routers, links, transitions, groups, restarts, tracking }: FaultKeeperParts) {
    this.#routers = routers;
    this.#links = links;
    this.#transitions = transitions;
    this.#groups = groups;
    this.#restarts = restarts;
    this.#tracking = tracking;
  }

  /** Starts the router: its reasons have consequences only after this. */
  start(router: VirtualRouter, now: Instant): void {
    router.since = now;
    this.#transitions.changed.add(router);
    const start = this.#restarts.eventFor(router, now);
    const resumes = start.type === 'restarted' && isStillMaster(router, start);
    if (!resumes) this.#endContinuation(router, now);
    const [reason] = router.faults;
    const event = reason === undefined ? start : { type: faultEvents(reason).raised };
    router.keepsFormer = this.#restarts.keepsAddresses(router);
    this.#transitions.apply(router, event, now);
  }

  /** Ends a turn: a router that is no longer MASTER continues nothing. */
  settle(routers: Iterable<VirtualRouter>, now: Instant): void {
    for (const router of routers) {
      if (router.isMaster || router.state === 'initialize') continue;
      this.#endContinuation(router, now);
    }
  }

  #endContinuation(router: VirtualRouter, now: Instant): void {
    if (!router.continues) return;
    router.continues = false;
    this.#tracking.reassess(router, now);
    this.update(router, now);
  }

  update(router: VirtualRouter, now: Instant): void {
    const before = this.#own.get(router) ?? [];
    const own = faultsOf(router, this.#links, this.#routers.virtualOn(router.settings.interface));
    this.#own.set(router, own);
    this.#judge(router, now);
    if (before.length > 0 === own.length > 0) return;
    for (const sibling of this.#groups.siblingsOf(router)) this.#judge(sibling, now);
  }

  /** The kernel has refused a VIP, a link or a socket: FAULT until the retry. */
  refuse(router: VirtualRouter, reason: FaultReason, now: Instant): void {
    const isNew = router.refused === undefined;
    router.refused = reason;
    const delay = Math.min(RETRY_AFTER * 2 ** router.refusals, RETRY_AFTER_MAX);
    this.#transitions.retryLater(router, now, microseconds(delay));
    this.update(router, now);
    // Only after the resignation: `mustProve` would suppress it, and the peers have heard it advertise.
    if (isNew) router.refusals++;
  }

  /** What IPVS lacks for this router; null: nothing. */
  setIpvsFault(router: VirtualRouter | undefined, fault: IpvsFault | null, now: Instant): void {
    if (router === undefined) return;
    router.ipvsFault = fault ?? undefined;
    this.update(router, now);
  }

  #judge(router: VirtualRouter, now: Instant): void {
    const before = router.faults;
    const faults = this.#faultsOf(router);
    const raised = faults.find((reason) => !before.includes(reason));
    const cleared = before.find((reason) => !faults.includes(reason));
    if (raised === undefined && cleared === undefined) return;
    router.faults = faults;
    this.#transitions.changed.add(router);
    if (router.state === 'initialize') return;
    if (raised !== undefined && router.state !== 'fault') {
      this.#transitions.apply(router, { type: faultEvents(raised).raised }, now);
    } else if (cleared !== undefined) {
      const type = faultEvents(cleared).cleared;
      this.#transitions.apply(router, { type, remaining: faults.length }, now);
    }
  }

  #faultsOf(router: VirtualRouter): FaultReason[] {
    const faults = [...(this.#own.get(router) ?? []), ...router.groupTrackFaults];
    const siblings = this.#groups.siblingsOf(router);
    const hasFaultySibling = siblings.some((one) => (this.#own.get(one)?.length ?? 0) > 0);
    if (hasFaultySibling && router.group !== undefined) faults.push(`group:${router.group}`);
    return faults;
  }
}
