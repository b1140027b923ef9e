import type { Writable } from 'node:stream';

/** The limit of buffered bytes. Lines beyond it are dropped. */
const maxWaitingBytes = 8 * 1024 * 1024;

/** The additional buffer for the lines of a graceful shutdown. */
const lastBytes = 1024 * 1024;

/** How long a shutdown waits for a reader that reads nothing. */
const patienceMs = 2000;

/**
 * Writes lines to standard output. If it is not read, lines are buffered in memory up to a limit. Lines beyond it are
 * dropped, and their number is reported once there is space again.
 */
export class Output {
  readonly #stream: Writable;
  readonly #report: (lines: number) => void;
  #maxBytes = maxWaitingBytes;
  #dropped = 0;
  #unreported = 0;

  /** `report` must write a line about the number of dropped lines. */
  constructor(stream: Writable, report: (lines: number) => void) {
    this.#stream = stream;
    this.#report = report;
    stream.on('drain', () => this.#reportDropped());
  }

  /** How many lines were dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#stream.writableLength + line.length > this.#maxBytes) {
      this.#dropped += 1;
      this.#unreported += 1;
      return;
    }
    this.#stream.write(line);
  }

  /** Announces the last lines, and adds buffer for them. */
  close(): void {
    this.#maxBytes = maxWaitingBytes + lastBytes;
    this.#reportDropped();
  }

  /** Resolves when everything is written, when nothing was read for two seconds, or when the stream is closed. */
  async flush(): Promise<void> {
    let before = Infinity;
    while (this.#stream.writableLength < before && this.#stream.writable) {
      before = this.#stream.writableLength;
      if (before === 0) return;
      await this.#written();
    }
  }

  /** Resolves when everything is written, or after two seconds. */
  #written(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#stream.write('', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #reportDropped(): void {
    const lines = this.#unreported;
    if (lines === 0) return;
    this.#unreported = 0;
    this.#report(lines);
  }
}
