/** The context of the table, derived from the settings of an instance. */
import type { VrrpContext } from '../../../../fsm/vrrp/model.ts';
import { type Duration, NEVER } from '../../../net/time.ts';
import type { InstanceSettings } from '../settings.ts';

export function initialContext(settings: InstanceSettings, lacksConnections: boolean): VrrpContext {
  return {
    version: settings.version,
    priority: settings.priority,
    preempt: settings.preempt,
    preemptDelay: preemptDelayOf(settings, lacksConnections),
    advertisementInterval: settings.advertisementInterval,
    masterInterval: settings.advertisementInterval,
    preemptInhibited: false,
    beforeMaster: settings.beforeMaster,
    ...(settings.witness === true ? { witness: true as const } : {}),
    inGroup: false,
    claim: undefined,
    releasing: undefined,
    releaseUntil: NEVER,
  };
}

/**
 * With `preempt_when_synced`, a router whose connection table has not caught up waits longer. A MASTER
 * that dies meanwhile is replaced immediately: an incomplete table is better than no service.
 */
export function preemptDelayOf(
  { preemptDelay, preemptWhenSynced }: InstanceSettings,
  lacksConnections: boolean,
): Duration {
  if (preemptWhenSynced === undefined || !lacksConnections) return preemptDelay;
  return Math.max(preemptDelay, preemptWhenSynced) as Duration;
}
