import { useEffect, useRef } from 'preact/hooks';
import type { ConsoleRow } from '../../views/server.ts';
import { generation, listen, type RowsWanted } from './stream.ts';

const atMostEveryMs = 2000;

/**
 * Calls `onNews` when rows of these kinds come, and after the stream was lost, but not more often than every two seconds:
 * under load the page asks no more than when there is little to see. What is wanted is compared by its content.
 */
export function useNews(
  wanted: RowsWanted | undefined,
  onNews: () => void,
  isAbout: (row: ConsoleRow) => boolean = () => true,
): void {
  const heard = useRef({ onNews, isAbout });
  heard.current = { onNews, isAbout };
  const key = wanted === undefined ? undefined : JSON.stringify(wanted);
  useEffect(() => {
    if (wanted === undefined) return undefined;
    const throttle = createThrottle(() => heard.current.onNews());
    const stop = listen(wanted, ({ rows, skipped }) => {
      if (skipped > 0 || rows.some((row) => heard.current.isAbout(row))) throttle.ask();
    });
    // What happens before the stream is open, or while it is lost, is not told.
    let isFirst = true;
    const unsubscribe = generation.subscribe(() => {
      if (!isFirst) throttle.ask();
      isFirst = false;
    });
    return () => {
      stop();
      unsubscribe();
      throttle.cancel();
    };
  }, [key]);
}

function createThrottle(run: () => void): { readonly ask: () => void; readonly cancel: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ranAtMs = 0;
  return {
    ask() {
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
