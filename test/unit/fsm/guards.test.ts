import { describe, expect, test } from 'vitest';
import type { VrrpContext } from '../../../fsm/vrrp/context.ts';
import { guards } from '../../../fsm/vrrp/guards.ts';
import { type Duration, seconds } from '../../../src/net/time.ts';

const context: VrrpContext = {
  version: 3,
  priority: 100,
  preempt: false,
  preemptDelay: 0 as Duration,
  advertisementInterval: seconds(1),
  masterInterval: seconds(1),
  holding: false,
  heldBack: false,
  leaving: 'stop',
};

describe('guards', () => {
  test.each(['isPriorityZero', 'isAcceptedMaster', 'isGreater'] as const)(
    '%s holds for advertisements only',
    (name) => {
      expect(guards[name]({ context, event: { type: 'stall' } })).toBe(false);
    },
  );

  test.each(['isLastFault', 'isLastFaultOfOwner'] as const)(
    '%s holds for recoveries only',
    (name) => {
      const owner = { ...context, priority: 255 };
      expect(guards[name]({ context: owner, event: { type: 'fault' } })).toBe(false);
      const event = { type: 'fault-cleared', remaining: 0 } as const;
      expect(guards[name]({ context: owner, event })).toBe(true);
    },
  );
});
