import { describe, expect, test } from 'vitest';
import { EventHistory } from '../../../src/observe/history.ts';
import { AT } from './samples.ts';

const SERVER = { service: 'web', server: '10.0.0.11:80' };

describe('the history of a director whose servers come and go', () => {
  const change = { kind: 'ipvs-server-down', ...SERVER, weight: 0, result: '' } as const;
  const unknown = { cause: null, waited_ms: null, ran_ms: null } as const;
  const stall = { kind: 'stall', duration_ms: 1, ...unknown } as const;

  test('keeps the events of the director itself', () => {
    const history = new EventHistory(10);
    for (let count = 0; count < 4; count++) history.record(stall, AT);
    for (let count = 0; count < 100; count++) history.record(change, AT);
    const kept = history.after(0).map(({ seq }) => seq);
    expect(kept).toEqual([1, 2, 3, 4, 99, 100, 101, 102, 103, 104]);
    expect(history.after(4).map(({ seq }) => seq)).toEqual([99, 100, 101, 102, 103, 104]);
    expect(history.after(101).map(({ seq }) => seq)).toEqual([102, 103, 104]);
  });

  test('drops the oldest events first if at most half are from servers', () => {
    const history = new EventHistory(4);
    for (const facts of [change, change, stall, stall, stall]) history.record(facts, AT);
    expect(history.after(0).map(({ seq }) => seq)).toEqual([2, 3, 4, 5]);
  });
});

test('FR-E the history keeps what explains a failover while two programs fight over an address', () => {
  const history = new EventHistory(10);
  const repair = { kind: 'address-restored', instance: 'web', address: '192.0.2.1' } as const;
  const stall = {
    kind: 'stall',
    duration_ms: 1,
    cause: null,
    waited_ms: null,
    ran_ms: null,
  } as const;
  history.record(stall, AT);
  for (let count = 1; count <= 100; count++) history.record({ ...repair, count }, AT);
  expect(history.after(0)[0]).toMatchObject({ kind: 'stall' });
  expect(history.after(0)).toHaveLength(10);
});
