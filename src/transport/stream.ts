import type { HttpResponse } from 'uWebSockets.js';
import type { Sink, StreamingResponse } from './http-message.ts';

/** How much is passed to the native library at a time. Data that the client does not take waits there, and cannot be measured. */
const pieceBytes = 16 * 1024;

/**
 * The size of the first piece for a client that was too slow. A connection is reported as writable once it accepts 2 KB, so that
 * the data that waits in the native library shrinks with each such piece.
 */
const probeBytes = 2 * 1024;

const empty = Buffer.alloc(0);

/** All open streams, in order to end them with the server. */
export class OpenStreams {
  readonly #streams = new Set<OpenStream>();

  get size(): number {
    return this.#streams.size;
  }

  add(stream: OpenStream): void {
    this.#streams.add(stream);
  }

  remove(stream: OpenStream): void {
    this.#streams.delete(stream);
  }

  /** Ends all streams immediately. */
  end(): void {
    for (const stream of Array.from(this.#streams)) stream.endNow();
  }
}

/** A streaming response. At most one text waits here for a slow client. */
export class OpenStream implements Sink {
  readonly #res: HttpResponse;
  readonly #streams: OpenStreams;
  /** The part of the last text that waits for the client. */
  #rest: Uint8Array = empty;
  #isSlow = false;
  #isEnding = false;
  #isOver = false;
  #whenDrained: (() => void) | undefined;
  #stop: (() => void) | undefined;

  /** Call it after the head has been written, and call `gone` when the client has disconnected. */
  constructor(res: HttpResponse, streams: OpenStreams) {
    this.#res = res;
    this.#streams = streams;
    streams.add(this);
    res.onWritable(() => {
      this.#resume();
      return true;
    });
  }

  /** Starts the stream. */
  start({ contentType, stream }: StreamingResponse): void {
    // The native library sends the head with the first text, and a browser considers a stream open once it has the head.
    if (contentType.startsWith('text/event-stream')) this.write(':\n\n');
    const stop = stream(this);
    if (this.#isOver) stop();
    else this.#stop = stop;
  }

  write(text: string): boolean {
    if (this.#isSlow || this.#isEnding) return false;
    this.#rest = Buffer.from(text);
    this.#writeRest(pieceBytes);
    return !this.#isSlow;
  }

  onDrained(run: () => void): void {
    this.#whenDrained = run;
  }

  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (this.#rest.length === 0) this.endNow();
  }

  /** Ends the response immediately. */
  endNow(): void {
    if (this.#isOver) return;
    this.#res.cork(() => this.#res.end());
    this.gone();
  }

  /** The response has ended, or the client has disconnected: the native response must not be used any more. */
  gone(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isEnding = true;
    this.#rest = empty;
    this.#streams.remove(this);
    this.#stop?.();
  }

  #writeRest(firstBytes: number): void {
    let bytes = firstBytes;
    while (this.#rest.length > 0 && !this.#isSlow) {
      const piece = this.#rest.subarray(0, bytes);
      this.#rest = this.#rest.subarray(bytes);
      this.#res.cork(() => {
        this.#isSlow = !this.#res.write(piece);
      });
      bytes = pieceBytes;
    }
  }

  /** The client has read some data. */
  #resume(): void {
    if (this.#isOver) return;
    // With this listener, the native library sends waiting data only together with other data, for which an empty cork is
    // enough.
    this.#res.cork(() => {});
    if (!this.#isSlow) return;
    this.#isSlow = false;
    this.#writeRest(probeBytes);
    if (this.#isSlow) return;
    if (this.#isEnding) this.endNow();
    else this.#whenDrained?.();
  }
}
