/** A connection that received an event. */
export interface PublishReceiver {
  readonly socketId: string;
  /** The user id, if the connection is signed in or a member of the presence channel. */
  readonly userId?: string;
  /** The channels of the event to which it was subscribed. */
  readonly channels: readonly string[];
}

/** A published event: one trigger, or one item of a batch, from a backend or the Dashboard. */
export interface PublishedEvent {
  /** Counts up from 1 for each emulator. */
  readonly id: number;
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
  readonly source: 'api' | 'dashboard';
  /** When it was published, on the emulator clock: milliseconds since its start. */
  readonly atMs: number;
  /** How many connections received it. */
  readonly receiverCount: number;
  /** These connections, in the order in which they connected; at most the first 1000. */
  readonly receivers: readonly PublishReceiver[];
}
