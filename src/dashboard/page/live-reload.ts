import { useEffect, useRef } from 'preact/hooks';
import type { ConsoleRow } from '../../views/server.ts';
import { generation, listen, type RowsWanted } from './stream.ts';

const atMostEveryMs = 2000;

/**
 * Calls `onNews` when rows of these types arrive and after the stream was lost, at most once every two seconds, so that
 * load on the server does not multiply the page's requests. `wanted` is compared by content, not by identity.
 */
export function useNews(
  wanted: RowsWanted | undefined,
  onNews: () => void,
  isAbout: (row: ConsoleRow) => boolean = () => true,
): void {
  const latest = useRef({ onNews, isAbout });
  latest.current = { onNews, isAbout };
  const key = wanted === undefined ? undefined : JSON.stringify(wanted);
  useEffect(() => {
    if (wanted === undefined) return undefined;
    const throttle = createThrottle(() => latest.current.onNews());
    const stop = listen(wanted, ({ rows, skipped }) => {
      if (skipped > 0 || rows.some((row) => latest.current.isAbout(row))) throttle.request();
    });
    // The stream does not repeat what happened before it opened or while it was lost.
    let isFirst = true;
    const unsubscribe = generation.subscribe(() => {
      if (!isFirst) throttle.request();
      isFirst = false;
    });
    return () => {
      stop();
      unsubscribe();
      throttle.cancel();
    };
  }, [key]);
}

function createThrottle(run: () => void): { readonly request: () => void; readonly cancel: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ranAtMs = 0;
  return {
    request() {
      if (timer !== undefined) return;
      const waitMs = Math.max(100, ranAtMs + atMostEveryMs - Date.now());
      timer = setTimeout(() => {
        timer = undefined;
        ranAtMs = Date.now();
        run();
      }, waitMs);
    },
    cancel: () => clearTimeout(timer),
  };
}
