/** A state change, and its forms: line of a FIFO, environment of a command, document of a webhook. */
import type { EventFacts } from '../../control/protocol.ts';
import type { Family } from '../../net/address.ts';
import type { StateName, TransitionCause } from '../../protocol/engine/reports.ts';

/** keepalived's names: an instance in INIT is in STOP. */
type NotifiedState = 'MASTER' | 'BACKUP' | 'FAULT' | 'STOP';

export interface Subject {
  readonly type: 'INSTANCE' | 'GROUP';
  readonly name: string;
}

/** Properties of an instance; a group has none of these. */
export interface SubjectFacts {
  readonly vrid: number;
  readonly family: Family;
  readonly interface: string;
  /** With prefix lengths. */
  readonly addresses: readonly string[];
}

export interface NotifiedChange extends Subject {
  readonly state: NotifiedState;
  readonly from: NotifiedState;
  /** Effective priority; 0 for a group. */
  readonly priority: number;
  readonly event: string;
  /** `group`, `before-master` and `dual-master-ended` are not causes of transitions. */
  readonly cause: TransitionCause | 'group' | 'before-master' | 'dual-master-ended';
  /** The cause in words. */
  readonly reason: string;
  /** Sequence number of the event in `GET /v1/events`. */
  readonly seq: number;
  readonly at: string;
  /** True if the state is the same, and is reported again after another MASTER has gone. */
  readonly repeated: boolean;
}

export function notifiedState(state: StateName): NotifiedState {
  return state === 'INIT' ? 'STOP' : state;
}

/** Priority and cause belong to the members of a group. */
export function groupChange(
  { group, from, to }: Extract<EventFacts, { readonly kind: 'group' }>,
  { seq, at }: Pick<NotifiedChange, 'seq' | 'at'>,
): NotifiedChange {
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

/** One line of a FIFO, in the format of keepalived. */
export function lineOf({ type, name }: Subject, word: string, priority: number): string {
  return `${type} "${name}" ${word} ${priority}\n`;
}

/** For commands. */
export function environmentOf(
  change: NotifiedChange,
  router: string,
  facts: SubjectFacts | undefined,
): Record<string, string> {
  return {
    VRRP_ROUTER: router,
    VRRP_TYPE: change.type,
    VRRP_NAME: change.name,
    VRRP_STATE: change.state,
    VRRP_FROM: change.from,
    VRRP_PRIORITY: String(change.priority),
    VRRP_EVENT: change.event,
    VRRP_CAUSE: change.cause,
    VRRP_REASON: change.reason,
    VRRP_SEQ: String(change.seq),
    VRRP_AT: change.at,
    VRRP_REPEATED: change.repeated ? '1' : '0',
    ...(facts === undefined
      ? {}
      : {
          VRRP_VRID: String(facts.vrid),
          VRRP_FAMILY: facts.family,
          VRRP_INTERFACE: facts.interface,
          VRRP_ADDRESSES: facts.addresses.join(' '),
        }),
  };
}

/** For webhooks. */
export function documentOf(
  change: NotifiedChange,
  router: string,
  facts: SubjectFacts | undefined,
): Record<string, unknown> {
  const { type, name, state, from, priority, event, cause, reason, seq, at, repeated } = change;
  const changed = { state, from, priority, event, cause, reason, seq, at, repeated };
  return { router, type: type.toLowerCase(), name, ...facts, ...changed };
}
