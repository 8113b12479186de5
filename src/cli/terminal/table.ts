/** Tables whose columns are as wide as their cells, or narrower if a line would not fit the screen. */
import { fitted, type Paint, printable } from './text.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly paint?: (row: Row) => Paint;
  /** Minimum width of a column that may shrink; absent: the column keeps its width. */
  readonly least?: number;
  /** Shrinks only after all others have reached their minimum. */
  readonly shrinksLast?: boolean;
}

const GAP = '  ';

/** Columns shrink, the widest first, until a line fits `width`. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
  paintTitle: Paint,
): string {
  const cells = rows.map((row) => columns.map((column) => printable(column.cell(row))));
  const widths = fittingWidths(columns, cells, width);
  const title = joined(columns.map((column, i) => padded(column.title, widths[i] ?? 0)));
  const lines = rows.map((row, index) =>
    joined(
      columns.map((column, i) => {
        const text = padded(cells[index]?.[i] ?? '', widths[i] ?? 0);
        return column.paint === undefined ? text : painted(text, column.paint(row));
      }),
    ),
  );
  return [paintTitle(title), ...lines].map((line) => `${line}\n`).join('');
}

function fittingWidths<Row>(
  columns: readonly Column<Row>[],
  cells: readonly (readonly string[])[],
  width: number,
): number[] {
  const widths = columns.map((column, i) =>
    cells.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), column.title.length),
  );
  const gaps = GAP.length * (columns.length - 1);
  let excess = widths.reduce((sum, one) => sum + one, gaps) - width;
  while (excess > 0) {
    const widest =
      widestShrinkable(columns, widths, false) ?? widestShrinkable(columns, widths, true);
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function widestShrinkable<Row>(
  columns: readonly Column<Row>[],
  widths: readonly number[],
  last: boolean,
): number | undefined {
  let widest: number | undefined;
  for (const [i, { least, shrinksLast = false }] of columns.entries()) {
    const here = widths[i] ?? 0;
    if (least === undefined || here <= least || shrinksLast !== last) continue;
    if (widest === undefined || here > (widths[widest] ?? 0)) widest = i;
  }
  return widest;
}

function padded(text: string, width: number): string {
  return fitted(text, width).padEnd(width);
}

/** Colours the text but not the padding after it. */
function painted(text: string, paint: Paint): string {
  const trimmed = text.trimEnd();
  return trimmed === '' ? text : `${paint(trimmed)}${text.slice(trimmed.length)}`;
}

function joined(cells: readonly string[]): string {
  return cells.join(GAP).trimEnd();
}
