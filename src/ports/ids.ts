import type { SocketId } from '../protocol/socket-id.ts';

/** Generates the identifiers that leave the program. Each is unique for as long as it matters. */
export interface Ids {
  /** The id of a connection, `digits.digits`, hard to hit by accident. */
  socketId(): SocketId;
  /** The id of a webhook delivery, the same in all of its attempts. */
  webhookId(): string;
  /** The id of an HTTP request that did not have one. */
  requestId(): string;
}
