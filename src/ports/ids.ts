import type { SocketId } from '../protocol/socket-id.ts';

/** Makes the identifiers that leave the program. Each is new for as long as it matters. */
export interface Ids {
  /** The id of a connection, `digits.digits`, unguessable enough not to be hit by accident. */
  socketId(): SocketId;
  /** The id of a webhook delivery, the same through all its attempts. */
  webhookId(): string;
  /** The id of an HTTP request that came without one. */
  requestId(): string;
}
