import { describe, expect, test } from 'vitest';
import { type IpvsEventFacts, ipvsGravityOf } from '../../../src/control/ipvs-events.ts';
import { sentenceOf } from '../../../src/observe/event.ts';
import { EventHistory } from '../../../src/observe/history.ts';
import { AT } from './samples.ts';

const SERVER = { service: 'web', server: '10.0.0.11:80' };
const TAKE_OVER = { kind: 'connections', instance: 'web', move: 'take-over', peer: 'lb1' } as const;
const HAND_OVER = { ...TAKE_OVER, move: 'hand-over', peer: 'lb2' } as const;

describe('an event of the load balancer as a sentence', () => {
  test.each<[IpvsEventFacts, string]>([
    [
      { ...TAKE_OVER, live: 221, missing_before: 12, missing: 3 },
      '3 of 221 connections that lb1 had are not here, 12 were at the take-over',
    ],
    [
      { ...TAKE_OVER, live: 221, missing_before: 0, missing: 0 },
      'none of 221 connections that lb1 had is missing',
    ],
    [
      { ...TAKE_OVER, live: 221, missing_before: null, missing: null },
      'of 221 connections that lb1 had it is not known how many are here',
    ],
    [
      { ...HAND_OVER, live: 221, missing_before: 2, missing: 2 },
      '221 connections, of which lb2 lacks 2',
    ],
    [
      { ...HAND_OVER, live: 221, missing_before: 0, missing: 0 },
      '221 connections, and lb2 has them',
    ],
    [
      { ...HAND_OVER, peer: null, live: 221, missing_before: null, missing: null },
      '221 connections; no other director tells what it has of them',
    ],
    [
      { kind: 'ipvs-server-down', ...SERVER, weight: 0, result: 'ECONNREFUSED' },
      '10.0.0.11:80 is down: ECONNREFUSED',
    ],
    [
      { kind: 'ipvs-weight', ...SERVER, from: 40, to: 60, result: 'load 0.4' },
      'weight of 10.0.0.11:80 from 40 to 60: load 0.4',
    ],
    [{ kind: 'ipvs-drain', ...SERVER, by: 'alice' }, '10.0.0.11:80 is drained by alice'],
    [
      { kind: 'ipvs-fallback-on', ...SERVER },
      'no server takes new connections: the fallback 10.0.0.11:80 gets them',
    ],
    [
      { kind: 'ipvs-left-out', count: 80 },
      'servers have gone up or down 80 times more: each is in the log',
    ],
  ])('%o', (facts, sentence) => {
    expect(sentenceOf(facts)).toBe(sentence);
  });
});

test('connections that are lost, or of which nobody knows, are worth a look', () => {
  const gravity = (missing: number | null) =>
    ipvsGravityOf({ ...TAKE_OVER, live: 221, missing_before: 0, missing });
  expect([gravity(0), gravity(1), gravity(null)]).toEqual(['info', 'warn', 'warn']);
});

describe('the history of a director whose servers come and go', () => {
  const change = { kind: 'ipvs-server-down', ...SERVER, weight: 0, result: '' } as const;
  const stall = {
    kind: 'stall',
    duration_ms: 1,
    cause: null,
    waited_ms: null,
    ran_ms: null,
  } as const;

  test('keeps what has happened to the director itself', () => {
    const history = new EventHistory(10);
    for (let count = 0; count < 4; count++) history.record(stall, AT);
    for (let count = 0; count < 100; count++) history.record(change, AT);
    const kept = history.after(0).map(({ seq }) => seq);
    expect(kept).toEqual([1, 2, 3, 4, 99, 100, 101, 102, 103, 104]);
    expect(history.after(4).map(({ seq }) => seq)).toEqual([99, 100, 101, 102, 103, 104]);
    expect(history.after(101).map(({ seq }) => seq)).toEqual([102, 103, 104]);
  });

  test('forgets the oldest first where servers have half of it at most', () => {
    const history = new EventHistory(4);
    for (const facts of [change, change, stall, stall, stall]) history.record(facts, AT);
    expect(history.after(0).map(({ seq }) => seq)).toEqual([2, 3, 4, 5]);
  });
});
