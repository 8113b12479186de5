/** Carries out operators' requests. Each request gets one answer, a report with the same number. */
import type { Instant } from '../../../net/time.ts';
import { isOwner } from '../../../net/vrrp.ts';
import type { AddressKeeper } from '../addresses/address-keeper.ts';
import type { Outbox } from '../core/outbox.ts';
import type { FaultKeeper } from '../groups/fault-keeper.ts';
import type { SyncGroups } from '../groups/sync-groups.ts';
import type { Input } from '../inputs.ts';
import type { OperatorAnswer, OperatorRequest, RefusalCode } from '../requests.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import { HandOvers } from './hand-over.ts';
import { whyNotTo } from './successor.ts';

type OperatorInput = Extract<Input, { readonly kind: 'request' | 'restore' }>;
type Restored = Extract<Input, { readonly kind: 'restore' }>;
type HandOverRequest = Extract<OperatorRequest, { readonly type: 'failover' | 'maintenance-on' }>;

interface OperationsParts {
  readonly transitions: Transitions;
  readonly keeper: AddressKeeper;
  readonly outbox: Outbox;
  readonly faults: FaultKeeper;
  readonly groups: SyncGroups;
}

const DONE: OperatorAnswer = { outcome: 'done' };

export class Operations {
  readonly #transitions: Transitions;
  readonly #outbox: Outbox;
  readonly #handOvers: HandOvers;
  readonly #faults: FaultKeeper;
  readonly #groups: SyncGroups;

  constructor({ transitions, keeper, outbox, faults, groups }: OperationsParts) {
    this.#transitions = transitions;
    this.#outbox = outbox;
    this.#faults = faults;
    this.#groups = groups;
    this.#handOvers = new HandOvers(transitions, keeper, {
      membersOf: (router) => groups.membersOf(router),
      enterMaintenance: (router, now) => this.#setMaintenance(router, true, now),
      answer: (id, answer) => this.#answer(id, answer),
    });
  }

  /** `router` is undefined if no router has the name. */
  take(input: OperatorInput, router: VirtualRouter | undefined, now: Instant): void {
    if (input.kind === 'restore') {
      if (router !== undefined) this.#restore(router, input, now);
      return;
    }
    const answer =
      router === undefined
        ? refused('unknown-instance', 'there is no such instance')
        : this.#do(input.id, router, input.request, now);
    if (answer !== undefined) this.#answer(input.id, answer);
  }

  /** Ends a turn: answers the hand-overs that have ended. */
  settle(now: Instant): void {
    this.#handOvers.settle(now);
  }

  #restore(router: VirtualRouter, { maintenance, heldBack }: Restored, now: Instant): void {
    if (heldBack) this.#transitions.apply(router, { type: 'inhibit-preemption' }, now);
    this.#setMaintenance(router, maintenance, now);
  }

  /** Undefined: the answer follows later. */
  #do(
    id: number,
    router: VirtualRouter,
    request: OperatorRequest,
    now: Instant,
  ): OperatorAnswer | undefined {
    switch (request.type) {
      case 'priority':
        return this.#override(router, request.priority, now);
      case 'failover':
      case 'maintenance-on':
        return this.#handOver(id, router, request, now);
      case 'release':
        return this.#release(router, now);
      case 'maintenance-off':
        return this.#endMaintenance(router, now);
    }
  }

  /**
   * Applies to every member of the sync group, so that all stay in the same order among the
   * directors.
   */
  #override(router: VirtualRouter, priority: number | null, now: Instant): OperatorAnswer {
    if (isOwner(router.priority.configured)) {
      return refused('owner', 'it owns its addresses: its priority is always 255');
    }
    const reason = priority === null ? 'override ended' : 'override';
    for (const member of this.#groups.membersOf(router)) {
      member.priority.setOverride(priority ?? undefined);
      this.#transitions.reprioritize(member, reason, now);
    }
    return DONE;
  }

  #handOver(
    id: number,
    router: VirtualRouter,
    request: HandOverRequest,
    now: Instant,
  ): OperatorAnswer | undefined {
    const isMaintenance = request.type === 'maintenance-on';
    switch (router.state) {
      case 'initialize':
        return refused('not-running', 'it is INIT: it has not started, or is stopping');
      case 'fault':
      case 'backup.listening':
      case 'backup.delaying':
      case 'backup.ready':
      case 'backup.asking':
      case 'backup.allowed':
        return this.#stayAway(router, isMaintenance, request.force, now);
      case 'holding.releasing':
        if (this.#handOvers.isRunning(router)) break;
        return refused('not-running', 'it is stopping');
      case 'holding.master':
        break;
    }
    const refusal = whyNot(router, request);
    if (refusal !== undefined) return refusal;
    this.#handOvers.begin(id, router, request, isMaintenance, now);
    return undefined;
  }

  /** Not MASTER, so there is nothing to hand over; only keeps it from becoming MASTER. */
  #stayAway(
    router: VirtualRouter,
    isMaintenance: boolean,
    force: boolean,
    now: Instant,
  ): OperatorAnswer {
    const { master } = router;
    if (router.isBackup && master === null && !force) {
      const message = 'it is BACKUP, and no MASTER has been heard yet';
      return refused('no-master', message);
    }
    if (isMaintenance) this.#setMaintenance(router, true, now);
    else this.#applyToGroup(router, 'inhibit-preemption', now);
    return { outcome: 'not-master', master };
  }

  #release(router: VirtualRouter, now: Instant): OperatorAnswer {
    if (this.#handOvers.isRunning(router)) return HANDING_OVER;
    this.#applyToGroup(router, 'allow-preemption', now);
    return DONE;
  }

  #endMaintenance(router: VirtualRouter, now: Instant): OperatorAnswer {
    if (this.#handOvers.isRunning(router)) return HANDING_OVER;
    this.#applyToGroup(router, 'allow-preemption', now);
    this.#setMaintenance(router, false, now);
    return DONE;
  }

  /** Applies to every member of the sync group. */
  #applyToGroup(
    router: VirtualRouter,
    type: 'inhibit-preemption' | 'allow-preemption',
    now: Instant,
  ): void {
    for (const member of this.#groups.membersOf(router)) {
      this.#transitions.apply(member, { type }, now);
      this.#transitions.changed.add(member);
    }
  }

  #setMaintenance(router: VirtualRouter, maintenance: boolean, now: Instant): void {
    router.maintenance = maintenance;
    this.#transitions.changed.add(router);
    this.#faults.update(router, now);
  }

  #answer(id: number, answer: OperatorAnswer): void {
    this.#outbox.report({ kind: 'answer', id, answer });
  }
}

const HANDING_OVER = refused('in-progress', 'a hand-over is under way');

function whyNot(router: VirtualRouter, request: HandOverRequest): OperatorAnswer | undefined {
  if (request.force) return undefined;
  if (isOwner(router.priority.configured)) {
    const message =
      'it owns its addresses: the interface may need them itself, and any router that takes over yields to it again';
    return refused('owner', message);
  }
  if (request.type !== 'failover' || request.to === null) return undefined;
  return whyNotTo(router, request.to);
}

function refused(code: RefusalCode, message: string): OperatorAnswer {
  return { outcome: 'refused', code, message };
}
