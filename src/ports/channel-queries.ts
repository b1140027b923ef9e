import type { ChannelName } from '../protocol/channel-name.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { Unavailable } from './unavailable.ts';

/** The current state of a channel, without grace. */
export interface ChannelState {
  readonly occupied: boolean;
  readonly userIds: readonly string[];
  readonly subscriptionCount: number;
  /** The data of the cached event, and its remaining lifetime in seconds; absent if there is none. */
  readonly cache?: { readonly data: string; readonly ttl: number };
}

/** A page of names. */
export interface Page {
  /**
   * The first names after this one, in character order; an empty text starts with the first. Undefined: any names, in no
   * particular order.
   */
  readonly after: string | undefined;
  /** The maximum number of names. A page has fewer only if there are no more. */
  readonly limit: number;
}

/** The current state of channels: the part of the ledger that answers backends, and changes nothing. */
export interface ChannelQueries {
  /** The state of one channel. An unknown channel is not occupied. */
  channel(appId: string, channel: ChannelName): MaybePromise<ChannelState | Unavailable>;
  /**
   * The occupied channels whose name starts with `prefix`: all of them in no particular order, or a page. A page may take
   * several turns of the event loop: each of its channels was occupied in one of them, and a channel that was occupied in all
   * of them is not left out.
   */
  occupiedChannels(
    appId: string,
    prefix: string,
    page?: Page,
  ): MaybePromise<readonly ChannelName[] | Unavailable>;
}
