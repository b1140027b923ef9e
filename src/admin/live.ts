import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import { isConsoleFull, type ConsoleFeed, type ConsoleFilter } from '../recording/console/console-feed.ts';
import type { OverviewView } from '../views/server.ts';

/** The destination of a stream. */
export interface LiveSink {
  /**
   * Writes a text. Returns false if the client reads too slowly: this text is still sent, but further texts are dropped until
   * the client has caught up.
   */
  write(text: string): boolean;
  /** Sets the callback for when a slow client has caught up. */
  onDrained(run: () => void): void;
  end(): void;
}

/** What the live stream needs. */
export interface LiveParts {
  readonly feed: ConsoleFeed;
  readonly clock: Clock;
  readonly overview: () => OverviewView;
  /** Subscribes to changes of settings. */
  readonly onSettings: (listener: () => void) => Cancel;
}

/** How often numbers are sent. */
const statsMs: Millis = 2000;

/** How often a comment is sent, so that proxies do not close an idle stream. */
const commentMs: Millis = 15_000;

/** How long a client waits before it reconnects. */
const retryMs: Millis = 2000;

/** A request for the stream. */
export interface LiveRequest extends ConsoleFilter {
  /** The number of the last row that the client saw. */
  readonly since?: number;
  /** Whether the client is still allowed to read. A session may end while the stream is open. */
  readonly isAllowed: () => boolean;
}

/**
 * Streams rows of the console, numbers, and changes of settings as server-sent events. A client that reads too slowly
 * misses rows, and receives the number of missed ones. If there are too many streams, this one sends `full` and ends. It
 * also ends when the client is no longer allowed to read. Returns a function that stops the stream.
 */
export function streamLive(
  { feed, clock, overview, onSettings }: LiveParts,
  sink: LiveSink,
  { isAllowed, ...filter }: LiveRequest,
): Cancel {
  let isSlow = false;
  /** The number of rows that were missed because the client was too slow. */
  let missed = 0;
  const emit = (event: string, data: unknown, id?: number): boolean => {
    if (isSlow) return false;
    const head = id === undefined ? '' : `id: ${id}\n`;
    isSlow = !sink.write(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    return !isSlow;
  };
  sink.write(`retry: ${retryMs}\n\n`);
  const subscription = feed.subscribe({
    ...filter,
    onRows(news, lastSeq) {
      const { rows, skipped } = news;
      if (isSlow) {
        missed += rows.length + skipped;
        return false;
      }
      // The number is sent even without rows, so that a client that reconnects does not get the same rows again.
      const isTaken = emit('rows', { ...news, skipped: skipped + missed }, lastSeq);
      missed = 0;
      return isTaken;
    },
  });
  if (isConsoleFull(subscription)) {
    emit('full', { error: { code: 'ERR_TOO_MANY', message: subscription.message } });
    sink.end();
    return () => {};
  }
  sink.onDrained(() => {
    isSlow = false;
    subscription.resume();
  });
  emit('stats', overview());
  const ends: Cancel[] = [
    () => subscription.close(),
    every(clock, statsMs, () => {
      if (isAllowed()) emit('stats', overview());
      else sink.end();
    }),
    every(clock, commentMs, () => {
      if (!isSlow) isSlow = !sink.write(': still here\n\n');
    }),
    onSettings(() => void emit('settings', {})),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function every(clock: Clock, ms: Millis, work: () => void): Cancel {
  let cancel: Cancel = () => {};
  const wait = (): void => {
    cancel = clock.after(ms, () => {
      work();
      wait();
    });
  };
  wait();
  return () => cancel();
}
