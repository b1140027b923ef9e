import type { ConsoleRow, ConsoleRows } from '../../../views/server.ts';

/** A line of the console: a row, where rows are missing, or where the server was started again. */
export type TailLine =
  | { readonly kind: 'row'; readonly key: string; readonly row: ConsoleRow }
  | { readonly kind: 'gap'; readonly key: string; readonly skipped: number }
  | { readonly kind: 'restart'; readonly key: string };

/** The end of the console's rows, newest last. While it is held, what comes waits and nothing moves. */
export interface Tail {
  readonly lines: readonly TailLine[];
  readonly waiting: readonly TailLine[];
  /** Rows that came while it was held. */
  readonly waitingCount: number;
  readonly isHeld: boolean;
  readonly lastSeq: number;
  /** How often the server was started again meanwhile: each time its rows are numbered anew. */
  readonly restarts: number;
  readonly keptSinceMs: number | undefined;
}

/** So many lines are kept, shown and waiting each. */
const mostLines = 1000;

/** Nothing was heard yet. */
export const emptyTail: Tail = {
  lines: [],
  waiting: [],
  waitingCount: 0,
  isHeld: false,
  lastSeq: -1,
  restarts: 0,
  keptSinceMs: undefined,
};

/** Takes rows that came. Those that are known already are passed over: a stream that resumes may repeat some. */
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

/** Takes the rows that the server keeps. If they end before what is known, the server was started again. */
export function receiveHistory(tail: Tail, history: ConsoleRows): Tail {
  // What was there before anything was shown is no news, even if a row is selected by the address.
  if (tail.lastSeq === -1 && tail.isHeld) return hold(receive({ ...tail, isHeld: false }, history));
  const newestSeq = history.rows.at(-1)?.seq ?? -1;
  return receive(tail, newestSeq < tail.lastSeq ? { ...history, isRestarted: true } : history);
}

/** Puts rows that are older than those there are before them. */
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

/** From now on nothing moves. */
export function hold(tail: Tail): Tail {
  return tail.isHeld ? tail : { ...tail, isHeld: true };
}

/** Shows what has come meanwhile. */
export function release(tail: Tail): Tail {
  if (!tail.isHeld) return tail;
  const shown = [...tail.lines, ...tail.waiting];
  return { ...tail, lines: newest(shown), waiting: [], waitingCount: 0, isHeld: false };
}

/** Forgets the lines; what comes goes on. */
export function clear(tail: Tail): Tail {
  return { ...tail, lines: [], waiting: [], waitingCount: 0 };
}

/** What is most frequent among the rows, most first. */
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

function lineOf(row: ConsoleRow, restarts: number): TailLine {
  return { kind: 'row', key: restarts === 0 ? String(row.seq) : `${restarts}-${row.seq}`, row };
}

/** The newest lines. Older ones are still with the server. */
function newest(lines: readonly TailLine[]): readonly TailLine[] {
  return lines.length <= mostLines ? lines : lines.slice(-mostLines);
}
