/** The limits of a shelf. */
export interface ShelfBounds {
  readonly count: number;
  /** Infinity means no limit. */
  readonly bytes: number;
}

/** A value with its approximate memory, which may grow while it is kept. */
export interface Kept {
  readonly bytes: number;
}

interface Place<K, V> {
  readonly key: K;
  readonly value: V;
  bytes: number;
  isLeft: boolean;
}

/** Keeps the latest values, limited by count and bytes. The oldest are deleted first. */
export class Shelf<K, V extends Kept> {
  readonly #bounds: ShelfBounds;
  readonly #places = new Map<K, Place<K, V>>();
  /** The places in order, because a Map finds its first entry slowly after many deletions. */
  #queue: Place<K, V>[] = [];
  #head = 0;
  #bytes = 0;
  #lost: V | undefined;

  constructor(bounds: ShelfBounds) {
    this.#bounds = bounds;
  }

  /** The bytes of all kept values. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The count of kept values. */
  get size(): number {
    return this.#places.size;
  }

  /** The last value that was deleted to make room. */
  get lost(): V | undefined {
    return this.#lost;
  }

  get(key: K): V | undefined {
    return this.#places.get(key)?.value;
  }

  /** Adds a value at the end. A value that is larger than the shelf is not kept. */
  put(key: K, value: V): void {
    this.delete(key);
    const { bytes } = value;
    const place = { key, value, bytes, isLeft: false };
    this.#places.set(key, place);
    this.#queue.push(place);
    this.#bytes += bytes;
    this.#makeRoom();
  }

  /** Updates the size of a value that has grown. */
  weighAgain(key: K): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    const { bytes } = place.value;
    this.#bytes += bytes - place.bytes;
    place.bytes = bytes;
    this.#makeRoom();
  }

  /** Deletes a value. Returns whether it was there. */
  delete(key: K): boolean {
    const place = this.#places.get(key);
    if (place === undefined) return false;
    this.#bytes -= place.bytes;
    place.isLeft = true;
    return this.#places.delete(key);
  }

  /** Deletes the matching values. */
  deleteAll(isSelected: (value: V) => boolean): void {
    for (const [key, { value }] of this.#places) if (isSelected(value)) this.delete(key);
  }

  /** All kept values, oldest first. */
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

  /** Rebuilds the queue once more than half of it is unused, so that the amortized cost is constant. */
  #tidy(): void {
    if (this.#queue.length < 1024 || this.#queue.length < 2 * this.#places.size) return;
    this.#queue = this.#queue.slice(this.#head).filter(({ isLeft }) => !isLeft);
    this.#head = 0;
  }
}
