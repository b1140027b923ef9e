/**
 * One client's connection, as the use cases see it. Using one that has closed does nothing: only the
 * transport knows whether it is open.
 */
export interface Socket {
  /** Sends a text frame, after all that was sent or published to it before. */
  send(frame: string): void;
  /** Sends a WebSocket ping frame. */
  ping(): void;
  /** Sends a last frame, then closes with a code and a reason. */
  end(lastFrame: string, code: number, reason: string): void;
  /** Cuts the connection without a word, as a broken network does. */
  cut(): void;
  /** Receives what is published on the topic from now on. */
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /** Publishes to all that receive the topic, but not to itself. */
  publishToOthers(topic: string, frame: string): void;
}

/** Publishes a text frame to every socket of this node that receives the topic. */
export type PublishTopic = (topic: string, frame: string) => void;
