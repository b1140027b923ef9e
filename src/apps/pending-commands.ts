import type { Command } from '../protocol/decode.ts';

/**
 * How much may always wait, in characters. A client that reconnects subscribes to all its channels together, perhaps to
 * thousands, and must not be disconnected for that.
 */
const leastBound = 4 * 1024 * 1024;
/** The cost of keeping a command, however short its frame was. */
const lengthOfKeeping = 100;

/** The commands of a client that have to wait, in order: for an answer to an earlier command, or for their turn. */
export class PendingCommands {
  readonly #commands: { readonly command: Command; readonly length: number }[] = [];
  #next = 0;
  #length = 0;
  readonly #mostLength: number;

  /** `frameBytes` is the size of the largest frame that is read. Two of them may wait. */
  constructor(frameBytes: number) {
    this.#mostLength = Math.max(leastBound, 2 * (frameBytes + lengthOfKeeping));
  }

  /** Whether more waits than allowed. */
  get isTooMuch(): boolean {
    return this.#length > this.#mostLength;
  }

  /** `length` is that of the frame. */
  push(command: Command, length: number): void {
    this.#commands.push({ command, length });
    this.#length += length + lengthOfKeeping;
  }

  /** The oldest command, which stays. Undefined when there is none. */
  peek(): Command | undefined {
    return this.#commands[this.#next]?.command;
  }

  /** Removes the oldest command. Undefined when there is none. */
  shift(): Command | undefined {
    const oldest = this.#commands[this.#next];
    if (oldest === undefined) return undefined;
    this.#next += 1;
    this.#length -= oldest.length + lengthOfKeeping;
    // Removed commands are freed only now and then, so that the average cost is constant.
    if (this.#next * 2 > this.#commands.length) {
      this.#commands.splice(0, this.#next);
      this.#next = 0;
    }
    return oldest.command;
  }
}
