import type { VrrpContext } from '../../../fsm/vrrp/model.ts';
import { type Duration, instant, NEVER, seconds } from '../../../src/net/time.ts';

export const NOW = instant(1_000_000_000);

export const NO_DURATION = 0 as Duration;

/** The context of a router of version 3, priority 100 and one second. */
export function routerOf(more: Partial<VrrpContext> = {}): VrrpContext {
  return {
    version: 3,
    priority: 100,
    preempt: true,
    preemptDelay: NO_DURATION,
    advertisementInterval: seconds(1),
    masterInterval: seconds(1),
    preemptInhibited: false,
    beforeMaster: undefined,
    inGroup: false,
    claim: undefined,
    releasing: undefined,
    releaseUntil: NEVER,
    ...more,
  };
}
