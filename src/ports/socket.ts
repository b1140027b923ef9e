/**
 * A client's connection, as the use cases see it. Calls on a closed connection do nothing: only the transport knows whether it
 * is open.
 */
export interface Socket {
  /** Sends a text frame, after everything that was sent or published to it before. */
  send(frame: string): void;
  /** Sends a WebSocket ping frame. */
  ping(): void;
  /** Sends a last frame, then closes with a code and a reason. */
  end(lastFrame: string, code: number, reason: string): void;
  /** Closes the connection without a close frame, as a broken network does. */
  cut(): void;
  /** From now on, the connection receives what is published on the topic. */
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /** Publishes to all other subscribers of the topic. */
  publishToOthers(topic: string, frame: string): void;
}

/** Publishes a text frame to every socket of this node that is subscribed to the topic. */
export type PublishTopic = (topic: string, frame: string) => void;
