import { batch, computed, effect, signal } from '@preact/signals';
import type { ConsoleRows, ConsoleType, OverviewView } from '../../views/server.ts';
import { withQuery } from './http.ts';
import { refresh, standing } from './session.ts';
import { setServerTime } from './time.ts';

/** Which rows the page wants from the stream. */
export interface RowsWanted {
  readonly app?: string | undefined;
  readonly types: readonly ConsoleType[];
  readonly q?: string | undefined;
}

/** How the stream is doing: `paused` while the tab is hidden, `lost` until the server answers again. */
export type LiveState = 'connecting' | 'live' | 'lost' | 'paused';

/** Every page hears of changed settings; they are rare. */
const nothingElse: RowsWanted = { types: ['setting'] };
const retryMs = 3000;

const wanted = signal<RowsWanted>(nothingElse);
const isVisible = signal(document.visibilityState === 'visible');
const address = computed(() =>
  withQuery('api/stream', {
    app: wanted.value.app,
    types: wanted.value.types.join(','),
    q: wanted.value.q,
  }),
);

/** How the stream is doing. */
export const live = signal<LiveState>('connecting');

/** Since when it is lost. */
export const lostSinceMs = signal<number | undefined>(undefined);

/** The latest numbers, of all apps or of the one that the page wants rows of. */
export const stats = signal<OverviewView | undefined>(undefined);

/**
 * Counts the connections. After another one was made, rows may be missing in between: a page reads its list
 * again.
 */
export const generation = signal(0);

type Listener = (rows: ConsoleRows) => void;
const listeners = new Set<Listener>();

/** Asks for rows until the returned function is called. There is one stream: who asks last decides what it brings. */
export function listen(rows: RowsWanted, listener: Listener): () => void {
  listeners.add(listener);
  wanted.value = rows;
  return () => {
    listeners.delete(listener);
    if (wanted.peek() === rows) wanted.value = nothingElse;
  };
}

/** Opens the stream whenever the page is visible and open. */
export function startStream(): void {
  document.addEventListener('visibilitychange', () => {
    isVisible.value = document.visibilityState === 'visible';
  });
  const isOpen = computed(() => standing.value.state === 'open');
  effect(() => {
    if (!isOpen.value) return undefined;
    if (!isVisible.value) {
      live.value = 'paused';
      return undefined;
    }
    return open(address.value);
  });
}

function open(url: string): () => void {
  let source = connect(url);
  let retry: ReturnType<typeof setTimeout> | undefined;
  function connect(to: string): EventSource {
    const opened = new EventSource(to);
    opened.addEventListener('open', onOpen);
    opened.addEventListener('error', () => {
      onLost();
      // The browser gives up after an answer that is no stream, for instance 401 or 502.
      if (opened.readyState !== EventSource.CLOSED) return;
      retry = setTimeout(() => {
        void refresh();
        source = connect(to);
      }, retryMs);
    });
    opened.addEventListener('rows', (event) => {
      const rows: ConsoleRows = JSON.parse(event.data);
      for (const listener of listeners) listener(rows);
    });
    opened.addEventListener('stats', (event) => {
      const view: OverviewView = JSON.parse(event.data);
      batch(() => {
        stats.value = view;
        setServerTime(view.nowMs);
      });
    });
    opened.addEventListener('settings', () => void refresh());
    return opened;
  }
  return () => {
    clearTimeout(retry);
    source.close();
  };
}

function onOpen(): void {
  // What was missed while it was lost may be a restart, with other settings.
  if (lostSinceMs.peek() !== undefined) void refresh();
  batch(() => {
    live.value = 'live';
    lostSinceMs.value = undefined;
    generation.value += 1;
  });
}

function onLost(): void {
  batch(() => {
    live.value = 'lost';
    lostSinceMs.value ??= Date.now();
  });
}
