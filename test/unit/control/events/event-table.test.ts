import { describe, expect, test } from 'vitest';
import type { IetfNotification } from '../../../../src/control/events/event-entry.ts';
import {
  colourOf,
  type EventFacts,
  levelOf,
  notificationOf,
  sentenceOf,
} from '../../../../src/control/events/event-table.ts';
import type { DiscardReason } from '../../../../src/protocol/engine/intake-reasons.ts';

const TAKE_OVER = { kind: 'connections', instance: 'web', move: 'take-over', peer: 'lb1' } as const;
const HAND_OVER = { ...TAKE_OVER, move: 'hand-over', peer: 'lb2' } as const;

describe('connections that have moved', () => {
  test.each<[EventFacts, string]>([
    [
      { ...TAKE_OVER, live: 221, missing_before: 12, missing: 3 },
      '3 of the 221 connections of lb1 are missing here (12 at the takeover)',
    ],
    [
      { ...TAKE_OVER, live: 221, missing_before: 0, missing: 0 },
      'none of the 221 connections of lb1 is missing here',
    ],
    [
      { ...TAKE_OVER, live: 221, missing_before: null, missing: null },
      'lb1 had 221 connections; how many were synced here is unknown',
    ],
    [
      { ...HAND_OVER, live: 221, missing_before: 2, missing: 2 },
      '221 connections, 2 of them missing on lb2',
    ],
    [
      { ...HAND_OVER, live: 221, missing_before: 0, missing: 0 },
      '221 connections, none missing on lb2',
    ],
    [
      { ...HAND_OVER, peer: null, live: 221, missing_before: null, missing: null },
      '221 connections; no other director reports its table',
    ],
  ])('%o', (facts, sentence) => {
    expect(sentenceOf(facts)).toBe(sentence);
  });

  test('warn if some are lost, or if the losses are unknown', () => {
    const level = (missing: number | null) =>
      levelOf({ ...TAKE_OVER, live: 221, missing_before: 0, missing });
    expect([level(0), level(1), level(null)]).toEqual(['info', 'warn', 'warn']);
  });
});

describe('an event', () => {
  test('of a change to FAULT is a warning and stands out', () => {
    const change = { kind: 'group', group: 'pair', from: 'BACKUP' } as const;
    const shown = (['MASTER', 'BACKUP', 'FAULT'] as const).map((to) => [
      levelOf({ ...change, to }),
      colourOf({ ...change, to }),
    ]);
    expect(shown).toEqual([
      ['info', 'good'],
      ['info', 'plain'],
      ['warn', 'bad'],
    ]);
  });

  test('of a send failure shows the most likely cause, if known', () => {
    const failure = { kind: 'send-failed', count: 2 } as const;
    expect(sentenceOf({ ...failure, errno: 'EPERM' })).toContain('firewall');
    expect(sentenceOf({ ...failure, errno: 'EIO' })).toBe(
      'could not send a message (2 so far): EIO',
    );
  });
});

function refused(reason: DiscardReason): EventFacts {
  return { kind: 'discard', instance: 'web', reason, source: '192.0.2.12', count: 1 };
}

test('a new MASTER is a notification of RFC 8347, and a MASTER that resigns is not', () => {
  const transition = {
    kind: 'transition',
    instance: 'web',
    event: 'master-timeout',
    cause: 'master-silent',
    reason: 'no advertisement',
    priority: 100,
  } as const;
  expect(notificationOf({ ...transition, from: 'BACKUP', to: 'MASTER' })).toBe(
    'vrrp-new-master-event',
  );
  expect(notificationOf({ ...transition, from: 'MASTER', to: 'BACKUP' })).toBeUndefined();
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
  expect(notificationOf(refused(reason))).toBe(notification);
});
