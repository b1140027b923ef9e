/** What may be kept. */
export interface ShelfBounds {
  readonly count: number;
  /** Infinity: no bound. */
  readonly bytes: number;
}

/** Something that is kept, and the memory that it takes, roughly. It may grow while it is kept. */
export interface Kept {
  readonly bytes: number;
}

interface Place<K, V> {
  readonly key: K;
  readonly value: V;
  bytes: number;
  isLeft: boolean;
}

/** Keeps the latest that were put into it, by number and by bytes: the oldest give way. */
export class Shelf<K, V extends Kept> {
  readonly #bounds: ShelfBounds;
  readonly #places = new Map<K, Place<K, V>>();
  /** The places in order: a Map finds its first entry slowly once many before it were deleted. */
  #queue: Place<K, V>[] = [];
  #head = 0;
  #bytes = 0;
  #lost: V | undefined;

  constructor(bounds: ShelfBounds) {
    this.#bounds = bounds;
  }

  /** Bytes of all that is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many are kept. */
  get size(): number {
    return this.#places.size;
  }

  /** The last that has given way. */
  get lost(): V | undefined {
    return this.#lost;
  }

  get(key: K): V | undefined {
    return this.#places.get(key)?.value;
  }

  /** Puts it behind all others. One that is larger than the shelf is not kept. */
  put(key: K, value: V): void {
    this.delete(key);
    const { bytes } = value;
    const place = { key, value, bytes, isLeft: false };
    this.#places.set(key, place);
    this.#queue.push(place);
    this.#bytes += bytes;
    this.#makeRoom();
  }

  /** Takes into account that it has grown. */
  weighAgain(key: K): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    const { bytes } = place.value;
    this.#bytes += bytes - place.bytes;
    place.bytes = bytes;
    this.#makeRoom();
  }

  /** Whether it was there. */
  delete(key: K): boolean {
    const place = this.#places.get(key);
    if (place === undefined) return false;
    this.#bytes -= place.bytes;
    place.isLeft = true;
    return this.#places.delete(key);
  }

  /** Forgets those of which this is true. */
  deleteAll(isMeant: (value: V) => boolean): void {
    for (const [key, { value }] of this.#places) if (isMeant(value)) this.delete(key);
  }

  /** All that is kept, the oldest first. */
  *values(): Generator<V, void> {
    for (const { value } of this.#places.values()) yield value;
  }

  #makeRoom(): void {
    const { count, bytes } = this.#bounds;
    while (this.#places.size > count || (this.#bytes > bytes && this.#places.size > 0)) {
      const first = this.#queue[this.#head];
      if (first === undefined) return;
      this.#head += 1;
      if (first.isLeft) continue;
      this.#lost = first.value;
      this.delete(first.key);
    }
    this.#tidy();
  }

  /** Once more than half of the queue is of no use, it is made anew: each place pays for that once. */
  #tidy(): void {
    if (this.#queue.length < 1024 || this.#queue.length < 2 * this.#places.size) return;
    this.#queue = this.#queue.slice(this.#head).filter(({ isLeft }) => !isLeft);
    this.#head = 0;
  }
}
