import type { ChannelName } from '../protocol/channel-name.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { Unavailable } from './unavailable.ts';

/** Makes the frame for a channel: when somebody is to get it, and not before. */
export type EncodeFrame = (channel: ChannelName) => string;

/** Carries to clients, on whichever node they are, what all of them are to get. */
export interface Fanout {
  /**
   * Sends a frame, encoded once, to every subscriber of the channel but the connection `except`. That
   * connection need not exist, nor hold the channel: then everybody receives the frame.
   */
  publish(appId: string, channel: ChannelName, encode: EncodeFrame, except?: SocketId): void;
  /**
   * Ends every connection that is signed in as the user. There need not be one. `done`: they are ended, or will be by
   * every node that learns of it late. `unavailable`: those of this node are ended, and it is not known whether the
   * other nodes will learn of it.
   */
  terminate(appId: string, userId: string): MaybePromise<'done' | Unavailable>;
}
