import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';

/** A client, with regard to the data that it has not read yet. */
export interface Reader {
  /** The data that waits for the client to read. */
  readonly unreadBytes: number;
  /** Closes its connection immediately, and frees that data. */
  giveUp(): void;
}

const everyMs: Millis = 1000;

/** A character takes at most three bytes, and the head of a frame ten. */
const mostBytesOf = (length: number): number => 3 * length + 16;

/**
 * Bounds the data that waits for all clients together. Above the bound, the connections with the most waiting data are closed.
 * Asking thousands of connections for their data is expensive compared with everything else that idle ones cost. So this is
 * done at most once a second, and only if so much was sent since the last time that the bound may be exceeded.
 */
export class UnreadWatch {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #mostBytes: number;
  readonly #readers = new Set<Reader>();
  /** The data that waited at the last check. */
  #unreadBytes = 0;
  /** What was sent before the last check, and might not have been buffered then; and what was sent since. */
  #sentBefore = 0;
  #sent = 0;
  #cancel: Cancel | undefined;

  constructor(clock: Clock, log: Log, mostBytes: number) {
    this.#clock = clock;
    this.#log = log;
    this.#mostBytes = mostBytes;
  }

  add(reader: Reader): void {
    this.#readers.add(reader);
  }

  remove(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#unreadBytes = this.#sentBefore = this.#sent = 0;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** A text of `length` characters was sent to one client. */
  sent(length: number): void {
    this.#mayGrow(mostBytesOf(length));
  }

  /** A text of `length` characters was published, to any number of clients. */
  sentToMany(length: number): void {
    this.#mayGrow(mostBytesOf(length) * this.#readers.size);
  }

  #mayGrow(bytes: number): void {
    this.#sent += bytes;
    if (this.#unreadBytes + this.#sentBefore + this.#sent > this.#mostBytes) {
      this.#cancel ??= this.#clock.after(everyMs, () => this.#look());
    }
  }

  #look(): void {
    this.#cancel = undefined;
    let unread = 0;
    for (const { unreadBytes } of this.#readers) unread += unreadBytes;
    this.#unreadBytes = unread;
    this.#sentBefore = this.#sent;
    this.#sent = 0;
    // Checks again later if the bound may be exceeded again.
    this.#mayGrow(0);
    if (unread > this.#mostBytes) this.#giveUpWorst(unread);
  }

  #giveUpWorst(unreadBytes: number): void {
    const behind = Array.from(this.#readers, (reader) => ({ reader, bytes: reader.unreadBytes }));
    behind.sort((one, other) => other.bytes - one.bytes);
    let left = unreadBytes;
    let closed = 0;
    for (const { reader, bytes } of behind) {
      if (left <= this.#mostBytes) break;
      left -= bytes;
      closed += 1;
      reader.giveUp();
    }
    const fields = { unreadBytes, maxTotalBackpressureBytes: this.#mostBytes, closed };
    this.#log.warn(
      fields,
      'too much data waits for clients to read: those with the most waiting data were disconnected',
    );
  }
}
