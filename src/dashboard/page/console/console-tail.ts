import type { ConsoleRow, ConsoleRows } from '../../../views/server.ts';

/** A line of the console: a row, a gap where rows are or may be missing, or a restart of the server. */
export type TailLine =
  | { readonly kind: 'row'; readonly key: string; readonly row: ConsoleRow }
  | { readonly kind: 'gap'; readonly key: string; readonly skipped: number }
  | { readonly kind: 'missing'; readonly key: string }
  | { readonly kind: 'restart'; readonly key: string };

/** The newest rows of the console, newest last. While it is held, new rows wait and nothing moves. */
export interface Tail {
  readonly lines: readonly TailLine[];
  readonly waiting: readonly TailLine[];
  /** How many rows arrived while it was held. */
  readonly waitingCount: number;
  readonly isHeld: boolean;
  readonly lastSeq: number;
  /** How often the server restarted. Each restart numbers its rows from the beginning. */
  readonly restarts: number;
  readonly keptSinceMs: number | undefined;
}

/** The maximum number of lines, for shown and waiting ones each. */
const maxLines = 1000;

/** A tail before the first rows. */
export const emptyTail: Tail = {
  lines: [],
  waiting: [],
  waitingCount: 0,
  isHeld: false,
  lastSeq: -1,
  restarts: 0,
  keptSinceMs: undefined,
};

/** Adds rows that arrived. Known rows are ignored, because a resumed stream may repeat some. */
export function receive(before: Tail, { rows, skipped, keptSinceMs, isRestarted }: ConsoleRows): Tail {
  const tail = isRestarted === true ? { ...before, lastSeq: -1, restarts: before.restarts + 1 } : before;
  const fresh = rows.filter(({ seq }) => seq > tail.lastSeq);
  const lastSeq = fresh.at(-1)?.seq ?? tail.lastSeq;
  const gap: readonly TailLine[] =
    skipped === 0 ? [] : [{ kind: 'gap', key: `gap-${fresh[0]?.seq ?? `after-${lastSeq}`}`, skipped }];
  const restart: readonly TailLine[] =
    isRestarted === true ? [{ kind: 'restart', key: `restart-${tail.restarts}` }] : [];
  const lines = [...restart, ...gap, ...fresh.map((row) => lineOf(row, tail.restarts))];
  const known = { ...tail, lastSeq, keptSinceMs };
  if (!tail.isHeld) return { ...known, lines: newest([...tail.lines, ...lines]) };
  return {
    ...known,
    waiting: newest([...tail.waiting, ...lines]),
    waitingCount: tail.waitingCount + fresh.length + skipped,
  };
}

/**
 * Adds the rows that the server keeps. If they end before the known ones, the server has restarted. If it may keep more of
 * them (`isCut`) than those that begin after the known ones, the rows in between are missing.
 */
export function receiveHistory(tail: Tail, history: ConsoleRows, isCut = false): Tail {
  // The first history is shown immediately, even if the address selects a row and so holds the list.
  if (tail.lastSeq === -1 && tail.isHeld) return hold(receive({ ...tail, isHeld: false }, history));
  const newestSeq = history.rows.at(-1)?.seq ?? -1;
  const firstSeq = history.rows[0]?.seq ?? -1;
  const known = isCut && tail.lastSeq !== -1 && firstSeq > tail.lastSeq + 1 ? missing(tail) : tail;
  return receive(known, newestSeq < tail.lastSeq ? { ...history, isRestarted: true } : history);
}

/** Adds older rows at the beginning. */
export function prepend(tail: Tail, rows: readonly ConsoleRow[]): Tail {
  const first = tail.lines.find((line) => line.kind === 'row');
  const before = first?.kind === 'row' ? first.row.seq : Infinity;
  return {
    ...tail,
    lines: [
      ...rows.filter(({ seq }) => seq < before).map((row) => lineOf(row, tail.restarts)),
      ...tail.lines,
    ],
  };
}

/** Holds new rows back. */
export function hold(tail: Tail): Tail {
  return tail.isHeld ? tail : { ...tail, isHeld: true };
}

/** Shows the rows that were held back. */
export function release(tail: Tail): Tail {
  if (!tail.isHeld) return tail;
  const shown = [...tail.lines, ...tail.waiting];
  return { ...tail, lines: newest(shown), waiting: [], waitingCount: 0, isHeld: false };
}

/** Removes all lines. New rows still arrive. */
export function clear(tail: Tail): Tail {
  return { ...tail, lines: [], waiting: [], waitingCount: 0 };
}

/** The most frequent values among the rows, most frequent first. */
export function topOf(
  lines: readonly TailLine[],
  valueOf: (row: ConsoleRow) => string | undefined,
  most = 5,
): readonly { readonly value: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const value = line.kind === 'row' ? valueOf(line.row) : undefined;
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, most);
}

function missing(tail: Tail): Tail {
  const line: TailLine = { kind: 'missing', key: `missing-after-${tail.lastSeq}` };
  return tail.isHeld
    ? { ...tail, waiting: [...tail.waiting, line] }
    : { ...tail, lines: [...tail.lines, line] };
}

function lineOf(row: ConsoleRow, restarts: number): TailLine {
  return { kind: 'row', key: restarts === 0 ? String(row.seq) : `${restarts}-${row.seq}`, row };
}

/** The newest lines. The server still has older ones. */
function newest(lines: readonly TailLine[]): readonly TailLine[] {
  return lines.length <= maxLines ? lines : lines.slice(-maxLines);
}
