/** The rows of a held list, and how many newer ones are held back. */
export interface HeldRows<Row> {
  readonly rows: readonly Row[];
  readonly fresh: number;
  /** Whether there may be more new rows than those that were counted. */
  readonly hasMoreFresh: boolean;
}

/** The newest rows of a list, as they were loaded. */
export interface LoadedRows<Row> {
  /** Sorted newest first. */
  readonly rows: readonly Row[];
  /** Whether there are no older ones. */
  readonly isWhole: boolean;
}

/**
 * Holds back rows that are newer than the shown ones, so that none of these moves. Without `shown` nothing is held back.
 * A shown row that is no longer part of the list is removed. One that is only too old to be among the loaded rows stays
 * as it is. Rows after the last shown one are older and do not count as new.
 */
export function hold<Row extends { readonly id: string }>(
  { rows, isWhole }: LoadedRows<Row>,
  shown: readonly Row[] | undefined,
  limit: number,
): HeldRows<Row> {
  if (shown === undefined) return { rows: rows.slice(0, limit), fresh: 0, hasMoreFresh: false };
  const loaded = new Map(rows.map((row) => [row.id, row]));
  const tooOldAfter = isWhole ? shown.length : shown.findLastIndex(({ id }) => loaded.has(id));
  const kept = shown.flatMap((row, index) => loaded.get(row.id) ?? (index > tooOldAfter ? [row] : []));
  const shownIds = new Set(shown.map(({ id }) => id));
  const last = rows.findLastIndex(({ id }) => shownIds.has(id));
  const end = last === -1 ? rows.length : last;
  return {
    rows: [...kept, ...rows.slice(end + 1)].slice(0, limit),
    fresh: rows.slice(0, end).filter(({ id }) => !shownIds.has(id)).length,
    hasMoreFresh: last === -1 && !isWhole,
  };
}
