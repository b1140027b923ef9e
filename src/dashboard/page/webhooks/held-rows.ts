/** The rows that are shown, and how many newer ones are held back. */
export interface HeldRows<Row> {
  readonly rows: readonly Row[];
  readonly fresh: number;
}

/**
 * Holds back what came before the rows that somebody reads, so that none of them moves. Without `shown` nothing is held.
 * Rows come newest first; those after the last one that is shown are older, and no news.
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
