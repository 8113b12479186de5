/** What is told of the instances when the protocol cannot tell it. */
import type { EventFacts } from '../control/protocol.ts';
import type { AgentModel } from '../observe/model.ts';

/** Nobody is left to report that the instances have stopped. */
export function noteEnd(model: AgentModel, note: (facts: EventFacts) => void): void {
  for (const { name, state, priority } of model.status().instances) {
    if (state === 'INIT') continue;
    note({
      kind: 'transition',
      instance: name,
      from: state,
      to: 'INIT',
      event: 'shutdown',
      cause: 'agent-failed',
      reason: 'the protocol has failed',
      priority: priority.effective,
    });
  }
}
