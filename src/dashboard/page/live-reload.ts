import { useEffect, useRef } from 'preact/hooks';
import type { Resource } from './resource.ts';
import { generation, listen, type RowsWanted } from './stream.ts';

const atMostEveryMs = 2000;
/** How long a reload waits for a load that is in progress before it looks again. */
const againMs = 400;

type Reloadable = Pick<Resource<unknown>, 'isLoading' | 'reload'>;

/**
 * Reloads resources when rows of these types arrive and after the stream was lost, at most once every two seconds, so that
 * load on the server does not multiply the page's requests. Rows do not interrupt a load, because under load it might
 * never end. `wanted` is compared by content, not by identity.
 */
export function useNews(wanted: RowsWanted | undefined, ...resources: readonly Reloadable[]): void {
  const latest = useRef(resources);
  latest.current = resources;
  const key = wanted === undefined ? undefined : JSON.stringify(wanted);
  useEffect(() => {
    if (wanted === undefined) return undefined;
    const throttle = createThrottle(
      () => latest.current.some(({ isLoading }) => isLoading),
      () => {
        for (const { reload } of latest.current) reload();
      },
    );
    const stop = listen(wanted, ({ rows, skipped }) => {
      if (skipped > 0 || rows.length > 0) throttle.request();
    });
    // The stream does not repeat what happened before it opened or while it was lost. A load from then may never end.
    let isFirst = true;
    const unsubscribe = generation.subscribe(() => {
      if (!isFirst) throttle.request({ interrupts: true });
      isFirst = false;
    });
    return () => {
      stop();
      unsubscribe();
      throttle.cancel();
    };
  }, [key]);
}

interface Throttle {
  readonly request: (how?: { readonly interrupts: boolean }) => void;
  readonly cancel: () => void;
}

function createThrottle(isBusy: () => boolean, run: () => void): Throttle {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ranAtMs = 0;
  let mayInterrupt = false;
  const look = () => {
    if (isBusy() && !mayInterrupt) {
      timer = setTimeout(look, againMs);
      return;
    }
    timer = undefined;
    mayInterrupt = false;
    ranAtMs = Date.now();
    run();
  };
  return {
    request({ interrupts } = { interrupts: false }) {
      mayInterrupt ||= interrupts;
      timer ??= setTimeout(look, Math.max(100, ranAtMs + atMostEveryMs - Date.now()));
    },
    cancel: () => clearTimeout(timer),
  };
}
