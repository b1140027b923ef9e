import type { Numbered } from './ring.ts';
import { Shelf, type ShelfBounds } from './shelf.ts';

/** How far back the records go. */
export interface Extent {
  /** Everything since this time is kept, except what was skipped. In milliseconds since 1970. Failures may be kept for longer. */
  readonly keptSinceMs: number;
  /** How many records were skipped since then. */
  readonly skipped: number;
}

/** Keeps records in order. Records that are put apart have half of the space, so that others cannot displace them. */
export class RecordShelf<K, V extends Numbered> {
  readonly #main: Shelf<K, V>;
  /** Undefined if nothing is put apart. */
  readonly #apart: Shelf<K, V> | undefined;

  constructor({ count, bytes }: ShelfBounds, isDivided: boolean) {
    const bounds = isDivided ? { count, bytes: bytes / 2 } : { count, bytes };
    this.#main = new Shelf(bounds);
    this.#apart = isDivided ? new Shelf(bounds) : undefined;
  }

  get bytes(): number {
    return this.#main.bytes + (this.#apart?.bytes ?? 0);
  }

  /** The last deleted record among those that were not put apart. */
  get lost(): V | undefined {
    return this.#main.lost;
  }

  get(key: K): V | undefined {
    const apart = this.#apart;
    return this.#main.get(key) ?? (apart === undefined || apart.size === 0 ? undefined : apart.get(key));
  }

  put(key: K, value: V): void {
    this.#main.put(key, value);
  }

  /** Moves a record to the protected half, even if it has been deleted in the meantime. */
  putApart(key: K, value: V): void {
    if (this.#apart === undefined) return;
    this.#main.delete(key);
    if (this.#apart.get(key) === undefined) this.#apart.put(key, value);
  }

  /** Updates the size of a record that has grown. */
  weighAgain(key: K): void {
    this.#main.weighAgain(key);
    this.#apart?.weighAgain(key);
  }

  deleteAll(isSelected: (value: V) => boolean): void {
    this.#main.deleteAll(isSelected);
    this.#apart?.deleteAll(isSelected);
  }

  /** All records in order. */
  all(): readonly V[] {
    const main = [...this.#main.values()];
    if (this.#apart === undefined || this.#apart.size === 0) return main;
    return [...this.#apart.values(), ...main].toSorted((a, b) => a.seq - b.seq);
  }
}
