interface Entry<T> {
  readonly dueAt: number;
  readonly order: number;
  readonly item: T;
}

/** Items with a due time each, the earliest first; items with equal times in the order added. A binary heap. */
export class DueHeap<T> {
  readonly #entries: Entry<T>[] = [];
  #added = 0;

  get size(): number {
    return this.#entries.length;
  }

  /** The earliest due time, undefined when empty. */
  get nextDueAt(): number | undefined {
    return this.#entries[0]?.dueAt;
  }

  /** The item with the earliest due time. */
  get first(): T | undefined {
    return this.#entries[0]?.item;
  }

  /** Whether any item satisfies the predicate. Items are checked in no particular order. */
  some(matches: (item: T, dueAt: number) => boolean): boolean {
    return this.#entries.some(({ item, dueAt }) => matches(item, dueAt));
  }

  add(dueAt: number, item: T): void {
    this.#added += 1;
    const entries = this.#entries;
    const entry = { dueAt, order: this.#added, item };
    let index = entries.length;
    entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = entries[parent];
      if (above === undefined || isBefore(above, entry)) break;
      entries[index] = above;
      index = parent;
    }
    entries[index] = entry;
  }

  /** Removes and returns the earliest item if it is due at or before `at`. */
  takeDue(at: number): T | undefined {
    const first = this.#entries[0];
    if (first === undefined || first.dueAt > at) return undefined;
    const last = this.#entries.pop();
    if (last !== undefined && last !== first) this.#sinkFromTop(last);
    return first.item;
  }

  #sinkFromTop(entry: Entry<T>): void {
    const entries = this.#entries;
    let index = 0;
    for (;;) {
      const left = entries[2 * index + 1];
      if (left === undefined) break;
      const right = entries[2 * index + 2];
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (isBefore(entry, child)) break;
      entries[index] = child;
      index = child === left ? 2 * index + 1 : 2 * index + 2;
    }
    entries[index] = entry;
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order);
}
