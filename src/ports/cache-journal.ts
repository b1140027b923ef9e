import type { ChannelName } from '../protocol/channel-name.ts';
import type { CachedEvent } from './channel-caches.ts';
import type { Millis } from './clock.ts';
import type { MaybePromise } from './maybe-promise.ts';

/** Records state that no fact contains, so that it can outlive the process. */
export interface CacheJournal {
  /**
   * A channel keeps this event for `ttlMs`, in place of an earlier one, and its cache miss has ended. Resolves once the event
   * would outlive the process, or cannot for now.
   */
  cached(appId: string, channel: ChannelName, event: CachedEvent, ttlMs: Millis): MaybePromise<void>;
  /** A channel no longer keeps an event. */
  uncached(appId: string, channel: ChannelName): void;
  /** The cache miss of this episode has ended. */
  missForgotten(appId: string, channel: ChannelName, episode: string): void;
}

const noop = (): void => {};

/** A journal that keeps nothing. */
export const noCacheJournal: CacheJournal = { cached: noop, uncached: noop, missForgotten: noop };
