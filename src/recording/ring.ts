import type { Kept, ShelfBounds } from './shelf.ts';

/** Something with its place in the order in which all happened. */
export interface Numbered extends Kept {
  readonly seq: number;
}

/** Keeps the latest things in order, by number and by bytes. Their numbers ascend, with gaps or without. */
export class Ring<V extends Numbered> {
  readonly #bounds: ShelfBounds;
  readonly #dropped: (value: V) => void;
  /** A queue: what is before `#head` has given way. */
  #items: (V | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  #lostSeq = -1;

  /** `dropped` hears of each that gives way. */
  constructor(bounds: ShelfBounds, dropped: (value: V) => void = () => {}) {
    this.#bounds = bounds;
    this.#dropped = dropped;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The number of the last one that has given way; -1: none has. */
  get lostSeq(): number {
    return this.#lostSeq;
  }

  /** The first that is kept. */
  get oldest(): V | undefined {
    return this.#items[this.#head];
  }

  /** Puts it behind all others, whose numbers are smaller. */
  push(value: V): void {
    this.#items.push(value);
    this.#bytes += value.bytes;
    while (this.size > this.#bounds.count || (this.#bytes > this.#bounds.bytes && this.size > 0)) {
      this.#drop();
    }
  }

  /** Those that have no smaller number than this one, the first first. */
  *from(seq: number): Generator<V, void> {
    for (let index = this.#indexOf(seq); index < this.#items.length; index += 1) {
      const value = this.#items[index];
      if (value !== undefined) yield value;
    }
  }

  /** Those that have a smaller number than this one, the last first. */
  *before(seq: number): Generator<V, void> {
    for (let index = this.#indexOf(seq) - 1; index >= this.#head; index -= 1) {
      const value = this.#items[index];
      if (value !== undefined) yield value;
    }
  }

  /** How many have no smaller number than this one. */
  countFrom(seq: number): number {
    return this.#items.length - this.#indexOf(seq);
  }

  /** Forgets those of which this is true. */
  deleteAll(isMeant: (value: V) => boolean): void {
    const kept = this.#items.slice(this.#head).filter((value) => value === undefined || !isMeant(value));
    this.#items = kept;
    this.#head = 0;
    this.#bytes = kept.reduce((sum, value) => sum + (value?.bytes ?? 0), 0);
  }

  #drop(): void {
    const value = this.#items[this.#head];
    if (value === undefined) return;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    this.#bytes -= value.bytes;
    this.#lostSeq = value.seq;
    // What is empty is cut off once it is as much as what is not, so that each drop costs the same on average.
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    this.#dropped(value);
  }

  /** Where the first is that has no smaller number. */
  #indexOf(seq: number): number {
    let low = this.#head;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#items[middle]?.seq ?? -1) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
