import { useEffect, useRef, useState } from 'preact/hooks';
import { asRequestError, type RequestError } from './http.ts';

/** Something that is read from the server, and may be read again. */
export interface Resource<Value> {
  /** What was read last; it stays while it is read again. */
  readonly value: Value | undefined;
  readonly error: RequestError | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
  /** Puts something newer in its place, such as the answer to a change. */
  readonly set: (value: Value) => void;
}

interface Held<Value> {
  readonly key: string;
  readonly value?: Value | undefined;
  readonly error?: RequestError | undefined;
  readonly isLoading: boolean;
}

/**
 * Reads something whenever the key changes. What was read under another key is shown no more; an undefined key reads
 * nothing.
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

/** Something that is being done: a button waits for it, and its failure is shown. */
export interface Action {
  readonly isBusy: boolean;
  readonly error: RequestError | undefined;
  /** Does it, unless it is being done. */
  readonly run: (work: () => Promise<void>) => void;
  readonly clear: () => void;
}

/** One action at a time, with its failure. */
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

/** Does something every so often while somebody looks; the next time is counted from when it was done. */
export function useEvery(ms: number, work: () => Promise<void>): void {
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const wait = () => {
      timer = setTimeout(() => {
        if (document.visibilityState === 'visible') void latest.current().then(wait);
        else wait();
      }, ms);
    };
    // What was read for another page may be old.
    void latest.current().then(wait);
    return () => {
      clearTimeout(timer);
    };
  }, [ms]);
}

/** Reads again whenever a value changes, such as the generation of the stream. */
export function useReloadOn(value: unknown, reload: () => void): void {
  const before = useRef(value);
  useEffect(() => {
    if (before.current !== value) reload();
    before.current = value;
  }, [value]);
}

/** The last value under the same key, while a longer part of it is being read. */
export function useLast<Value>(value: Value | undefined, key: string): Value | undefined {
  const held = useRef<{ key: string; value: Value | undefined }>({ key, value });
  if (held.current.key !== key || value !== undefined) held.current = { key, value };
  return held.current.value;
}
