import { batch, computed, effect, signal } from '@preact/signals';
import type { ConsoleRows, ConsoleType, ErrorView, OverviewView } from '../../views/server.ts';
import { withQuery } from './http.ts';
import { refresh, standing } from './session.ts';
import { setServerTime } from './time.ts';

/** Which rows the page requests from the stream. */
export interface RowsWanted {
  readonly app?: string | undefined;
  readonly types: readonly ConsoleType[];
  readonly q?: string | undefined;
}

/** The state of the stream: `paused` while the tab is hidden, `lost` until the server responds again. */
export type LiveState = 'connecting' | 'live' | 'lost' | 'paused';

/** Every page receives changes of settings, because they are rare. */
const onlySettings: RowsWanted = { types: ['setting'] };
const retryMs = 3000;
const retryFullMs = 5000;

const wanted = signal<RowsWanted>(onlySettings);
const isVisible = signal(document.visibilityState === 'visible');
const address = computed(() =>
  withQuery('api/stream', {
    app: wanted.value.app,
    types: wanted.value.types.join(','),
    q: wanted.value.q,
  }),
);

/** The state of the stream. */
export const live = signal<LiveState>('connecting');

/** When the stream was lost, while it is lost. */
export const lostSinceMs = signal<number | undefined>(undefined);

/** Why the server refuses the stream, while it has too many of them. */
export const fullReason = signal<string | undefined>(undefined);

/** The latest numbers: of the app whose rows are requested, or of all apps. */
export const stats = signal<OverviewView | undefined>(undefined);

/**
 * Counts the connections of the stream. Rows may be missing between two of them, so a page reloads its list after each
 * new one.
 */
export const generation = signal(0);

type Listener = (rows: ConsoleRows) => void;
const listeners = new Set<Listener>();

/** Requests rows until the returned function is called. There is one stream: the last request decides what it carries. */
export function listen(rows: RowsWanted, listener: Listener): () => void {
  listeners.add(listener);
  wanted.value = rows;
  return () => {
    listeners.delete(listener);
    if (wanted.peek() === rows) wanted.value = onlySettings;
  };
}

/** Keeps the stream open while the page is open and visible. */
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
    let isAccepted = false;
    opened.addEventListener('error', () => {
      isAccepted = false;
      onLost();
      // The browser gives up after a response that is not a stream, such as 401 or 502.
      if (opened.readyState !== EventSource.CLOSED) return;
      retry = setTimeout(() => {
        void refresh();
        source = connect(to);
      }, retryMs);
    });
    opened.addEventListener('full', (event) => {
      const { error }: ErrorView = JSON.parse(event.data);
      opened.close();
      onLost(error.message);
      retry = setTimeout(() => {
        source = connect(to);
      }, retryFullMs);
    });
    opened.addEventListener('rows', (event) => {
      const rows: ConsoleRows = JSON.parse(event.data);
      for (const listener of listeners) listener(rows);
    });
    opened.addEventListener('stats', (event) => {
      // The numbers come first, unless the server refuses the stream.
      if (!isAccepted) onOpen();
      isAccepted = true;
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
  // Settings may have changed while no stream was open, such as in another tab while this one was hidden.
  if (lostSinceMs.peek() !== undefined || generation.peek() > 0) void refresh();
  batch(() => {
    live.value = 'live';
    lostSinceMs.value = undefined;
    fullReason.value = undefined;
    generation.value += 1;
  });
}

function onLost(reason?: string): void {
  batch(() => {
    live.value = 'lost';
    fullReason.value = reason;
    lostSinceMs.value ??= Date.now();
  });
}
