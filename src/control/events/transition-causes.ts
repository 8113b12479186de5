/** What each cause of a transition means, for the reference page. */
import type { TransitionCause } from '../../protocol/engine/reports.ts';

export const TRANSITION_CAUSES: { readonly [Cause in TransitionCause]: string } = {
  started: 'the instance started',
  'owner-started': 'the owner of the addresses (priority 255) started',
  'master-silent': 'no advertisement for Master_Down_Interval: the MASTER crashed or is cut off',
  'priority-zero': 'the MASTER advertised priority 0',
  preemption: 'this router preempted a MASTER of lower priority',
  'preempt-delay-passed':
    'the same, once `preempt_delay` had passed or the connection table had caught up (`preempt_when_synced`)',
  'higher-priority':
    'another router advertises a higher priority, or the same priority and the greater address',
  'successor-heard': 'this MASTER handed over and heard its successor',
  'no-successor': 'this MASTER resigned, and no successor was heard in time',
  'group-backup': 'another member of the sync group is no longer MASTER',
  shutdown: 'the agent stops, or the instance was removed from the configuration',
  stall: 'the protocol thread did not run for longer than a peer waits',
  fault: 'the instance has a fault; `reason` lists all of them',
  'fault-cleared': 'the last fault is gone',
  'agent-failed': 'the protocol thread failed',
};
