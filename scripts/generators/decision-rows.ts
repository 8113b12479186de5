/** A table of evidence as Markdown. */
import type { Columns, DecisionRow } from '../../fsm/judgement/decision-table.ts';

export function table<Of extends Columns, Outcome extends string>(
  columns: Of,
  rows: readonly DecisionRow<Of, Outcome>[],
): string[] {
  const names = Object.keys(columns);
  return [
    `| ${names.join(' | ')} | outcome | why |`,
    `|${'---|'.repeat(names.length + 2)}`,
    ...rows.map(({ when, outcome, description }) => {
      const cells = names.map((name) => when[name]?.join(', ') ?? '');
      return `| ${cells.join(' | ')} | ${outcome} | ${description} |`;
    }),
  ];
}
