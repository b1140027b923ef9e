import type { WebSocket } from 'uWebSockets.js';
import type { Cancel, Clock } from '../ports/clock.ts';
import type { Socket } from '../ports/socket.ts';

/** The most bytes of a close frame's reason. */
const reasonBytes = 123;

/** How long a client that reads too slowly has to catch up before its connection is simply cut. */
const catchUpMs = 10_000;

/**
 * One uWebSockets.js socket. Touching a closed one throws, so this is the one place that knows whether it
 * is open.
 */
export class UwsSocket<T> implements Socket {
  #ws: WebSocket<T> | undefined;
  /** What is still to be said to a client that cannot take it now. */
  #farewell: (() => void) | undefined;
  #cancelCut: Cancel | undefined;
  readonly #maxBackpressureBytes: number;
  readonly #clock: Clock;

  constructor(ws: WebSocket<T>, clock: Clock, maxBackpressureBytes: number) {
    this.#ws = ws;
    this.#clock = clock;
    this.#maxBackpressureBytes = maxBackpressureBytes;
  }

  send(frame: string): void {
    if (this.#farewell === undefined) this.#ws?.send(frame);
  }

  ping(): void {
    if (this.#farewell === undefined) this.#ws?.ping();
  }

  subscribe(topic: string): void {
    this.#ws?.subscribe(topic);
  }

  unsubscribe(topic: string): void {
    this.#ws?.unsubscribe(topic);
  }

  publishToOthers(topic: string, frame: string): boolean {
    const ws = this.#ws;
    if (ws === undefined || !ws.isSubscribed(topic)) return false;
    // What it returns says whether there were others, not whether it was allowed.
    ws.publish(topic, frame);
    return true;
  }

  /**
   * A client with too much waiting would not get the close frame: it is written once it has caught up, and
   * until then receives nothing more; if it does not catch up, the connection is cut.
   */
  end(lastFrame: string, code: number, reason: string): void {
    const ws = this.#ws;
    if (ws === undefined || this.#farewell !== undefined) return;
    const sayFarewell = (): void => {
      ws.cork(() => {
        ws.send(lastFrame);
        ws.end(code, clipReason(reason));
      });
    };
    if (ws.getBufferedAmount() <= this.#maxBackpressureBytes) return sayFarewell();
    for (const topic of ws.getTopics()) ws.unsubscribe(topic);
    this.#farewell = sayFarewell;
    this.#cancelCut = this.#clock.after(catchUpMs, () => this.#ws?.close());
  }

  /** The client has read some of what waited for it. */
  drained(): void {
    if (this.#ws !== undefined && this.#ws.getBufferedAmount() <= this.#maxBackpressureBytes)
      this.#farewell?.();
  }

  /** The connection has closed; using the socket does nothing from now on. */
  closed(): void {
    this.#cancelCut?.();
    this.#ws = undefined;
  }
}

/** The bytes of a close frame's reason, always valid UTF-8: half a character would be a broken frame. */
function clipReason(reason: string): Buffer {
  let clipped = reason;
  while (Buffer.byteLength(clipped) > reasonBytes) clipped = clipped.slice(0, -1);
  return Buffer.from(clipped);
}
