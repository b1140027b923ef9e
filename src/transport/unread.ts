import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';

/** A client, as far as what it has not read yet is concerned. */
export interface Reader {
  /** What waits here for it to read. */
  readonly unreadBytes: number;
  /** Ends its connection at once, and frees what waits. */
  giveUp(): void;
}

const everyMs: Millis = 1000;

/** A character is three bytes at most, and the head of a frame ten. */
const mostBytesOf = (length: number): number => 3 * length + 16;

/**
 * Bounds what waits for all clients together to read: beyond, the connections for which most waits are ended. To ask
 * thousands of connections what waits for them costs more than anything else that silent ones do. So that is done, once a
 * second at most, only when so much has been said since it was done last that it may be too much.
 */
export class UnreadWatch {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #mostBytes: number;
  readonly #readers = new Set<Reader>();
  /** What waited at the last look. */
  #unreadBytes = 0;
  /** What was said before it, which may not have been put together for its readers then, and since. */
  #saidBefore = 0;
  #said = 0;
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
    this.#unreadBytes = this.#saidBefore = this.#said = 0;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** A text of so many characters was sent to one client. */
  said(length: number): void {
    this.#mayGrow(mostBytesOf(length));
  }

  /** A text of so many characters was published: anybody may have got it. */
  saidToMany(length: number): void {
    this.#mayGrow(mostBytesOf(length) * this.#readers.size);
  }

  #mayGrow(bytes: number): void {
    this.#said += bytes;
    if (this.#unreadBytes + this.#saidBefore + this.#said > this.#mostBytes) {
      this.#cancel ??= this.#clock.after(everyMs, () => this.#look());
    }
  }

  #look(): void {
    this.#cancel = undefined;
    let unread = 0;
    for (const { unreadBytes } of this.#readers) unread += unreadBytes;
    this.#unreadBytes = unread;
    this.#saidBefore = this.#said;
    this.#said = 0;
    // Looks once more if that may be too much in turn.
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
    this.#log.warn(fields, 'too much waits for clients to read: those for whom most waits were disconnected');
  }
}
