import type { ChannelName } from '../protocol/channel-name.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { MaybePromise } from './maybe-promise.ts';

/** The event that a cache channel keeps for late subscribers. */
export interface CachedEvent {
  readonly name: string;
  readonly data: string;
}

/**
 * The cached events of channels: the part of the ledger that publishes on cache channels, and knows which of them lack an
 * event. The rules for all steps are documented at `Ledger`.
 */
export interface ChannelCaches {
  /**
   * Publishes an event on a cache channel and keeps it for late subscribers, in place of an earlier one. Ends the channel's
   * cache miss. Resolves once the next subscriber will find the event.
   */
  cacheEvent(appId: string, channel: ChannelName, event: CachedEvent, except?: SocketId): MaybePromise<void>;
  /**
   * The cache_miss webhook of this episode reached no endpoint: the next miss starts another episode. Does nothing if the
   * channel has entered another episode since.
   */
  forgetCacheMiss(appId: string, channel: ChannelName, episode: string): MaybePromise<void>;
}
