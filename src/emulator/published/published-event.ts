/**
 * A connection that was sent an event.
 *
 * @since 0.1.0
 */
export interface PublishReceiver {
  /** The `socket_id` of the connection. */
  readonly socketId: string;
  /** Who it was: signed in, or a member of the presence channel. */
  readonly userId?: string;
  /** On which of the event's channels. */
  readonly channels: readonly string[];
}

/**
 * An event that a backend, or a person in the Dashboard, has published: one trigger, or one item of a batch.
 *
 * @since 0.1.0
 */
export interface PublishedEvent {
  /** Counts up, from the first one of the emulator. */
  readonly id: number;
  /** The app that it was published in. */
  readonly appId: string;
  /** The name of the event. */
  readonly event: string;
  /** Each once. */
  readonly channels: readonly string[];
  /** The text that subscribers were sent as its data: mostly JSON. */
  readonly data: string;
  /** The connection that was not to receive it. */
  readonly socket_id?: string;
  /** Who published it. */
  readonly source: 'api' | 'dashboard';
  /** When, on the emulator's clock: milliseconds since its start. */
  readonly atMs: number;
  /** How many connections were sent it. */
  readonly receiverCount: number;
  /** These connections, in the order in which they came; the first 1000 of them. */
  readonly receivers: readonly PublishReceiver[];
}
