import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import { isConsoleFull, type ConsoleFeed, type ConsoleFilter } from '../recording/console-feed.ts';
import type { OverviewView } from '../views/server.ts';

/** Where the text of a stream goes. */
export interface LiveSink {
  /** False: the client reads too slowly. This text still waits for it, but what is written before it has caught up is dropped. */
  write(text: string): boolean;
  /** What to do whenever a client that read too slowly has caught up. */
  onDrained(run: () => void): void;
  end(): void;
}

/** What the live stream tells of. */
export interface LiveParts {
  readonly feed: ConsoleFeed;
  readonly clock: Clock;
  readonly overview: () => OverviewView;
  /** Calls back whenever settings have changed. */
  readonly onSettings: (hear: () => void) => Cancel;
}

/** How often numbers are told. */
const statsMs: Millis = 2000;

/** So often something is said in any case, so that proxies do not take the stream for dead. */
const commentMs: Millis = 15_000;

/** A reader that lost its connection is to come back after so long. */
const retryMs: Millis = 2000;

/** What somebody wants to be told. */
export interface LiveRequest extends ConsoleFilter {
  /** The number of the row that was seen last. */
  readonly since?: number;
  /** Whether the reader may still look: a session may end while the stream is open. */
  readonly isAllowed: () => boolean;
}

/**
 * Streams rows of the console, numbers and news of settings as server-sent events. Whoever reads too slowly misses rows, and
 * is told how many. When too many look on already, the stream says so and ends; so it does when the reader may not look any
 * more. Returns how to end it.
 */
export function streamLive(
  { feed, clock, overview, onSettings }: LiveParts,
  sink: LiveSink,
  { isAllowed, ...filter }: LiveRequest,
): Cancel {
  let isSlow = false;
  /** Rows that came while the reader was too slow for anything. */
  let missed = 0;
  const say = (event: string, data: unknown, id?: number): boolean => {
    if (isSlow) return false;
    const head = id === undefined ? '' : `id: ${id}\n`;
    isSlow = !sink.write(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    return !isSlow;
  };
  sink.write(`retry: ${retryMs}\n\n`);
  const subscription = feed.subscribe({
    ...filter,
    hear(news, lastSeq) {
      const { rows, skipped } = news;
      if (isSlow) {
        missed += rows.length + skipped;
        return false;
      }
      // The number is told without rows, too: whoever comes back is not told the same once more.
      const isTaken = say('rows', { ...news, skipped: skipped + missed }, lastSeq);
      missed = 0;
      return isTaken;
    },
  });
  if (isConsoleFull(subscription)) {
    say('full', { error: { code: 'ERR_TOO_MANY', message: subscription.message } });
    sink.end();
    return () => {};
  }
  sink.onDrained(() => {
    isSlow = false;
    subscription.resume();
  });
  say('stats', overview());
  const ends: Cancel[] = [
    () => subscription.close(),
    every(clock, statsMs, () => {
      if (isAllowed()) say('stats', overview());
      else sink.end();
    }),
    every(clock, commentMs, () => {
      if (!isSlow) isSlow = !sink.write(': still here\n\n');
    }),
    onSettings(() => void say('settings', {})),
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
