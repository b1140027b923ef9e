import type { ChannelName } from '../protocol/channel-name.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { MaybePromise } from './maybe-promise.ts';

/** The event that a cache channel keeps for late subscribers. */
export interface CachedEvent {
  readonly name: string;
  readonly data: string;
}

/**
 * What cache channels keep: the part of the ledger that publishes on them, and knows which of them lack an event.
 * What holds of each step is written at `Ledger`.
 */
export interface ChannelCaches {
  /**
   * Publishes an event on a cache channel and keeps it for late subscribers, in place of an earlier one; ends
   * the channel's cache miss. Resolves once the next subscriber finds it.
   */
  cacheEvent(appId: string, channel: ChannelName, event: CachedEvent, except?: SocketId): MaybePromise<void>;
  /**
   * The cache_miss webhook of this episode reached nobody: the next miss is a new one. Does nothing when
   * the channel has entered another episode since.
   */
  forgetCacheMiss(appId: string, channel: ChannelName, episode: string): MaybePromise<void>;
}
