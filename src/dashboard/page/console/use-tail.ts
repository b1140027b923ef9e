import { useEffect, useRef, useState } from 'preact/hooks';
import type { ConsoleRows, ConsoleType } from '../../../views/server.ts';
import { api } from '../api.ts';
import { asRequestError, type RequestError } from '../http.ts';
import { generation, listen } from '../stream.ts';
import {
  clear,
  emptyTail,
  hold,
  prepend,
  receive,
  receiveHistory,
  release,
  type Tail,
} from './console-tail.ts';

const historyRows = 300;

/** Which rows the console shows. */
export interface TailQuery {
  readonly app: string | undefined;
  readonly types: readonly ConsoleType[];
  readonly q: string | undefined;
}

/** The rows, with functions that control them. */
export interface TailControl {
  readonly tail: Tail;
  readonly error: RequestError | undefined;
  readonly isLoading: boolean;
  readonly hold: () => void;
  readonly release: () => void;
  /** Shows the rows that were held back, and keeps holding. */
  readonly flush: () => void;
  readonly clear: () => void;
  /** Loads rows that are older than the shown ones. */
  readonly readOlder: () => void;
  readonly hasOlder: boolean;
}

interface State {
  readonly tail: Tail;
  readonly error?: RequestError | undefined;
  readonly isLoading: boolean;
  readonly hasOlder: boolean;
}

const start: State = { tail: emptyTail, isLoading: true, hasOlder: false };

/** Follows the rows of a query: first those that the server has kept, then new ones. */
export function useTail(query: TailQuery): TailControl {
  const [state, setState] = useState(start);
  const key = JSON.stringify(query);
  const current = useRef(query);
  current.current = query;
  const change = (edit: (tail: Tail) => Tail) =>
    setState((before) => ({ ...before, tail: edit(before.tail) }));

  useEffect(() => {
    setState(({ tail }) => ({ ...start, tail: { ...emptyTail, isHeld: tail.isHeld } }));
    return follow(current.current, setState);
  }, [key]);

  const readOlder = () => {
    const first = state.tail.lines.find((line) => line.kind === 'row');
    if (first?.kind !== 'row') return;
    setState((before) => ({ ...before, isLoading: true }));
    api.console({ ...current.current, limit: historyRows, before: first.row.seq }).then(
      ({ rows }) =>
        setState((before) => ({
          tail: prepend(hold(before.tail), rows),
          isLoading: false,
          hasOlder: rows.length === historyRows,
        })),
      (error: unknown) =>
        setState((before) => ({ ...before, isLoading: false, error: asRequestError(error) })),
    );
  };
  return {
    ...state,
    error: state.error,
    hold: () => change(hold),
    release: () => change(release),
    flush: () => change((tail) => hold(release(tail))),
    clear: () => change(clear),
    readOlder,
  };
}

type Update = (edit: (before: State) => State) => void;

function follow(query: TailQuery, update: Update): () => void {
  if (query.types.length === 0) {
    update((before) => ({ ...before, isLoading: false }));
    return () => undefined;
  }
  const abort = new AbortController();
  // Rows that arrive while the history loads wait for it, so that none is shown twice or out of order.
  const early: ConsoleRows[] = [];
  let reading = 0;
  const take = (rows: ConsoleRows) =>
    update((before) => ({ ...before, error: undefined, tail: receive(before.tail, rows) }));
  const stop = listen(query, (rows) => {
    if (reading === 0) take(rows);
    else early.push(rows);
  });
  const readHistory = async () => {
    reading += 1;
    try {
      const history = await api.console({ ...query, limit: historyRows }, abort.signal);
      update((before) => ({
        error: undefined,
        isLoading: false,
        tail: receiveHistory(before.tail, history, history.rows.length === historyRows),
        // After a restart, sequence numbers of the earlier run would request rows of the new one.
        hasOlder: before.tail.restarts === 0 && history.rows.length === historyRows,
      }));
    } catch (error) {
      if (abort.signal.aborted) return;
      update((before) => ({ ...before, isLoading: false, error: asRequestError(error) }));
    }
    reading -= 1;
    if (reading === 0) for (const rows of early.splice(0)) take(rows);
  };
  void readHistory();
  // Only the history has the rows from before the stream opened and from while it was lost, so it is loaded each time.
  let isFirst = true;
  const unsubscribe = generation.subscribe(() => {
    if (!isFirst) void readHistory();
    isFirst = false;
  });
  return () => {
    abort.abort();
    unsubscribe();
    stop();
  };
}
