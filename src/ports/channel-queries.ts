import type { ChannelName } from '../protocol/channel-name.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { Unavailable } from './unavailable.ts';

/** The truth of a channel at this moment, without grace. */
export interface ChannelState {
  readonly occupied: boolean;
  readonly userIds: readonly string[];
  readonly subscriptionCount: number;
  /** The cached event's data and the seconds that it remains; absent when there is none. */
  readonly cache?: { readonly data: string; readonly ttl: number };
}

/** A part of many names. */
export interface Page {
  /**
   * The first names after this one, in the order of their characters; empty: from the first one on. Undefined: any of them, in
   * no order.
   */
  readonly after: string | undefined;
  /** So many at most; there are fewer only if there are no more. */
  readonly limit: number;
}

/** What is true of channels now: the part of the ledger that answers backends, and changes nothing. */
export interface ChannelQueries {
  /** The state of one channel; an unknown channel is simply not occupied. */
  channel(appId: string, channel: ChannelName): MaybePromise<ChannelState | Unavailable>;
  /**
   * The occupied channels whose name starts with `prefix`: all of them in no order, or a part of them. A part may take
   * several turns of the event loop: each of its names was that of an occupied channel in one of them, and a channel that was
   * occupied in all of them is not left out.
   */
  occupiedChannels(
    appId: string,
    prefix: string,
    page?: Page,
  ): MaybePromise<readonly ChannelName[] | Unavailable>;
}
