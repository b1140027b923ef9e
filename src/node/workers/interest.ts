/** The number of slots. With 100,000 channels on the workers, one in three shares its slot with another. */
const defaultSlots = 2 ** 18;

/** Creates the shared memory of the table. `slots` is a power of two. */
export function createInterestTable(slots = defaultSlots): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * slots));
}

/**
 * Which workers hold which channels, in shared memory: a message costs a worker nothing while it does not hold the channel. Names
 * are hashed, so a worker may receive a message for a channel that it does not hold. It never misses one for a channel that it
 * holds: the worker is in the table before its subscribers are confirmed.
 */
export class Interest {
  readonly #table: Int32Array;
  readonly #bit: number;
  /** The number of this worker's channels in each slot. */
  readonly #counts: Uint32Array;

  /** `index` is the number of this thread. */
  constructor(table: Int32Array, index: number) {
    this.#table = table;
    this.#bit = 1 << index;
    this.#counts = new Uint32Array(table.length);
  }

  /** Adds a channel that this worker now holds. */
  add(appId: string, name: string): void {
    const slot = this.#slotOf(appId, name);
    const count = (this.#counts[slot] ?? 0) + 1;
    this.#counts[slot] = count;
    if (count === 1) Atomics.or(this.#table, slot, this.#bit);
  }

  /** Removes a channel that was added. */
  remove(appId: string, name: string): void {
    const slot = this.#slotOf(appId, name);
    const count = (this.#counts[slot] ?? 0) - 1;
    this.#counts[slot] = count;
    if (count === 0) Atomics.and(this.#table, slot, ~this.#bit);
  }

  /** Returns the other workers that may hold the channel, as bits. */
  others(appId: string, name: string): number {
    return Atomics.load(this.#table, this.#slotOf(appId, name)) & ~this.#bit;
  }

  #slotOf(appId: string, name: string): number {
    return hashOf(appId, name) & (this.#table.length - 1);
  }
}

/** Adds each channel that a worker holds to the table once, however often `begin` is called. */
export class HeldInTable {
  readonly #interest: Interest;
  readonly #held = new Set<string>();

  constructor(interest: Interest) {
    this.#interest = interest;
  }

  /** The worker holds the channel from now on. */
  begin(appId: string, channel: string): void {
    const key = `${appId}\n${channel}`;
    if (this.#held.has(key)) return;
    this.#held.add(key);
    this.#interest.add(appId, channel);
  }

  /** The worker no longer holds the channel. */
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

/** Yields the numbers of the set bits, from the lowest. */
export function* indicesOf(bits: number): Generator<number, void> {
  for (let rest = bits; rest !== 0; rest &= rest - 1) yield 31 - Math.clz32(rest & -rest);
}
