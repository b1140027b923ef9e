import type { ChannelName } from '../protocol/channel-name.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { Unavailable } from './unavailable.ts';

/** Encodes the frame for a channel. It is called only if there is a receiver. */
export type EncodeFrame = (channel: ChannelName) => string;

/** Sends frames to clients, on whichever node they are. */
export interface Fanout {
  /**
   * Sends a frame, encoded once, to every subscriber of the channel except the connection `except`. That connection may not
   * exist, or not be subscribed; everyone receives the frame then.
   */
  publish(appId: string, channel: ChannelName, encode: EncodeFrame, except?: SocketId): void;
  /**
   * Closes every connection that is signed in as the user, if there is any. `done`: they are closed, or will be by nodes that
   * are notified late. `unavailable`: those of this node are closed, but it is not known whether other nodes will be notified.
   */
  terminate(appId: string, userId: string): MaybePromise<'done' | Unavailable>;
}
