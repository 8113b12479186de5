/** Why a router changed its state: as a code for programs and a sentence for logs, events and `status`. */
import type { VrrpState } from '../../fsm/step.ts';
import type { VrrpEvent } from '../../fsm/vrrp/events.ts';
import { masterDownInterval, releaseWait } from '../../fsm/vrrp/timing.ts';
import type { IpAddress } from '../net/address.ts';
import { formatDuration } from '../net/time.ts';
import { isOwner } from '../net/vrrp.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** Programs decide by these; a new one may come, an old one keeps its meaning. */
export type TransitionCause =
  | 'started'
  | 'owner-started'
  | 'stopped'
  /** Nothing was heard of the MASTER for Master_Down_Interval: it crashed, or is cut off. */
  | 'master-silent'
  /** The MASTER advertised priority 0. */
  | 'master-resigned'
  /** A MASTER of lower priority was preempted. */
  | 'preempted'
  | 'preempted-after-delay'
  /** Preempted because the connection table has caught up, or was given no more time to. */
  | 'table-synced'
  | 'table-not-synced'
  | 'higher-priority'
  | 'lower-priority'
  /** The other router has the same priority and the greater address. */
  | 'greater-address'
  /** The MASTER that released its addresses heard its successor, or none came. */
  | 'successor-heard'
  | 'no-successor'
  | 'priority-changed'
  | 'group-master'
  | 'group-backup'
  | 'operator'
  | 'stall'
  | 'fault'
  | 'fault-cleared'
  /** The advertisement timer fired; no state is left by it at present. */
  | 'advertisement-due'
  /** The protocol thread failed; recorded by the main thread. */
  | 'agent-failed';

export interface Cause {
  readonly cause: TransitionCause;
  /** For people. */
  readonly reason: string;
}

/** `before` is the router as it was when the event came. */
export function causeOf(
  before: { readonly state: VrrpState; readonly context: VirtualRouter['context'] },
  router: VirtualRouter,
  event: VrrpEvent,
  heardFrom: IpAddress | undefined,
): Cause {
  const { context } = before;
  switch (event.type) {
    case 'startup':
      return isOwner(context.priority)
        ? { cause: 'owner-started', reason: 'owner of the addresses starts as MASTER' }
        : { cause: 'started', reason: 'started' };
    case 'shutdown':
      return { cause: 'stopped', reason: 'asked to stop' };
    case 'master-timeout':
      return silenceCause(router, context);
    case 'priority-changed':
      return { cause: 'priority-changed', reason: `the priority is ${event.priority} now` };
    case 'adver-timer':
      return { cause: 'advertisement-due', reason: 'advertisement due' };
    case 'group-master':
      return { cause: 'group-master', reason: `sync group ${router.group} becomes MASTER` };
    case 'group-backup': {
      const reason = `another member of sync group ${router.group} is MASTER no longer`;
      return { cause: 'group-backup', reason };
    }
    case 'preempt-hold-timeout':
      return holdCause(router, formatDuration(context.preemptDelay));
    case 'release-timeout': {
      const waited = formatDuration(releaseWait(context.version, context.advertisementInterval));
      return { cause: 'no-successor', reason: `no successor was heard within ${waited}` };
    }
    case 'hand-over':
    case 'hold-back':
    case 'release':
      return { cause: 'operator', reason: 'an operator asked for it' };
    case 'stall': {
      const reason = 'the protocol thread stood still for longer than a peer waits';
      return { cause: 'stall', reason };
    }
    case 'advertisement':
      return advertisementCause(before.state, context.priority, event.priority, heardFrom);
    case 'interface-down':
    case 'no-primary-ip-address':
    case 'no-virtual-ip-addresses':
    case 'fault':
      return { cause: 'fault', reason: router.faults.join(', ') };
    case 'interface-up':
    case 'primary-ip-address':
    case 'virtual-ip-addresses':
    case 'fault-cleared':
      return { cause: 'fault-cleared', reason: 'the last reason for FAULT is gone' };
  }
}

/** Its own silence ends a MASTER; so does a higher priority that no longer listens to it. */
function silenceCause(
  { resignedBy, outranks }: VirtualRouter,
  { version, priority, masterInterval }: VirtualRouter['context'],
): Cause {
  if (resignedBy !== undefined) {
    return { cause: 'master-resigned', reason: `${resignedBy} resigned (priority 0)` };
  }
  if (outranks !== undefined) {
    const reason = `${outranks} has a lower priority than ${priority}: preempted`;
    return { cause: 'preempted', reason };
  }
  const waited = formatDuration(masterDownInterval(version, priority, masterInterval));
  return { cause: 'master-silent', reason: `no advertisement for ${waited}` };
}

function advertisementCause(
  state: VrrpState,
  own: number,
  heard: number,
  from: IpAddress | undefined,
): Cause {
  if (state === 'holding.releasing') {
    return { cause: 'successor-heard', reason: `successor ${from} is heard` };
  }
  if (heard === own) {
    const reason = `${from} advertises the same priority ${heard} and has the greater address`;
    return { cause: 'greater-address', reason };
  }
  return {
    cause: heard > own ? 'higher-priority' : 'lower-priority',
    reason: `${from} advertises priority ${heard}, own priority is ${own}`,
  };
}

function holdCause({ settings, awaitsTable }: VirtualRouter, delay: string): Cause {
  if (settings.preemptWhenSynced === undefined) {
    const reason = `a lower priority was MASTER for the preempt delay of ${delay}`;
    return { cause: 'preempted-after-delay', reason };
  }
  return awaitsTable
    ? {
        cause: 'table-not-synced',
        reason: `a lower priority was MASTER, and the table of connections has not caught up within ${delay}`,
      }
    : {
        cause: 'table-synced',
        reason: 'a lower priority was MASTER, and the table of connections has caught up',
      };
}
