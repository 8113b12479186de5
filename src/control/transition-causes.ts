/** What each cause of a transition means, for the reference page. */
import type { TransitionCause } from '../engine/causes.ts';

export const TRANSITION_CAUSES: { readonly [Cause in TransitionCause]: string } = {
  started: 'the instance started',
  'owner-started': 'the owner of the addresses (priority 255) started',
  stopped: 'the agent stops, or the instance was removed from the configuration',
  'master-silent': 'no advertisement for Master_Down_Interval: the MASTER crashed or is cut off',
  'master-resigned': 'the MASTER advertised priority 0',
  preempted: 'this router preempted a MASTER of lower priority',
  'preempted-after-delay': 'the same, once `preempt_delay` had passed',
  'table-synced': 'the same, once the connection table had caught up (`preempt_when_synced`)',
  'table-not-synced': 'the same, at the end of the delay and before the table had caught up',
  'higher-priority': 'another router advertises a higher priority',
  'lower-priority': 'another router of lower priority is MASTER',
  'greater-address': 'another router advertises the same priority and has the greater address',
  'successor-heard': 'this MASTER handed over and heard its successor',
  'no-successor': 'this MASTER resigned, and no successor was heard in time',
  'priority-changed': 'the effective priority changed',
  'group-master': 'the sync group becomes MASTER',
  'group-backup': 'another member of the sync group is no longer MASTER',
  operator: 'an operator asked for it: failover, maintenance or release',
  stall: 'the protocol thread did not run for longer than a peer waits',
  fault: 'the instance has a fault; `reason` lists all of them',
  'fault-cleared': 'the last fault is gone',
  'advertisement-due': 'the advertisement timer fired',
  'agent-failed': 'the protocol thread failed',
};
