import type { Writable } from 'node:stream';

/** What may wait for a reader; lines beyond it are dropped. */
const maxWaitingBytes = 8 * 1024 * 1024;

/** The lines of an orderly end have so much more. */
const lastBytes = 1024 * 1024;

/** How long a program that ends waits for a reader who takes nothing. */
const patienceMs = 2000;

/**
 * Lines on their way to standard output. When nobody reads it, they wait in memory up to a bound; beyond it they are
 * dropped and counted, and once there is room again it is said how many.
 */
export class Output {
  readonly #stream: Writable;
  readonly #tell: (lines: number) => void;
  #maxBytes = maxWaitingBytes;
  #dropped = 0;
  #untold = 0;

  /** `tell` writes a line here about those that were dropped. */
  constructor(stream: Writable, tell: (lines: number) => void) {
    this.#stream = stream;
    this.#tell = tell;
    stream.on('drain', () => this.#tellDropped());
  }

  /** All lines that were ever dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#stream.writableLength + line.length > this.#maxBytes) {
      this.#dropped += 1;
      this.#untold += 1;
      return;
    }
    this.#stream.write(line);
  }

  /** The lines that follow are the last: there is room for them. */
  close(): void {
    this.#maxBytes = maxWaitingBytes + lastBytes;
    this.#tellDropped();
  }

  /** Resolves when everything is written, or nobody has taken anything for a while, or nobody can any more. */
  async flush(): Promise<void> {
    let before = Infinity;
    while (this.#stream.writableLength < before && this.#stream.writable) {
      before = this.#stream.writableLength;
      if (before === 0) return;
      await this.#written();
    }
  }

  /** Resolves when all is written, or some time has passed. */
  #written(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#stream.write('', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #tellDropped(): void {
    const lines = this.#untold;
    if (lines === 0) return;
    this.#untold = 0;
    this.#tell(lines);
  }
}
