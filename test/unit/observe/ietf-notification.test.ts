import { expect, test } from 'vitest';
import type { EventFacts, IetfNotification } from '../../../src/control/protocol.ts';
import type { DiscardReason } from '../../../src/engine/intake-reasons.ts';
import { EventHistory } from '../../../src/observe/history.ts';

function notified(facts: EventFacts): IetfNotification | undefined {
  const history = new EventHistory(1);
  history.record(facts, new Date(0));
  return history.after(0)[0]?.notification;
}

function refused(reason: DiscardReason): EventFacts {
  return { kind: 'discard', instance: 'web', reason, source: '192.0.2.12', count: 1 };
}

test('a new MASTER is the notification of RFC 8347, and a MASTER that yields is none', () => {
  const transition = {
    kind: 'transition',
    instance: 'web',
    event: 'master-timeout',
    cause: 'master-silent',
    reason: 'no advertisement',
    priority: 100,
  } as const;
  expect(notified({ ...transition, from: 'BACKUP', to: 'MASTER' })).toBe('vrrp-new-master-event');
  expect(notified({ ...transition, from: 'MASTER', to: 'BACKUP' })).toBeUndefined();
});

test.each<[DiscardReason, IetfNotification | undefined]>([
  ['checksum-error', 'vrrp-protocol-error-event'],
  ['ip-ttl-error', 'vrrp-protocol-error-event'],
  ['version-error', 'vrrp-protocol-error-event'],
  ['vrid-error', 'vrrp-protocol-error-event'],
  ['interval-error', 'vrrp-virtual-router-error-event'],
  ['packet-length-error', 'vrrp-virtual-router-error-event'],
  ['address-list-error', 'vrrp-virtual-router-error-event'],
  ['unknown-peer', undefined],
])('a packet refused for %s is %s', (reason, notification) => {
  expect(notified(refused(reason))).toBe(notification);
});
