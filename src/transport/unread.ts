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

/** Bounds what waits for all clients together to read: beyond, the connections for which most waits are ended. */
export class UnreadWatch {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #mostBytes: number;
  readonly #readers = new Set<Reader>();
  #cancel: Cancel | undefined;

  constructor(clock: Clock, log: Log, mostBytes: number) {
    this.#clock = clock;
    this.#log = log;
    this.#mostBytes = mostBytes;
  }

  add(reader: Reader): void {
    this.#readers.add(reader);
    this.#cancel ??= this.#clock.after(everyMs, () => this.#look());
  }

  remove(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #look(): void {
    this.#cancel = this.#clock.after(everyMs, () => this.#look());
    let unread = 0;
    for (const { unreadBytes } of this.#readers) unread += unreadBytes;
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
