import { describe, expect, test } from 'vitest';
import { renderConnections } from '../../../../src/cli/render/status-details.ts';
import { PLAIN } from '../../../../src/cli/terminal/text.ts';
import type { ConnectionsDocument, MoveDocument } from '../../../../src/control/ipvs-document.ts';
import { connectionsOf } from '../../control/ipvs-samples.ts';
import { modelOf } from '../../control/samples.ts';

function textOf(connections: ConnectionsDocument | undefined): string {
  const status = modelOf('web').status();
  const instances = status.instances.map((one) =>
    connections === undefined ? one : { ...one, connections },
  );
  const screen = { palette: PLAIN, width: 80, now: new Date('2026-03-01T10:03:00Z') };
  return renderConnections({ ...status, instances }, screen);
}

function withPeer(missing: number | null, master: boolean): ConnectionsDocument {
  const peer = { name: 'lb2', master, age_ms: 500, live: 209, missing };
  return connectionsOf({ live: 221, peers: [peer] });
}

function withMove(move: Partial<MoveDocument>): ConnectionsDocument {
  const last: MoveDocument = {
    ...{ at: '2026-03-01T10:00:00Z', move: 'take-over', live: 221 },
    peers: [{ name: 'lb2', missing_before: 12, missing: 3 }],
    ...move,
  };
  const moves = { hand_overs: 0, take_overs: 0, lost: 0, last };
  return connectionsOf({ live: 221, moves, catch_up: false });
}

describe('the connections of an instance in status', () => {
  test.each([
    [withPeer(12, false), 'web: 221 connections here; lb2 lacks 12'],
    [withPeer(0, false), 'web: 221 connections here; lb2 lacks none of them'],
    [withPeer(2, true), 'web: 221 connections here; 2 of the 209 connections of lb2 are missing'],
    [withPeer(0, true), 'web: 221 connections here; none of the 209 connections of lb2 is missing'],
    [withPeer(null, true), 'web: 221 connections here; lb2 has 209, not compared yet'],
    [connectionsOf(), 'web: 0 connections here; no other director reports its table'],
    [connectionsOf({ catch_up: false }), 'web: 0 connections here'],
  ])('%# print %s', (connections, line) => {
    expect(textOf(connections)).toBe(`\n${line}\n`);
  });

  test.each([
    [
      withMove({}),
      'taken over from lb2 3m00s ago: 3 of 221 were lost, 12 were missing at that moment',
    ],
    [withMove({ move: 'hand-over' }), 'handed over 3m00s ago: of 221, lb2 lacked 3'],
    [
      withMove({ move: 'hand-over', peers: [] }),
      'handed over 3m00s ago: of 221, no director reported its table',
    ],
    [
      withMove({ peers: [{ name: 'lb2', missing_before: null, missing: null }] }),
      'taken over from lb2 3m00s ago: an unknown number of 221 were lost, an unknown number were missing at that moment',
    ],
  ])('%# print the losses of the last move', (connections, line) => {
    expect(textOf(connections)).toBe(`\nweb: 221 connections here\n  ${line}\n`);
  });

  test('are absent if no table follows an instance', () => {
    expect(textOf(undefined)).toBe('');
  });
});
