/** Tables without state: each row has the values that it matches, and the first row that matches decides. */
import { assert } from '../../src/net/assert.ts';

/** The columns, each with all of its values. */
export type Columns = { readonly [column: string]: readonly string[] };

export type Evidence<Of extends Columns> = { readonly [Column in keyof Of]: Of[Column][number] };

export interface DecisionRow<Of extends Columns, Outcome extends string> {
  /** A column that is absent matches any value. */
  readonly when: { readonly [Column in keyof Of]?: readonly Of[Column][number][] };
  readonly outcome: Outcome;
  readonly description: string;
}

export function decide<Of extends Columns, Outcome extends string>(
  rows: readonly DecisionRow<Of, Outcome>[],
  evidence: Evidence<Of>,
): DecisionRow<Of, Outcome> {
  const row = rows.find(({ when }) =>
    Object.entries(when).every(([column, values]) => values.includes(evidence[column])),
  );
  assert(row !== undefined, 'the last row matches everything');
  return row;
}
