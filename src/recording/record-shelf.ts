import type { Numbered } from './ring.ts';
import { Shelf, type ShelfBounds } from './shelf.ts';

/** How far back records go. */
export interface Extent {
  /** Everything since then is kept but for what was skipped; time of day. What failed may be kept for longer. */
  readonly keptSinceMs: number;
  /** How many were not recorded since then. */
  readonly skipped: number;
}

/** Keeps records in order. Those that are put apart have half of the room, so that the others cannot push them out. */
export class RecordShelf<K, V extends Numbered> {
  readonly #main: Shelf<K, V>;
  /** Undefined: nothing is put apart. */
  readonly #apart: Shelf<K, V> | undefined;

  constructor({ count, bytes }: ShelfBounds, isDivided: boolean) {
    const bounds = isDivided ? { count, bytes: bytes / 2 } : { count, bytes };
    this.#main = new Shelf(bounds);
    this.#apart = isDivided ? new Shelf(bounds) : undefined;
  }

  get bytes(): number {
    return this.#main.bytes + (this.#apart?.bytes ?? 0);
  }

  /** The last that has given way of those that were not put apart. */
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

  /** Keeps it with those that are not pushed out, also if it has given way meanwhile. */
  putApart(key: K, value: V): void {
    if (this.#apart === undefined) return;
    this.#main.delete(key);
    if (this.#apart.get(key) === undefined) this.#apart.put(key, value);
  }

  /** Takes into account that a record has grown. */
  weighAgain(key: K): void {
    this.#main.weighAgain(key);
    this.#apart?.weighAgain(key);
  }

  deleteAll(isMeant: (value: V) => boolean): void {
    this.#main.deleteAll(isMeant);
    this.#apart?.deleteAll(isMeant);
  }

  /** All of them in order. */
  all(): readonly V[] {
    const main = [...this.#main.values()];
    if (this.#apart === undefined || this.#apart.size === 0) return main;
    return [...this.#apart.values(), ...main].toSorted((a, b) => a.seq - b.seq);
  }
}
