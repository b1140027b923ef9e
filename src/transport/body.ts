import type { HttpResponse } from 'uWebSockets.js';
import type { Cancel, Clock } from '../ports/clock.ts';
import type { Exchange } from './exchange.ts';
import { plainText } from './http-message.ts';

/** The memory for incomplete bodies of all connections together. */
const roomBytes = 64 * 1024 * 1024;

/** The same for bodies of requests that are not authenticated yet. */
export const unauthenticatedRoomBytes = 4 * 1024 * 1024;

/** A request must be complete this long after its head. */
const requestTimeoutMs = 30_000;

/**
 * A body in chunks must not pause for longer. With a chunk extension, the native parser waits for bytes that do not exist, and
 * closes the connection 8 to 12 s after the head, without an answer.
 */
const maxChunkPauseMs = 7000;

/**
 * A body that is too large is still read, up to this much more and for this long, and discarded. Most clients send all of it
 * before they read the response; otherwise they would only report a broken connection.
 */
export const maxDrainBytes = 64 * 1024 * 1024;
const maxDrainMs = 10_000;

/** If the length of a body is unknown, its buffer starts with this size and doubles. */
const firstBytes = 4096;

const empty = Buffer.alloc(0);

/** The memory that incomplete bodies of all connections share. */
export class BodyRoom {
  readonly clock: Pick<Clock, 'after'>;
  readonly #bytes: number;
  #heldBytes = 0;

  /** `bytes` is the total size. Default: 64 MB. */
  constructor(clock: Pick<Clock, 'after'>, bytes = roomBytes) {
    this.clock = clock;
    this.#bytes = bytes;
  }

  /** The memory that is currently used. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Reserves memory if there is enough. A single body always gets it, however large it is. */
  take(bytes: number): boolean {
    if (this.#heldBytes > 0 && this.#heldBytes + bytes > this.#bytes) return false;
    this.#heldBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}

/** How a body is read. */
export interface BodyOptions {
  readonly room: BodyRoom;
  /** A larger body is refused. */
  readonly maxBytes: number;
  /** Whether the body is needed; otherwise it is read and discarded. */
  readonly isKept: boolean;
}

/**
 * Reads the body of a request and passes it on, or refuses the request: because the body is too large, because there is no
 * memory for it, or because it has not arrived in time.
 */
export function readBody(
  res: HttpResponse,
  exchange: Exchange,
  options: BodyOptions,
  done: (body: Uint8Array) => void,
): void {
  let partial: PartialBody | undefined;
  res.onData((chunk, isLast) => {
    if (isLast) exchange.chunks?.end();
    if (exchange.isAnswered) return;
    exchange.receivedBytes += chunk.byteLength;
    // Nearly every body arrives in one piece.
    if (isLast && partial === undefined && chunk.byteLength <= options.maxBytes) {
      const body = Buffer.from(chunk);
      return exchange.complete(() => done(body));
    }
    partial ??= new PartialBody(exchange, options);
    const body = partial.add(chunk, isLast);
    if (body !== undefined) exchange.complete(() => done(body));
  });
}

export function refuseSize(exchange: Exchange, maxBytes: number, closes: boolean): void {
  exchange.answer(plainText(413, `Request body exceeds the allowed maximum (${maxBytes} bytes)`), closes);
}

/** A body that arrives in several pieces, in one buffer. */
class PartialBody {
  readonly #exchange: Exchange;
  readonly #options: BodyOptions;
  #cancelTimeout: Cancel;
  /** The age of the request when its latest piece arrived. */
  #latestMs: number;
  #memory = empty;
  #length = 0;

  constructor(exchange: Exchange, options: BodyOptions) {
    this.#exchange = exchange;
    this.#options = options;
    this.#latestMs = exchange.ageMs;
    this.#cancelTimeout = this.#watchTime();
    exchange.whenAborted = () => this.#end();
  }

  /** Returns the whole body with its last piece. */
  add(chunk: ArrayBuffer, isLast: boolean): Uint8Array | undefined {
    const exchange = this.#exchange;
    const { maxBytes, isKept } = this.#options;
    if (exchange.chunks !== undefined) this.#latestMs = exchange.ageMs;
    if (exchange.receivedBytes > maxBytes) {
      this.#forget();
      const isGivenUp = exchange.receivedBytes > maxBytes + maxDrainBytes || exchange.ageMs > maxDrainMs;
      if (!isLast && !isGivenUp) return undefined;
      this.#end();
      refuseSize(exchange, maxBytes, !isLast);
      return undefined;
    }
    if (isKept && !this.#append(chunk)) {
      this.#end();
      const text = 'Too many request bodies are being received; try again';
      exchange.answer(plainText(503, text, { 'Retry-After': '1' }));
      return undefined;
    }
    if (!isLast) return undefined;
    const body = this.#memory.subarray(0, this.#length);
    this.#end();
    return body;
  }

  /** Copies the piece, which is only valid in this turn. */
  #append(chunk: ArrayBuffer): boolean {
    const length = this.#length + chunk.byteLength;
    if (length > this.#memory.length && !this.#grow(length)) return false;
    this.#memory.set(new Uint8Array(chunk), this.#length);
    this.#length = length;
    return true;
  }

  #grow(length: number): boolean {
    const { room, maxBytes } = this.#options;
    const before = this.#memory;
    const wanted = Math.max(length, this.#exchange.head.contentLength, 2 * before.length, firstBytes);
    const size = Math.min(wanted, maxBytes);
    if (!room.take(size - before.length)) return false;
    this.#memory = Buffer.allocUnsafeSlow(size);
    this.#memory.set(before.subarray(0, this.#length));
    return true;
  }

  #watchTime(): Cancel {
    const exchange = this.#exchange;
    const dueMs =
      exchange.chunks === undefined
        ? requestTimeoutMs
        : Math.min(requestTimeoutMs, this.#latestMs + maxChunkPauseMs);
    return this.#options.room.clock.after(dueMs - exchange.ageMs, () => {
      // Pieces that arrived meanwhile extend the time.
      if (dueMs < requestTimeoutMs && this.#latestMs + maxChunkPauseMs > dueMs) {
        this.#cancelTimeout = this.#watchTime();
      } else {
        this.#expire(dueMs);
      }
    });
  }

  #expire(dueMs: number): void {
    const exchange = this.#exchange;
    this.#end();
    exchange.postpone();
    if (exchange.receivedBytes > this.#options.maxBytes) {
      return refuseSize(exchange, this.#options.maxBytes, true);
    }
    const text =
      dueMs === requestTimeoutMs
        ? `the body had not arrived ${requestTimeoutMs / 1000} s after the head`
        : `the body in chunks paused for ${maxChunkPauseMs / 1000} s before its end. Chunk extensions are not supported`;
    exchange.answer(plainText(408, `Request timeout: ${text}`), true);
  }

  #end(): void {
    this.#cancelTimeout();
    this.#forget();
  }

  #forget(): void {
    this.#options.room.give(this.#memory.length);
    this.#memory = empty;
    this.#length = 0;
  }
}
