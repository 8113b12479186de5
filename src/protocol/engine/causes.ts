/** Why a router changed its state: a code for programs and a sentence for people. */
import type { Cause, RowMeta, VrrpEvent, VrrpState } from '../../../fsm/vrrp/model.ts';
import { masterDownInterval, releaseWait } from '../../../fsm/vrrp/timing.ts';
import type { IpAddress } from '../../net/address.ts';
import { formatDuration, wholeMilliseconds } from '../../net/time.ts';
import type { VirtualRouter } from './router/virtual-router.ts';

/** The router before the event. */
interface Before {
  readonly state: VrrpState;
  readonly context: VirtualRouter['context'];
}

interface Happened {
  readonly event: VrrpEvent;
  /** From the row that was taken. */
  readonly meta: RowMeta;
  /** Sender of an advertisement. */
  readonly from: IpAddress | undefined;
}

export function causeOf(
  before: Before,
  router: VirtualRouter,
  happened: Happened,
): { readonly cause: Cause; readonly reason: string } {
  const { event, meta } = happened;
  if (meta.cause === 'of-the-group' && event.type === 'group-master') {
    return { cause: event.cause, reason: `sync group ${router.group} becomes MASTER` };
  }
  const cause = meta.cause === 'master-silent' ? silenceCause(router) : ownCause(meta);
  return { cause, reason: reasonOf(cause, before, router, happened) };
}

/** The cause with which a member that is ready leads its sync group. */
export function leadingCauseOf(router: VirtualRouter): Cause {
  return router.context.claim === 'preemption' ? 'preempt-delay-passed' : silenceCause(router);
}

/**
 * The Master_Down timer fires after silence, after a resignation, and when a lower priority is
 * preempted; evidence of the peer link comes before it.
 */
function silenceCause({ resignedBy, outranks, evidence }: VirtualRouter): Cause {
  if (evidence !== undefined) return evidence.cause;
  if (resignedBy !== undefined) return 'priority-zero';
  return outranks === undefined ? 'master-silent' : 'preemption';
}

function ownCause({ cause }: RowMeta): Cause {
  return cause === undefined || cause === 'of-the-group' ? 'started' : cause;
}

function reasonOf(
  cause: Cause,
  before: Before,
  router: VirtualRouter,
  { event, from }: Happened,
): string {
  const { context } = before;
  const { version, priority, masterInterval, advertisementInterval } = context;
  switch (cause) {
    case 'started':
      return 'started';
    case 'still-master':
      return event.type === 'restarted'
        ? `started again ${formatDuration(wholeMilliseconds(event.silence))} after its last advertisement as MASTER`
        : cause;
    case 'owner-started':
      return 'owner of the addresses starts as MASTER';
    case 'master-silent':
      return `no advertisement for ${formatDuration(masterDownInterval(version, priority, masterInterval))}`;
    case 'priority-zero':
      return `${router.resignedBy} resigned (priority 0)`;
    case 'preemption':
      return `${router.outranks} has a lower priority than ${priority}: preempted`;
    case 'preempt-delay-passed':
      return delayReason(router, formatDuration(context.preemptDelay));
    case 'higher-priority':
    case 'successor-heard':
    case 'unheard':
      if (event.type === 'successor-serves') {
        return `successor ${router.master?.address ?? ''} is MASTER over the peer link`;
      }
      return event.type === 'advertisement'
        ? advertisementReason(cause, before, event.priority, from)
        : cause;
    case 'master-resigned':
    case 'master-cut-off':
    case 'master-dead':
    case 'cut-off':
    case 'outranked':
      return router.evidence?.text ?? cause;
    case 'witness-lost':
      return router.witness?.reason ?? cause;
    case 'no-successor':
      return `no successor was heard within ${formatDuration(releaseWait(version, advertisementInterval))}`;
    case 'group-backup':
      return `another member of sync group ${router.group} is no longer MASTER`;
    case 'shutdown':
      return 'asked to stop';
    case 'stall':
      return 'the protocol thread was stalled for longer than a peer waits';
    case 'fault':
      return router.faults.join(', ');
    case 'fault-cleared':
      return 'the last reason for FAULT has cleared';
  }
}

function advertisementReason(
  cause: Cause,
  { state, context }: Before,
  heard: number,
  from: IpAddress | undefined,
): string {
  if (cause === 'unheard') {
    return `this host refuses to send the advertisements, and ${from} is MASTER as well`;
  }
  if (state === 'holding.releasing') return `successor ${from} was heard`;
  if (heard === context.priority)
    return `${from} advertises the same priority ${heard} and has the greater address`;
  return `${from} advertises priority ${heard}, own priority is ${context.priority}`;
}

function delayReason({ settings, lacksConnections }: VirtualRouter, delay: string): string {
  if (settings.preemptWhenSynced === undefined) {
    return `a router of lower priority was MASTER for the preempt delay of ${delay}`;
  }
  return lacksConnections
    ? `a router of lower priority was MASTER, and the connection table did not catch up within ${delay}`
    : 'a router of lower priority was MASTER, and the connection table has caught up';
}
