import type { Command } from '../protocol/decode.ts';

/**
 * So much may always wait, in characters. A client that comes back subscribes anew to all its channels in one go, perhaps
 * to thousands: it must not be sent away for that.
 */
const leastBound = 4 * 1024 * 1024;
/** What keeping a command costs, however short its frame was. */
const lengthOfKeeping = 100;

/** What a client has said and has to wait, in order: for an answer to an earlier command, or for its turn. */
export class PendingCommands {
  readonly #commands: { readonly command: Command; readonly length: number }[] = [];
  #next = 0;
  #length = 0;
  readonly #mostLength: number;

  /** `frameBytes` of the largest frame that is read: two of them may wait. */
  constructor(frameBytes: number) {
    this.#mostLength = Math.max(leastBound, 2 * (frameBytes + lengthOfKeeping));
  }

  /** Whether more waits than may. */
  get isTooMuch(): boolean {
    return this.#length > this.#mostLength;
  }

  /** `length` of the frame. */
  push(command: Command, length: number): void {
    this.#commands.push({ command, length });
    this.#length += length + lengthOfKeeping;
  }

  /** The oldest, which stays. Undefined when there is none. */
  peek(): Command | undefined {
    return this.#commands[this.#next]?.command;
  }

  /** Takes the oldest. Undefined when there is none left. */
  shift(): Command | undefined {
    const oldest = this.#commands[this.#next];
    if (oldest === undefined) return undefined;
    this.#next += 1;
    this.#length -= oldest.length + lengthOfKeeping;
    // What was taken is let go of now and then, so that each taking costs the same.
    if (this.#next * 2 > this.#commands.length) {
      this.#commands.splice(0, this.#next);
      this.#next = 0;
    }
    return oldest.command;
  }
}
