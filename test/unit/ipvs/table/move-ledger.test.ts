import { expect, test } from 'vitest';
import { MoveLedger } from '../../../../src/ipvs/table/move-ledger.ts';
import { AT } from '../../observe/samples.ts';

test('moves and lost connections are counted, and the last move is kept', () => {
  const ledger = new MoveLedger();
  expect(ledger.document()).toEqual({ hand_overs: 0, take_overs: 0, lost: 0, last: null });
  const takeOver = { kind: 'take-over', peer: 'lb1', live: 221, before: 12 } as const;
  ledger.record([{ ...takeOver, missing: 3 }], AT);
  ledger.record([{ ...takeOver, missing: undefined }], AT);
  expect(ledger.document()).toMatchObject({
    take_overs: 2,
    lost: 3,
    last: { peers: [{ name: 'lb1', missing_before: 12, missing: null }] },
  });
  const handOver = { kind: 'hand-over', live: 7 } as const;
  ledger.record(
    [
      { ...handOver, peer: 'lb2', before: 1, missing: 1 },
      { ...handOver, peer: 'lb3', before: undefined, missing: undefined },
    ],
    AT,
  );
  expect(ledger.document()).toEqual({
    hand_overs: 1,
    take_overs: 2,
    lost: 3,
    last: {
      at: AT.toISOString(),
      move: 'hand-over',
      live: 7,
      peers: [
        { name: 'lb2', missing_before: 1, missing: 1 },
        { name: 'lb3', missing_before: null, missing: null },
      ],
    },
  });
});

test('a hand-over without other directors has no peers', () => {
  const ledger = new MoveLedger();
  ledger.record(
    [{ kind: 'hand-over', peer: undefined, live: 7, before: undefined, missing: undefined }],
    AT,
  );
  expect(ledger.document().last).toMatchObject({ live: 7, peers: [] });
});
