/** A change of state as notifications report it. */
import type { EventFacts } from '../../control/protocol.ts';
import type { StateName, TransitionCause } from '../../protocol/engine/reports.ts';

/** keepalived's words: an instance that is asked to stop is in STOP. */
export type NotifiedState = 'MASTER' | 'BACKUP' | 'FAULT' | 'STOP';

export interface Subject {
  readonly type: 'INSTANCE' | 'GROUP';
  readonly name: string;
}

export interface Change extends Subject {
  readonly state: NotifiedState;
  readonly from: NotifiedState;
  /** Effective priority; 0 for a group, which has none. */
  readonly priority: number;
  readonly event: string;
  /** `group`, `before-master`, `dual-master-ended`: no transition of an instance. */
  readonly cause: TransitionCause | 'group' | 'before-master' | 'dual-master-ended';
  /** The cause as a sentence. */
  readonly reason: string;
  /** Number of the event in `GET /v1/events`. */
  readonly seq: number;
  readonly at: string;
  /** Nothing has changed: said again after another MASTER has gone. */
  readonly repeated: boolean;
}

export function notifiedState(state: StateName): NotifiedState {
  return state === 'INIT' ? 'STOP' : state;
}

/** A group has neither a priority nor a cause of its own: its members have one. */
export function groupChange(
  { group, from, to }: Extract<EventFacts, { readonly kind: 'group' }>,
  { seq, at }: Pick<Change, 'seq' | 'at'>,
): Change {
  return {
    type: 'GROUP',
    name: group,
    state: notifiedState(to),
    from: notifiedState(from),
    priority: 0,
    event: 'group',
    cause: 'group',
    reason: `sync group ${from} to ${to}`,
    seq,
    at,
    repeated: false,
  };
}

/** One line of a FIFO, as keepalived writes it. */
export function lineOf({ type, name }: Subject, word: string, priority: number): string {
  return `${type} "${name}" ${word} ${priority}\n`;
}
