import { printable } from './printable.ts';

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Align right, for numbers. */
  readonly isNumber?: boolean;
  /** Clip this column first if the table is wider than the terminal. */
  readonly isFlexible?: boolean;
}

/** No column becomes narrower than this. */
const narrowest = 8;

const gap = '  ';

/**
 * A table for a person, with a header line; ends with a line break. With a width, in characters, flexible columns are clipped until
 * a row fits; without one nothing is clipped. Cells are made safe for a terminal.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width?: number,
): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(printable))];
  const natural = columns.map((_, index) => Math.max(...cells.map((row) => lengthOf(row[index] ?? ''))));
  const widths = width === undefined ? natural : fit(natural, columns, width);
  return cells
    .map((row) =>
      columns
        .map(({ isNumber = false }, index) => {
          const cell = clipTo(row[index] ?? '', widths[index] ?? 0);
          const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - lengthOf(cell)));
          return isNumber ? padding + cell : cell + padding;
        })
        .join(gap)
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** The column widths with which a row fits, reducing the widest flexible column first. */
function fit(natural: readonly number[], columns: readonly Column[], width: number): readonly number[] {
  const widths = [...natural];
  const room = width - gap.length * (columns.length - 1);
  let surplus = widths.reduce((sum, one) => sum + one, 0) - room;
  while (surplus > 0) {
    let widest = -1;
    for (const [index, { isFlexible = false }] of columns.entries()) {
      const isWider = widest < 0 || (widths[index] ?? 0) > (widths[widest] ?? 0);
      if (isFlexible && (widths[index] ?? 0) > narrowest && isWider) widest = index;
    }
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    surplus -= 1;
  }
  return widths;
}

function clipTo(text: string, length: number): string {
  if (lengthOf(text) <= length) return text;
  return `${Array.from(text)
    .slice(0, Math.max(0, length - 1))
    .join('')}…`;
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
