/**
 * A connection that was sent an event.
 *
 * @since 0.1.0
 */
export interface PublishReceiver {
  /** The `socket_id` of the connection. */
  readonly socketId: string;
  /** The user id, if the connection is signed in or a member of the presence channel. */
  readonly userId?: string;
  /** The channels of the event to which it was subscribed. */
  readonly channels: readonly string[];
}

/**
 * An event that a backend, or a person in the Dashboard, has published: one trigger, or one item of a batch.
 *
 * @since 0.1.0
 */
export interface PublishedEvent {
  /** Counts up from 1 for each emulator. */
  readonly id: number;
  /** The app that it was published in. */
  readonly appId: string;
  /** The name of the event. */
  readonly event: string;
  /** The channels, without duplicates. */
  readonly channels: readonly string[];
  /** The text that subscribers received as data, usually JSON. */
  readonly data: string;
  /** The socket_id of the connection that was excluded. */
  readonly socket_id?: string;
  /** Who published it. */
  readonly source: 'api' | 'admin';
  /** When it was published, on the emulator clock: milliseconds since its start. */
  readonly atMs: number;
  /** How many connections received it. */
  readonly receiverCount: number;
  /** These connections, in the order in which they connected; at most the first 1000. */
  readonly receivers: readonly PublishReceiver[];
}
