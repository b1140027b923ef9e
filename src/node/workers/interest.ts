/** How finely channels are told apart: of 100,000 channels on the workers, one in three is taken for another's. */
const defaultSlots = 2 ** 18;

/** Makes the memory of a table that the threads share. `slots` is a power of two. */
export function createInterestTable(slots = defaultSlots): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * slots));
}

/**
 * Which workers hold which channels, in memory that they share: a message costs a worker nothing while it holds no channel of
 * that name. Names are hashed, so a worker may be sent a message of a channel that it does not hold, and never the other way
 * round: whoever holds a channel is in the table before its subscribers are told that they are subscribed.
 */
export class Interest {
  readonly #table: Int32Array;
  readonly #bit: number;
  /** How many channels of this worker are in each slot. */
  readonly #counts: Uint32Array;

  /** `index` is this thread's. */
  constructor(table: Int32Array, index: number) {
    this.#table = table;
    this.#bit = 1 << index;
    this.#counts = new Uint32Array(table.length);
  }

  /** This worker holds one more channel. */
  add(appId: string, name: string): void {
    const slot = this.#slotOf(appId, name);
    const count = (this.#counts[slot] ?? 0) + 1;
    this.#counts[slot] = count;
    if (count === 1) Atomics.or(this.#table, slot, this.#bit);
  }

  /** It holds one that was added no more. */
  remove(appId: string, name: string): void {
    const slot = this.#slotOf(appId, name);
    const count = (this.#counts[slot] ?? 0) - 1;
    this.#counts[slot] = count;
    if (count === 0) Atomics.and(this.#table, slot, ~this.#bit);
  }

  /** The other workers that may hold the channel, as bits. */
  others(appId: string, name: string): number {
    return Atomics.load(this.#table, this.#slotOf(appId, name)) & ~this.#bit;
  }

  #slotOf(appId: string, name: string): number {
    return hashOf(appId, name) & (this.#table.length - 1);
  }
}

/** The channels that a worker holds, each once in the table, however often it is begun. */
export class HeldInTable {
  readonly #interest: Interest;
  readonly #held = new Set<string>();

  constructor(interest: Interest) {
    this.#interest = interest;
  }

  /** The worker holds the channel. */
  begin(appId: string, channel: string): void {
    const key = `${appId}\n${channel}`;
    if (this.#held.has(key)) return;
    this.#held.add(key);
    this.#interest.add(appId, channel);
  }

  /** The worker does not hold it any more. */
  end(appId: string, channel: string): void {
    if (this.#held.delete(`${appId}\n${channel}`)) this.#interest.remove(appId, channel);
  }
}

/** FNV-1a. */
function hashOf(appId: string, name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < appId.length; index += 1) {
    hash = Math.imul(hash ^ appId.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ 10, 0x01000193);
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  return hash ^ (hash >>> 15);
}

/** The numbers of the bits that are set, from the lowest on. */
export function* indicesOf(bits: number): Generator<number, void> {
  for (let rest = bits; rest !== 0; rest &= rest - 1) yield 31 - Math.clz32(rest & -rest);
}
