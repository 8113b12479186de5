import { describe, expect, test } from 'vitest';
import type { MoveDocument } from '../../../../src/control/ipvs-document.ts';
import { connectionsAtRisk } from '../../../../src/daemon/operator/outcome.ts';
import { connectionsOf } from '../../control/ipvs-samples.ts';

const PEERS = [
  { name: 'lb2', master: false, age_ms: 500, live: 209, missing: 12 },
  { name: 'lb3', master: false, age_ms: 500, live: 3, missing: null },
];
const HAND_OVER: MoveDocument = {
  at: '2026-03-01T10:00:00.250Z',
  move: 'hand-over',
  live: 222,
  peers: [{ name: 'lb2', missing_before: 2, missing: 2 }],
};

function rowOf(last: MoveDocument | null, state: 'MASTER' | 'BACKUP' = 'MASTER') {
  const moves = { hand_overs: last === null ? 0 : 1, take_overs: 0, lost: 0, last };
  return { state, connections: connectionsOf({ live: 221, peers: PEERS, moves }) };
}

const BEFORE = {
  live: 221,
  peers: [
    { name: 'lb2', missing: 12 },
    { name: 'lb3', missing: null },
  ],
};

describe('the connections that a hand-over puts at risk', () => {
  test('are reported as of the request and as of the removal of the VIPs', () => {
    expect(connectionsAtRisk(rowOf(null), rowOf(HAND_OVER, 'BACKUP'))).toEqual({
      connections: {
        before: BEFORE,
        at_move: { live: 222, peers: [{ name: 'lb2', missing: 2 }] },
      },
    });
  });

  test('did not move if no router took over; an earlier move does not count', () => {
    const expected = { connections: { before: BEFORE, at_move: null } };
    expect(connectionsAtRisk(rowOf(null), rowOf(null))).toEqual(expected);
    expect(connectionsAtRisk(rowOf(HAND_OVER), rowOf(HAND_OVER))).toEqual(expected);
  });

  test('are left out if it was not MASTER or no connections are synchronised', () => {
    expect(connectionsAtRisk(rowOf(null, 'BACKUP'), rowOf(null, 'BACKUP'))).toEqual({});
    expect(connectionsAtRisk({ state: 'MASTER' }, { state: 'BACKUP' })).toEqual({});
  });
});
