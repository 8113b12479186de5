/** Operators' requests to one engine. */
import { expect } from 'vitest';
import { seconds } from '../../src/net/time.ts';
import type { OperatorAnswer, OperatorRequest } from '../../src/protocol/engine/requests.ts';
import type { InstanceSettings } from '../../src/protocol/engine/settings.ts';
import { Rig } from './rig.ts';

/** A router that has become MASTER without a rival. */
export function masterOf(more: Partial<InstanceSettings> = {}): Rig {
  const rig = new Rig([more], { linger: 'auto' });
  rig.start();
  rig.becomeMaster();
  expect(rig.state).toBe('MASTER');
  return rig;
}

let lastId = 0;

export function ask(rig: Rig, request: OperatorRequest, instance = 'web'): string[] {
  return rig.handle({ kind: 'request', id: ++lastId, instance, request });
}

export function failover(
  rig: Rig,
  more: Partial<Extract<OperatorRequest, { type: 'failover' }>> = {},
): string[] {
  return ask(rig, { type: 'failover', wait: seconds(10), force: false, to: null, ...more });
}

/** All answers so far, in order. */
export function answers(rig: Rig): OperatorAnswer[] {
  return rig.reports.flatMap((report) => (report.kind === 'answer' ? [report.answer] : []));
}
