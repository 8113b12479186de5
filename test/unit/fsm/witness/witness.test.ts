import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  judgeKey,
  KEY_EVIDENCE,
  KEY_TABLE,
  type KeyEvidence,
} from '../../../../fsm/witness/key.ts';
import {
  judgeRight,
  RIGHT_EVIDENCE,
  RIGHT_TABLE,
  type RightEvidence,
} from '../../../../fsm/witness/right.ts';

const FREE: RightEvidence = {
  ...{ promised: 'no', peers: 'missing', key: 'none' },
  ...{ witness: 'answers', loss: 'release' },
};
const MASTER: KeyEvidence = {
  ...{ role: 'master', peers: 'agree', key: 'none' },
  ...{ heir: 'none', promise: 'soon' },
};

function anyOf<Columns extends { readonly [name: string]: readonly string[] }>(columns: Columns) {
  return fc.record(
    Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [name, fc.constantFrom(...values)]),
    ),
  );
}

describe('the right to be MASTER', () => {
  test.each<[string, Partial<RightEvidence>, string]>([
    ['every other director agrees', { peers: 'agree' }, 'peers'],
    ['the key is held', { key: 'held' }, 'held'],
    ['both', { peers: 'agree', key: 'held' }, 'peers'],
    ['nothing', {}, 'none'],
    ['the witness is silent, and on_loss is release', { witness: 'silent' }, 'none'],
    [
      'the witness is silent, and on_loss is go_on',
      { witness: 'silent', loss: 'go_on' },
      'went-on',
    ],
    ['on_loss is go_on, and the witness refuses', { loss: 'go_on' }, 'none'],
  ])('%s', (_, given, outcome) => {
    expect(judgeRight({ ...FREE, ...given })).toBe(outcome);
  });

  test('a director that may be bound by a promise has none, whatever it holds', () => {
    const bound = anyOf({ ...RIGHT_EVIDENCE, promised: ['yes', 'unknown'] });
    fc.assert(
      fc.property(bound, (evidence) => judgeRight(evidence as unknown as RightEvidence) === 'none'),
    );
  });

  test('under release only a promise of every director, or the key, is a right', () => {
    const without = anyOf({
      ...RIGHT_EVIDENCE,
      peers: ['missing'],
      key: ['none'],
      loss: ['release'],
    });
    fc.assert(
      fc.property(
        without,
        (evidence) => judgeRight(evidence as unknown as RightEvidence) === 'none',
      ),
    );
  });
});

describe('the key', () => {
  test.each<[string, Partial<KeyEvidence>, string]>([
    ['a MASTER that sees every director does not ask', {}, 'leave'],
    ['and gives the key back once that lasts', { peers: 'settled', key: 'held' }, 'give-back'],
    ['but not at once', { key: 'held' }, 'hold'],
    ['a MASTER whose promises become old asks', { peers: 'fading' }, 'hold'],
    ['and holds it without them', { peers: 'missing', key: 'held' }, 'hold'],
    [
      'a MASTER that leaves hands it over',
      { role: 'leaving', peers: 'missing', key: 'held', heir: 'ready' },
      'hand-over',
    ],
    ['to a successor, if there is one', { role: 'leaving', peers: 'missing', key: 'held' }, 'hold'],
    [
      'a BACKUP that has just promised waits',
      { role: 'claims', peers: 'missing', promise: 'later' },
      'leave',
    ],
    ['and asks when the promise is about to end', { role: 'claims', peers: 'missing' }, 'hold'],
    ['a BACKUP that follows has no use for it', { role: 'other', key: 'held' }, 'give-back'],
    ['and does not ask', { role: 'other', peers: 'missing' }, 'leave'],
  ])('%s', (_, given, outcome) => {
    expect(judgeKey({ ...MASTER, ...given })).toBe(outcome);
  });

  test.each([
    ['right', RIGHT_TABLE, RIGHT_EVIDENCE],
    ['key', KEY_TABLE, KEY_EVIDENCE],
  ] as const)('every row of the table %s can be reached', (_, rows, columns) => {
    const reached = new Set<string>();
    for (const { description } of combinations(columns, rows)) reached.add(description);
    expect([...reached].toSorted()).toEqual(rows.map(({ description }) => description).toSorted());
  });
});

/** The row that decides, for every combination of the values. */
function* combinations(
  columns: { readonly [name: string]: readonly string[] },
  rows: readonly {
    readonly when: { readonly [name: string]: readonly string[] };
    readonly description: string;
  }[],
) {
  let all: { readonly [name: string]: string }[] = [{}];
  for (const [name, values] of Object.entries(columns)) {
    all = all.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
  }
  for (const one of all) {
    const row = rows.find(({ when }) =>
      Object.entries(when).every(([name, values]) => values.includes(one[name] ?? '')),
    );
    if (row !== undefined) yield row;
  }
}
