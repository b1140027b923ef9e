import type { ChannelName } from '../protocol/channel-name.ts';
import type { CachedEvent } from './channel-caches.ts';
import type { Millis } from './clock.ts';
import type { MaybePromise } from './maybe-promise.ts';

/** Is told of the state that no fact tells of, so that it can outlive the process. A journal that keeps nothing ignores it. */
export interface CacheJournal {
  /**
   * A channel keeps this event for so long, in place of an earlier one, and its cache miss has ended. Resolves once that would
   * outlive the process, or cannot for now.
   */
  cached(appId: string, channel: ChannelName, event: CachedEvent, ttlMs: Millis): MaybePromise<void>;
  /** A channel keeps no event any more. */
  uncached(appId: string, channel: ChannelName): void;
  /** The cache miss of this episode stands no more. */
  missForgotten(appId: string, channel: ChannelName, episode: string): void;
}

const nothing = (): void => {};

/** Keeps nothing. */
export const noCacheJournal: CacheJournal = { cached: nothing, uncached: nothing, missForgotten: nothing };
