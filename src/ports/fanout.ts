import type { ChannelName } from '../protocol/channel-name.ts';
import type { SocketId } from '../protocol/socket-id.ts';

/** Makes the frame for a channel: when somebody is to get it, and not before. */
export type EncodeFrame = (channel: ChannelName) => string;

/** Carries to clients, on whichever node they are, what all of them are to get. */
export interface Fanout {
  /**
   * Sends a frame, encoded once, to every subscriber of the channel but the connection `except`. That
   * connection need not exist, nor hold the channel: then everybody receives the frame.
   */
  publish(appId: string, channel: ChannelName, encode: EncodeFrame, except?: SocketId): void;
  /** Ends every connection that is signed in as the user. There need not be one. */
  terminate(appId: string, userId: string): void;
}
