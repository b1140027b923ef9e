/** The shown rows, and how many newer ones are held back. */
export interface HeldRows<Row> {
  readonly rows: readonly Row[];
  readonly fresh: number;
}

/**
 * Holds back rows that are newer than the shown ones, so that none of these moves. Without `shown` nothing is held back.
 * Rows are sorted newest first. Rows after the last shown one are older and do not count as new.
 */
export function hold<Row extends { readonly id: string }>(
  rows: readonly Row[],
  shown: ReadonlySet<string> | undefined,
  limit: number,
): HeldRows<Row> {
  if (shown === undefined) return { rows: rows.slice(0, limit), fresh: 0 };
  const end = rows.findLastIndex(({ id }) => shown.has(id));
  const isFresh = ({ id }: Row, index: number) => index < end && !shown.has(id);
  const kept = rows.filter((row, index) => !isFresh(row, index));
  return { rows: kept.slice(0, limit), fresh: rows.length - kept.length };
}
