import type { WebSocket } from 'uWebSockets.js';
import type { Cancel, Clock } from '../ports/clock.ts';
import type { PublishTopic, Socket } from '../ports/socket.ts';
import { nativeText } from './native-text.ts';
import type { Corkable, Turn } from './turn.ts';
import type { UnreadWatch } from './unread.ts';

/** The maximum size of a close frame's reason. */
const reasonBytes = 123;

/** How long a slow client has to catch up before its connection is closed without a close frame. */
const catchUpMs = 10_000;

/** What all sockets of one app share. */
export interface SocketHost {
  readonly clock: Clock;
  readonly turn: Turn;
  /** Counts what is sent. */
  readonly unread: Pick<UnreadWatch, 'sent' | 'sentToMany'>;
  /** The maximum amount of data that waits for one client to read. */
  readonly maxBackpressureBytes: number;
  /** Frames of this length and more are compressed, for clients that support it. */
  readonly minCompressedLength: number;
  /** Publishes immediately to the sockets of all apps. */
  readonly publishNow: PublishTopic;
  /** The same to those of other apps, which the sockets of this one cannot reach. */
  readonly publishElsewhereNow: PublishTopic;
}

/**
 * One uWebSockets.js socket. Using a closed one throws, so this is the only place that knows whether it is open.
 */
export class UwsSocket<T> implements Socket, Corkable {
  #ws: WebSocket<T> | undefined;
  /** Sends the last frame and closes, once a slow client has caught up. */
  #closeLater: (() => void) | undefined;
  #cancelCut: Cancel | undefined;
  readonly #host: SocketHost;

  constructor(ws: WebSocket<T>, host: SocketHost) {
    this.#ws = ws;
    this.#host = host;
  }

  send(frame: string): void {
    this.#act(() => {
      if (this.#closeLater !== undefined) return;
      this.#host.unread.sent(frame.length);
      this.#ws?.send(nativeText(frame), false, frame.length >= this.#host.minCompressedLength);
    });
  }

  ping(): void {
    this.#act(() => {
      if (this.#closeLater !== undefined) return;
      this.#host.unread.sent(0);
      this.#ws?.ping();
    });
  }

  subscribe(topic: string): void {
    this.#act(() => void this.#ws?.subscribe(nativeText(topic)));
  }

  unsubscribe(topic: string): void {
    this.#act(() => void this.#ws?.unsubscribe(nativeText(topic)));
  }

  publishToOthers(topic: string, frame: string): void {
    this.#host.turn.publish(() => {
      const ws = this.#ws;
      const nativeTopic = nativeText(topic);
      if (ws === undefined || !ws.isSubscribed(nativeTopic)) return this.#host.publishNow(topic, frame);
      this.#host.unread.sentToMany(frame.length);
      // The returned value states whether there were other subscribers, not whether it succeeded.
      ws.publish(nativeTopic, nativeText(frame), false, frame.length >= this.#host.minCompressedLength);
      this.#host.publishElsewhereNow(topic, frame);
    });
  }

  end(lastFrame: string, code: number, reason: string): void {
    this.#act(() => this.#end(lastFrame, code, reason));
  }

  /** Immediately: a broken network does not wait either. */
  cut(): void {
    this.#ws?.close();
  }

  /** The data that waits for the client to read. */
  get unreadBytes(): number {
    return this.#ws?.getBufferedAmount() ?? 0;
  }

  /** Called by the turn, which combines the messages of a socket. */
  cork(act: () => void): void {
    if (this.#ws === undefined) act();
    else this.#ws.cork(act);
  }

  #act(act: () => void): void {
    this.#host.turn.act(this, act);
  }

  /**
   * A client with too much waiting data would not get the close frame. It is sent once the client has caught up; until then, the
   * client receives nothing else. If it does not catch up in time, the connection is closed without it.
   */
  #end(lastFrame: string, code: number, reason: string): void {
    const ws = this.#ws;
    if (ws === undefined || this.#closeLater !== undefined) return;
    const close = (): void => endWith(ws, lastFrame, code, reason);
    if (ws.getBufferedAmount() <= this.#host.maxBackpressureBytes) return close();
    for (const topic of ws.getTopics()) ws.unsubscribe(nativeText(topic));
    this.#closeLater = close;
    this.#cancelCut = this.#host.clock.after(catchUpMs, () => this.#ws?.close());
  }

  /** The client has read some of its waiting data. */
  drained(): void {
    if (this.#ws !== undefined && this.#ws.getBufferedAmount() <= this.#host.maxBackpressureBytes)
      this.#closeLater?.();
  }

  /** The connection has closed. From now on, calls do nothing. */
  closed(): void {
    this.#cancelCut?.();
    this.#ws = undefined;
  }
}

/** Sends a last frame, then closes with a code and as much of the reason as a close frame can hold. */
export function endWith<T>(ws: WebSocket<T>, lastFrame: string, code: number, reason: string): void {
  ws.cork(() => {
    ws.send(nativeText(lastFrame));
    ws.end(code, clipReason(reason));
  });
}

/** The reason, cut to the size of a close frame at a character boundary, because a close frame must be valid UTF-8. */
function clipReason(reason: string): Buffer {
  let clipped = reason;
  while (Buffer.byteLength(clipped) > reasonBytes) clipped = clipped.slice(0, -1);
  return Buffer.from(clipped);
}
