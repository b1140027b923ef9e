import type { HttpResponse } from 'uWebSockets.js';
import type { Sink, StreamingResponse } from './http-message.ts';

/** So much is given to the native side at once. What the client does not take of it waits there, where nobody sees it. */
const pieceBytes = 16 * 1024;

/**
 * The first piece for a client that was too slow. Systems say that a connection can be written to once it takes 2 KB, so
 * that what waits on the native side grows shorter with each such piece.
 */
const probeBytes = 2 * 1024;

const nothing = Buffer.alloc(0);

/** All streams that are under way, to end them with the server. */
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

  /** Ends each of them at once. */
  end(): void {
    for (const stream of Array.from(this.#streams)) stream.endNow();
  }
}

/** An answer that goes on. At most one text waits here for a client that is too slow. */
export class OpenStream implements Sink {
  readonly #res: HttpResponse;
  readonly #streams: OpenStreams;
  /** What was written last and waits for the client. */
  #rest: Uint8Array = nothing;
  #isSlow = false;
  #isEnding = false;
  #isOver = false;
  #whenDrained: (() => void) | undefined;
  #stop: (() => void) | undefined;

  /** The head has been written. The native side tells by `gone` when the client has left. */
  constructor(res: HttpResponse, streams: OpenStreams) {
    this.#res = res;
    this.#streams = streams;
    streams.add(this);
    res.onWritable(() => {
      this.#resume();
      return true;
    });
  }

  /** Has the stream begin. */
  start({ contentType, stream }: StreamingResponse): void {
    // The native side sends the head with the first text, and a browser calls a stream open once it has the head.
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

  /** Ends the answer as it is. */
  endNow(): void {
    if (this.#isOver) return;
    this.#res.cork(() => this.#res.end());
    this.gone();
  }

  /** The answer has ended, or the client has gone: the native side must not be touched any more. */
  gone(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isEnding = true;
    this.#rest = nothing;
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

  /** The client has taken something. */
  #resume(): void {
    if (this.#isOver) return;
    // Where somebody listens for this, the native side writes what waits there only together with something else: even
    // with nothing.
    this.#res.cork(() => {});
    if (!this.#isSlow) return;
    this.#isSlow = false;
    this.#writeRest(probeBytes);
    if (this.#isSlow) return;
    if (this.#isEnding) this.endNow();
    else this.#whenDrained?.();
  }
}
