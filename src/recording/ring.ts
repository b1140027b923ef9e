import type { Kept, ShelfBounds } from './shelf.ts';

/** Something with an ascending number. */
export interface Numbered extends Kept {
  readonly seq: number;
}

/** Keeps the latest values, limited by count and bytes. Their numbers ascend, possibly with gaps. */
export class Ring<V extends Numbered> {
  readonly #bounds: ShelfBounds;
  readonly #dropped: (value: V) => void;
  /** A queue. Values before `#head` have been deleted. */
  #items: (V | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  #lostSeq = -1;

  /** `dropped` is called with each value that is deleted to make room. */
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

  /** The number of the last value that was deleted to make room, or -1. */
  get lostSeq(): number {
    return this.#lostSeq;
  }

  /** The oldest kept value. */
  get oldest(): V | undefined {
    return this.#items[this.#head];
  }

  /** Adds a value. Its number must be larger than all others. */
  push(value: V): void {
    this.#items.push(value);
    this.#bytes += value.bytes;
    while (this.size > this.#bounds.count || (this.#bytes > this.#bounds.bytes && this.size > 0)) {
      this.#drop();
    }
  }

  /** Values from this number on, in ascending order. */
  *from(seq: number): Generator<V, void> {
    for (let index = this.#indexOf(seq); index < this.#items.length; index += 1) {
      const value = this.#items[index];
      if (value !== undefined) yield value;
    }
  }

  /** Values before this number, in descending order. */
  *before(seq: number): Generator<V, void> {
    for (let index = this.#indexOf(seq) - 1; index >= this.#head; index -= 1) {
      const value = this.#items[index];
      if (value !== undefined) yield value;
    }
  }

  /** The count of values from this number on. */
  countFrom(seq: number): number {
    return this.#items.length - this.#indexOf(seq);
  }

  /** Deletes the matching values. */
  deleteAll(isSelected: (value: V) => boolean): void {
    const kept = this.#items.slice(this.#head).filter((value) => value === undefined || !isSelected(value));
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
    // The empty part is cut off once it is as large as the rest, so that the amortized cost of a drop is constant.
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    this.#dropped(value);
  }

  /** The index of the first value from this number on. */
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
