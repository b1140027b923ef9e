import { useEffect, useRef, useState } from 'preact/hooks';
import { asRequestError, type RequestError } from './http.ts';

/** A value that is loaded from the server and can be reloaded. */
export interface Resource<Value> {
  /** The value that was loaded last. It stays during a reload. */
  readonly value: Value | undefined;
  readonly error: RequestError | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
  /** Replaces the value by a newer one, such as the response to a change. */
  readonly set: (value: Value) => void;
}

interface Held<Value> {
  readonly key: string;
  readonly value?: Value | undefined;
  readonly error?: RequestError | undefined;
  readonly isLoading: boolean;
}

/**
 * Loads a value whenever the key changes. A value that was loaded under another key is not returned. An undefined key
 * loads nothing.
 */
export function useResource<Value>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<Value>,
): Resource<Value> {
  const [held, setHeld] = useState<Held<Value>>({ key: key ?? '', isLoading: key !== undefined });
  const [turn, setTurn] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  useEffect(() => {
    if (key === undefined) return undefined;
    const abort = new AbortController();
    setHeld((before) => (before.key === key ? { ...before, isLoading: true } : { key, isLoading: true }));
    void attempt(loader.current, abort.signal).then((outcome) => {
      if (!abort.signal.aborted) setHeld((before) => ({ ...before, ...outcome, key, isLoading: false }));
      return undefined;
    });
    return () => {
      abort.abort();
    };
  }, [key, turn]);
  const isCurrent = held.key === key;
  return {
    value: isCurrent ? held.value : undefined,
    error: isCurrent ? held.error : undefined,
    isLoading: key !== undefined && (!isCurrent || held.isLoading),
    reload: () => {
      setTurn((before) => before + 1);
    },
    set: (value) => {
      setHeld({ key: key ?? '', value, isLoading: false });
    },
  };
}

async function attempt<Value>(
  load: (signal: AbortSignal) => Promise<Value>,
  signal: AbortSignal,
): Promise<Pick<Held<Value>, 'value' | 'error'>> {
  try {
    return { value: await load(signal), error: undefined };
  } catch (error) {
    return { error: asRequestError(error) };
  }
}

/** An action that a button starts. The button waits for it, and its failure is shown. */
export interface Action {
  readonly isBusy: boolean;
  readonly error: RequestError | undefined;
  /** Runs the work, unless an earlier run is in progress. */
  readonly run: (work: () => Promise<void>) => void;
  readonly clear: () => void;
}

/** Runs one action at a time and keeps its failure. */
export function useAction(): Action {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<RequestError | undefined>(undefined);
  const run = (work: () => Promise<void>) => {
    if (isBusy) return;
    setBusy(true);
    setError(undefined);
    work()
      .catch((failure: unknown) => {
        setError(asRequestError(failure));
      })
      .finally(() => {
        setBusy(false);
      });
  };
  return { isBusy, error, run, clear: () => setError(undefined) };
}

/** Repeats work while the tab is visible. The interval starts when the work is done. */
export function useEvery(ms: number, work: () => Promise<void>): void {
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout>;
    const wait = () => {
      if (isOver) return;
      timer = setTimeout(() => {
        if (document.visibilityState === 'visible') void latest.current().then(wait);
        else wait();
      }, ms);
    };
    // The value may have been loaded for another page a while ago.
    void latest.current().then(wait);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [ms]);
}

/** Reloads whenever a value changes, such as the generation of the stream. */
export function useReloadOn(value: unknown, reload: () => void): void {
  const before = useRef(value);
  useEffect(() => {
    if (before.current !== value) reload();
    before.current = value;
  }, [value]);
}

/** The last value under the same key, so that it stays visible while a longer list loads. */
export function useLast<Value>(value: Value | undefined, key: string): Value | undefined {
  const held = useRef<{ key: string; value: Value | undefined }>({ key, value });
  if (held.current.key !== key || value !== undefined) held.current = { key, value };
  return held.current.value;
}
