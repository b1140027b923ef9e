import type { HttpResponse } from 'uWebSockets.js';
import type { Cancel, Clock } from '../ports/clock.ts';
import type { Exchange } from './exchange.ts';
import { plainText } from './http-message.ts';

/** All the memory for bodies of which only a part has come, on all connections. */
const roomBytes = 64 * 1024 * 1024;

/** The same for bodies of which it is not known yet whose they are. */
export const strangersRoomBytes = 4 * 1024 * 1024;

/** A request must have come so long after its head. */
const requestTimeoutMs = 30_000;

/**
 * So much more than the bound of a body is still read, for so long, and thrown away: most clients send all of it before
 * they read the answer, and would report nothing but a broken connection.
 */
export const maxDrainBytes = 64 * 1024 * 1024;
const maxDrainMs = 10_000;

/** Memory starts with this and doubles, where the length of a body is not known. */
const firstBytes = 4096;

const empty = Buffer.alloc(0);

/** What the bodies under way on all connections take together. */
export class BodyRoom {
  readonly clock: Pick<Clock, 'after'>;
  readonly #bytes: number;
  #heldBytes = 0;

  /** `bytes` are all that it holds. Default: 64 MB. */
  constructor(clock: Pick<Clock, 'after'>, bytes = roomBytes) {
    this.clock = clock;
    this.#bytes = bytes;
  }

  /** The memory that is held at this moment. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether there is so much more; then it is held. One body alone has room, however large it may be. */
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
  /** One that is larger is refused. */
  readonly maxBytes: number;
  /** Whether anybody wants it; else it is read and thrown away. */
  readonly isKept: boolean;
}

/**
 * Reads the body of a request and hands it on, or refuses the request: because the body is too large, because there is
 * no room for it, or because it has not come in time.
 */
export function readBody(
  res: HttpResponse,
  exchange: Exchange,
  options: BodyOptions,
  done: (body: Uint8Array) => void,
): void {
  let partial: PartialBody | undefined;
  res.onData((chunk, isLast) => {
    if (exchange.isAnswered) return;
    exchange.receivedBytes += chunk.byteLength;
    // Nearly every body comes in one piece.
    if (isLast && partial === undefined && chunk.byteLength <= options.maxBytes) {
      return done(Buffer.from(chunk));
    }
    partial ??= new PartialBody(exchange, options);
    const body = partial.add(chunk, isLast);
    if (body !== undefined) done(body);
  });
}

export function refuseSize(exchange: Exchange, maxBytes: number, closes: boolean): void {
  exchange.answer(plainText(413, `Request body exceeds the allowed maximum (${maxBytes} bytes)`), closes);
}

/** A body that comes in several pieces, in one piece of memory. */
class PartialBody {
  readonly #exchange: Exchange;
  readonly #options: BodyOptions;
  readonly #cancelTimeout: Cancel;
  #memory = empty;
  #length = 0;

  constructor(exchange: Exchange, options: BodyOptions) {
    this.#exchange = exchange;
    this.#options = options;
    this.#cancelTimeout = options.room.clock.after(requestTimeoutMs - exchange.ageMs, () => this.#expire());
    exchange.whenAborted = () => this.#end();
  }

  /** Returns the whole body with its last piece. */
  add(chunk: ArrayBuffer, isLast: boolean): Uint8Array | undefined {
    const exchange = this.#exchange;
    const { maxBytes, isKept } = this.#options;
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
      const text = 'Too many request bodies are under way; try again';
      exchange.answer(plainText(503, text, { 'Retry-After': '1' }));
      return undefined;
    }
    if (!isLast) return undefined;
    const body = this.#memory.subarray(0, this.#length);
    this.#end();
    return body;
  }

  /** Copies the piece, which is gone when this turn ends. */
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

  #expire(): void {
    this.#end();
    this.#exchange.postpone();
    const text = `Request timeout: its body had not come ${requestTimeoutMs / 1000} s after its head`;
    this.#exchange.answer(plainText(408, text), true);
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
