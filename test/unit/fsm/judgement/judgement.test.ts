import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type Columns,
  type DecisionRow,
  decide,
  type Evidence,
} from '../../../../fsm/judgement/decision-table.ts';
import {
  judgeRival,
  RIVAL_EVIDENCE,
  RIVAL_TABLE,
  type RivalEvidence,
} from '../../../../fsm/judgement/rival.ts';
import {
  judgeSilence,
  SILENCE_EVIDENCE,
  SILENCE_TABLE,
  type SilenceEvidence,
} from '../../../../fsm/judgement/silence.ts';
import { generate, path } from '../../../../scripts/generators/judgement-readme.ts';

/** Every combination of the values of all columns. */
function combinations<Of extends Columns>(columns: Of): Evidence<Of>[] {
  return Object.entries(columns).reduce<Record<string, string>[]>(
    (all, [name, values]) =>
      all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  ) as Evidence<Of>[];
}

function unreachableRows<Of extends Columns, Outcome extends string>(
  columns: Of,
  rows: readonly DecisionRow<Of, Outcome>[],
) {
  const reached = new Set(combinations(columns).map((one) => decide(rows, one)));
  return rows.filter((row) => !reached.has(row)).map(({ description }) => description);
}

const SILENT: SilenceEvidence = {
  says: 'silent',
  answers: 'no',
  segment: 'serves',
  silence: 'interval',
  policy: 'judge',
};

const silences = combinations(SILENCE_EVIDENCE);
const rivals = combinations(RIVAL_EVIDENCE);

test('every row of both tables is reached, and says why it is there', () => {
  expect(unreachableRows(SILENCE_EVIDENCE, SILENCE_TABLE)).toEqual([]);
  expect(unreachableRows(RIVAL_EVIDENCE, RIVAL_TABLE)).toEqual([]);
  const descriptions = [...SILENCE_TABLE, ...RIVAL_TABLE].map(({ description }) => description);
  expect(descriptions.filter((one) => one.length < 15)).toEqual([]);
});

test('the page that people read is made from the tables', () => {
  const page = readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
  expect(page).toBe(generate());
});

describe('a BACKUP whose MASTER is silent', () => {
  function outcomes(matching: (one: SilenceEvidence) => boolean): string[] {
    return [...new Set(silences.filter(matching).map(judgeSilence))].sort();
  }

  test('takes over at once when the MASTER resigns to it, unless its own segment is broken', () => {
    expect(outcomes(({ says, segment }) => says === 'resigns' && segment !== 'broken')).toEqual([
      'resigned',
    ]);
    expect(
      outcomes(
        ({ says, segment, policy }) =>
          says === 'resigns' && segment === 'broken' && policy === 'judge',
      ),
    ).toEqual(['stay']);
  });

  test('with a broken segment never takes over, whatever the others say', () => {
    const judged = ({ segment, policy }: SilenceEvidence) =>
      segment === 'broken' && policy === 'judge';
    expect(outcomes(judged)).toEqual(['stay']);
  });

  test('holds while the MASTER says that it serves, or answers ARP and ND', () => {
    expect(judgeSilence({ ...SILENT, says: 'can-serve' })).toBe('hold');
    expect(judgeSilence({ ...SILENT, says: 'unknown', answers: 'yes' })).toBe('hold');
    expect(judgeSilence({ ...SILENT, says: 'unknown', answers: 'no' })).toBe('as-rfc');
  });

  test('takes over from a MASTER that is cut off only where it serves itself, and hears nothing', () => {
    const cutOff = { ...SILENT, says: 'cannot-serve', silence: 'missing' } as const;
    expect(judgeSilence(cutOff)).toBe('cut-off');
    expect(judgeSilence({ ...cutOff, silence: 'heard' })).toBe('as-rfc');
    expect(judgeSilence({ ...cutOff, segment: 'unknown' })).toBe('as-rfc');
  });

  test('counts a MASTER as dead only when all three paths are silent for `dead_after`', () => {
    const dead = silences.filter((one) => judgeSilence(one) === 'dead');
    expect(dead.map(({ says, answers, silence }) => [says, answers, silence])).toEqual([
      ['silent', 'no', 'dead-after'],
      ['silent', 'no', 'dead-after'],
    ]);
    expect(dead.map(({ segment }) => segment)).toEqual(['serves', 'unknown']);
  });

  test('with `on_vrrp_loss: take_over` follows the RFC, or a resignation', () => {
    expect(outcomes(({ policy }) => policy === 'take_over')).toEqual(['as-rfc', 'resigned']);
  });

  test('without a word of any director follows the RFC', () => {
    const asRfc = outcomes(
      ({ says, segment, silence }) =>
        (says === 'silent' || says === 'not-master') &&
        segment !== 'broken' &&
        silence !== 'dead-after',
    );
    expect(asRfc).toEqual(['as-rfc']);
  });
});

describe('two MASTERs that know each other from the peer link only', () => {
  const SEEN_BY_OTHER = { this: 'rival', rival: 'this', none: 'none' } as const;

  function seenByOther({ own, rival, rank, agreed, ...rest }: RivalEvidence): RivalEvidence {
    return {
      ...{ ...rest, own: rival, rival: own, rank: rank === 'greater' ? 'smaller' : 'greater' },
      agreed: SEEN_BY_OTHER[agreed],
    };
  }

  test('never both yield', () => {
    const both = rivals.filter(
      (one) => judgeRival(one) !== 'stay' && judgeRival(seenByOther(one)) !== 'stay',
    );
    expect(both).toEqual([]);
  });

  test('one of them yields once it has lasted, if either is known to serve or they answer each other', () => {
    const undecided = rivals.filter(
      (one) =>
        one.lasts === 'yes' &&
        one.answers === 'yes' &&
        judgeRival(one) === 'stay' &&
        judgeRival(seenByOther(one)) === 'stay',
    );
    expect(undecided).toEqual([]);
  });

  test('the one that third hosts do not answer yields at once', () => {
    const cutOff = { own: 'cannot-serve', rival: 'can-serve', rank: 'greater' } as const;
    expect(judgeRival({ ...cutOff, answers: 'no', lasts: 'no', agreed: 'none' })).toBe('cut-off');
  });

  test('without any evidence both stay, as the RFC has it', () => {
    const unknown = { own: 'unknown', rival: 'unknown', answers: 'no', lasts: 'yes' } as const;
    expect(judgeRival({ ...unknown, rank: 'smaller', agreed: 'none' })).toBe('stay');
  });

  test('the one that has promised the other one not to be MASTER yields, and only that one', () => {
    const outcomes = (agreed: RivalEvidence['agreed']) =>
      new Set(rivals.filter((one) => one.lasts === 'yes' && one.agreed === agreed).map(judgeRival));
    expect(outcomes('this')).toEqual(new Set(['outranked']));
    expect(outcomes('rival')).toEqual(new Set(['stay']));
  });
});
