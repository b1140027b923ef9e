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

interface Place<V> {
  readonly value: V;
  bytes: number;
}

/** Keeps the latest that were put into it, by number and by bytes: the oldest give way. */
export class Shelf<K, V extends Kept> {
  readonly #bounds: ShelfBounds;
  readonly #places = new Map<K, Place<V>>();
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
    this.#places.set(key, { value, bytes });
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
    if (this.#places.size <= count && this.#bytes <= bytes) return;
    for (const [key, { value }] of this.#places) {
      this.#lost = value;
      this.delete(key);
      if (this.#places.size <= count && this.#bytes <= bytes) return;
    }
  }
}
