import type { WebSocket } from 'uWebSockets.js';
import type { Cancel, Clock } from '../ports/clock.ts';
import type { PublishTopic, Socket } from '../ports/socket.ts';
import type { Corkable, Turn } from './turn.ts';
import type { UnreadWatch } from './unread.ts';

/** The most bytes of a close frame's reason. */
const reasonBytes = 123;

/** How long a client that reads too slowly has to catch up before its connection is simply cut. */
const catchUpMs = 10_000;

/** What all sockets of one app have in common. */
export interface SocketHost {
  readonly clock: Clock;
  readonly turn: Turn;
  /** Is told what is said. */
  readonly unread: Pick<UnreadWatch, 'said' | 'saidToMany'>;
  /** What may wait for one client to read. */
  readonly maxBackpressureBytes: number;
  /** Frames of this length and more are compressed, for those clients that can. */
  readonly minCompressedLength: number;
  /** Publishes to the sockets of all apps, at once. */
  readonly publishNow: PublishTopic;
  /** The same to those of other apps, which the sockets of this one cannot reach. */
  readonly publishElsewhereNow: PublishTopic;
}

/**
 * One uWebSockets.js socket. Touching a closed one throws, so this is the one place that knows whether it
 * is open.
 */
export class UwsSocket<T> implements Socket, Corkable {
  #ws: WebSocket<T> | undefined;
  /** What is still to be said to a client that cannot take it now. */
  #farewell: (() => void) | undefined;
  #cancelCut: Cancel | undefined;
  readonly #host: SocketHost;

  constructor(ws: WebSocket<T>, host: SocketHost) {
    this.#ws = ws;
    this.#host = host;
  }

  send(frame: string): void {
    this.#tell(() => {
      if (this.#farewell !== undefined) return;
      this.#host.unread.said(frame.length);
      this.#ws?.send(frame, false, frame.length >= this.#host.minCompressedLength);
    });
  }

  ping(): void {
    this.#tell(() => {
      if (this.#farewell !== undefined) return;
      this.#host.unread.said(0);
      this.#ws?.ping();
    });
  }

  subscribe(topic: string): void {
    this.#tell(() => void this.#ws?.subscribe(topic));
  }

  unsubscribe(topic: string): void {
    this.#tell(() => void this.#ws?.unsubscribe(topic));
  }

  publishToOthers(topic: string, frame: string): void {
    this.#host.turn.publish(() => {
      const ws = this.#ws;
      if (ws === undefined || !ws.isSubscribed(topic)) return this.#host.publishNow(topic, frame);
      this.#host.unread.saidToMany(frame.length);
      // What it returns says whether there were others, not whether it was allowed.
      ws.publish(topic, frame, false, frame.length >= this.#host.minCompressedLength);
      this.#host.publishElsewhereNow(topic, frame);
    });
  }

  end(lastFrame: string, code: number, reason: string): void {
    this.#tell(() => this.#end(lastFrame, code, reason));
  }

  /** At once: a broken network waits for nothing. */
  cut(): void {
    this.#ws?.close();
  }

  /** What waits here for the client to read. */
  get unreadBytes(): number {
    return this.#ws?.getBufferedAmount() ?? 0;
  }

  /** For the turn, which puts together what the socket is told. */
  cork(act: () => void): void {
    if (this.#ws === undefined) act();
    else this.#ws.cork(act);
  }

  #tell(act: () => void): void {
    this.#host.turn.tell(this, act);
  }

  /**
   * A client with too much waiting would not get the close frame: it is written once it has caught up, and
   * until then receives nothing more; if it does not catch up, the connection is cut.
   */
  #end(lastFrame: string, code: number, reason: string): void {
    const ws = this.#ws;
    if (ws === undefined || this.#farewell !== undefined) return;
    const sayFarewell = (): void => endWith(ws, lastFrame, code, reason);
    if (ws.getBufferedAmount() <= this.#host.maxBackpressureBytes) return sayFarewell();
    for (const topic of ws.getTopics()) ws.unsubscribe(topic);
    this.#farewell = sayFarewell;
    this.#cancelCut = this.#host.clock.after(catchUpMs, () => this.#ws?.close());
  }

  /** The client has read some of what waited for it. */
  drained(): void {
    if (this.#ws !== undefined && this.#ws.getBufferedAmount() <= this.#host.maxBackpressureBytes)
      this.#farewell?.();
  }

  /** The connection has closed; using the socket does nothing from now on. */
  closed(): void {
    this.#cancelCut?.();
    this.#ws = undefined;
  }
}

/** Sends a last frame, then closes with a code and as much of the reason as a close frame takes. */
export function endWith<T>(ws: WebSocket<T>, lastFrame: string, code: number, reason: string): void {
  ws.cork(() => {
    ws.send(lastFrame);
    ws.end(code, clipReason(reason));
  });
}

/** The bytes of a close frame's reason, always valid UTF-8: half a character would be a broken frame. */
function clipReason(reason: string): Buffer {
  let clipped = reason;
  while (Buffer.byteLength(clipped) > reasonBytes) clipped = clipped.slice(0, -1);
  return Buffer.from(clipped);
}
