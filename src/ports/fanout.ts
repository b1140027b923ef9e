import type { ChannelName } from '../protocol/channel-name.ts';
import type { SocketId } from '../protocol/socket-id.ts';

/** Carries a published frame to the subscribers of a channel, on whichever node they are. */
export interface Fanout {
  /**
   * Sends `frame`, encoded once, to every subscriber of the channel but the connection `except`. That
   * connection need not exist, nor hold the channel: then everybody receives the frame.
   */
  publish(appId: string, channel: ChannelName, frame: string, except?: SocketId): void;
}
