/** A stand-in for the commands of operators. */
import type { OperatorAccess, OperatorCommands } from '../../../src/control/operator-commands.ts';
import type { MaintenanceAnswer, PriorityAnswer } from '../../../src/control/operator-protocol.ts';

export function handedOver(instance: string): MaintenanceAnswer {
  return {
    instance,
    outcome: 'handed-over',
    state: 'BACKUP',
    warnings: [],
    master: { address: '192.0.2.12', priority: 100, interval_ms: 1_000 },
    heard_after_ms: 612.34,
    released_after_ms: 612.9,
    gap_ms: 0,
    reason: null,
    maintenance: null,
  };
}

export function prioritySet(
  instance: string,
  effective: number,
  also: readonly string[] = [],
): PriorityAnswer {
  return {
    instance,
    outcome: 'done',
    state: 'MASTER',
    warnings: [],
    priority: { configured: 150, effective },
    also,
  };
}

/** Hands over immediately by default. `calls` has each request and its user. */
export function operatorsThat(
  more: Partial<OperatorCommands> = {},
): OperatorAccess & { readonly calls: unknown[] } {
  const calls: unknown[] = [];
  const noted =
    <Arguments extends readonly unknown[], Answer>(act: (...given: Arguments) => Answer) =>
    (...given: Arguments): Answer => {
      calls.push(given);
      return act(...given);
    };
  const moved = (instance: string) => Promise.resolve(handedOver(instance));
  const commands: OperatorCommands = {
    failover: noted(more.failover ?? moved),
    release: noted(more.release ?? moved),
    beginMaintenance: noted(more.beginMaintenance ?? moved),
    endMaintenance: noted(more.endMaintenance ?? moved),
    setPriority: noted(
      more.setPriority ??
        ((instance, priority) => Promise.resolve(prioritySet(instance, priority ?? 150))),
    ),
  };
  return {
    ...{ commands, calls, requesterOn: (_socket, claimed) => claimed ?? 'root' },
    peerOn: () => ({ pid: process.pid, uid: 0 }),
  };
}
