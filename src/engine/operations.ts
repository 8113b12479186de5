/** Carries out what operators ask for. Each request is answered once, by a report with its number. */
import type { Instant } from '../net/time.ts';
import type { Outbox } from './outbox.ts';
import type { OperatorAnswer, OperatorRequest } from './requests.ts';
import type { Transitions } from './transitions.ts';
import type { VirtualRouter } from './virtual-router.ts';

const DONE: OperatorAnswer = { outcome: 'done' };

export class Operations {
  readonly #transitions: Transitions;
  readonly #outbox: Outbox;

  constructor(transitions: Transitions, outbox: Outbox) {
    this.#transitions = transitions;
    this.#outbox = outbox;
  }

  /** `router` is undefined when there is none of the name. */
  ask(id: number, router: VirtualRouter | undefined, request: OperatorRequest, now: Instant): void {
    this.#answer(id, this.#do(router, request, now));
  }

  #do(router: VirtualRouter | undefined, request: OperatorRequest, now: Instant): OperatorAnswer {
    if (router === undefined) {
      return { outcome: 'refused', code: 'unknown-instance', message: 'there is no such instance' };
    }
    return this.#override(router, request.priority, now);
  }

  #override(router: VirtualRouter, priority: number | null, now: Instant): OperatorAnswer {
    if (router.priority.configured === 255) {
      const message = 'it owns its addresses: its priority is 255 and stays so';
      return { outcome: 'refused', code: 'owner', message };
    }
    router.priority.setOverride(priority ?? undefined);
    const reason = priority === null ? 'override ended' : 'override';
    this.#transitions.reprioritize(router, reason, now);
    return DONE;
  }

  #answer(id: number, answer: OperatorAnswer): void {
    this.#outbox.report({ kind: 'answer', id, answer });
  }
}
