/** Sentences that say why a router changed its state: for logs, events and `status`. */
import type { VrrpState } from '../../fsm/step.ts';
import type { VrrpEvent } from '../../fsm/vrrp/events.ts';
import { masterDownInterval, releaseWait } from '../../fsm/vrrp/timing.ts';
import type { IpAddress } from '../net/address.ts';
import { formatDuration } from '../net/time.ts';
import { isOwner } from '../net/vrrp.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** `before` is the router as it was when the event came. */
export function causeOf(
  before: { readonly state: VrrpState; readonly context: VirtualRouter['context'] },
  router: VirtualRouter,
  event: VrrpEvent,
  heardFrom: IpAddress | undefined,
): string {
  const { context } = before;
  switch (event.type) {
    case 'startup':
      return isOwner(context.priority) ? 'owner of the addresses starts as MASTER' : 'started';
    case 'shutdown':
      return 'asked to stop';
    case 'master-timeout':
      return silenceCause(router, context);
    case 'priority-changed':
      return `the priority is ${event.priority} now`;
    case 'adver-timer':
      return 'advertisement due';
    case 'group-master':
      return `sync group ${router.group} becomes MASTER`;
    case 'group-backup':
      return `another member of sync group ${router.group} is MASTER no longer`;
    case 'preempt-hold-timeout':
      return holdCause(router, formatDuration(context.preemptDelay));
    case 'release-timeout':
      return `no successor was heard within ${formatDuration(releaseWait(context.version, context.advertisementInterval))}`;
    case 'hand-over':
    case 'hold-back':
    case 'release':
      return 'an operator asked for it';
    case 'stall':
      return 'the protocol thread stood still for longer than a peer waits';
    case 'advertisement':
      return advertisementCause(before.state, context.priority, event.priority, heardFrom);
    case 'interface-down':
    case 'no-primary-ip-address':
    case 'no-virtual-ip-addresses':
    case 'fault':
      return router.faults.join(', ');
    case 'interface-up':
    case 'primary-ip-address':
    case 'virtual-ip-addresses':
    case 'fault-cleared':
      return 'the last reason for FAULT is gone';
  }
}

/** Its own silence ends a MASTER; so does a higher priority that no longer listens to it. */
function silenceCause(
  { resignedBy, outranks }: VirtualRouter,
  { version, priority, masterInterval }: VirtualRouter['context'],
): string {
  if (resignedBy !== undefined) return `${resignedBy} resigned (priority 0)`;
  if (outranks !== undefined) return `${outranks} has a lower priority than ${priority}: preempted`;
  const waited = formatDuration(masterDownInterval(version, priority, masterInterval));
  return `no advertisement for ${waited}`;
}

function advertisementCause(
  state: VrrpState,
  own: number,
  heard: number,
  from: IpAddress | undefined,
): string {
  if (state === 'holding.releasing') return `successor ${from} is heard`;
  if (heard === own)
    return `${from} advertises the same priority ${heard} and has the greater address`;
  return `${from} advertises priority ${heard}, own priority is ${own}`;
}

function holdCause({ settings, awaitsTable }: VirtualRouter, delay: string): string {
  if (settings.preemptWhenSynced === undefined) {
    return `a lower priority was MASTER for the preempt delay of ${delay}`;
  }
  return awaitsTable
    ? `a lower priority was MASTER, and the table of connections has not caught up within ${delay}`
    : 'a lower priority was MASTER, and the table of connections has caught up';
}
