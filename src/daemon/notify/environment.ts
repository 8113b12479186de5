/** What commands, and receivers of webhooks, are told of a change. */
import type { Family } from '../../net/address.ts';
import type { Change } from './change.ts';

/** Of an instance; a group has none of this. */
export interface SubjectFacts {
  readonly vrid: number;
  readonly family: Family;
  readonly interface: string;
  /** With prefix lengths. */
  readonly addresses: readonly string[];
}

export function environmentOf(
  change: Change,
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

export function documentOf(
  change: Change,
  router: string,
  facts: SubjectFacts | undefined,
): Record<string, unknown> {
  const { type, name, state, from, priority, event, cause, reason, seq, at, repeated } = change;
  const about = facts === undefined ? {} : { ...facts };
  const told = { state, from, priority, event, cause, reason, seq, at, repeated };
  return { router, type: type.toLowerCase(), name, ...about, ...told };
}
