import { dropKinds, type DropKind } from '../../webhooks/drop-kind.ts';
import { hasFields, isNumber, rowKeyOf, partsOf, type Rows } from './rows.ts';
import type { Database } from '../disk/database.ts';

/** The parts of a drop that determine where it is stored. */
interface Dropped {
  readonly endpoint: string;
  readonly channel: string;
}

/** A stored record: the last drop of an endpoint and channel, or the number of drops of a kind that are no longer kept. */
export interface KeptDrop<D> {
  readonly appId: string;
  readonly kind: DropKind;
  readonly kept: D | { readonly forgotten: number };
}

/** The last drop of each endpoint and channel. */
export class DropTable<D extends Dropped> {
  readonly #database: Database;
  readonly #isKept: (value: unknown) => value is KeptDrop<D>['kept'];
  /** The keys of each app. */
  readonly #keys = new Map<string, Set<string>>();

  /** `isDrop` checks a stored drop. */
  constructor(database: Database, isDrop: (value: unknown) => value is D) {
    this.#database = database;
    this.#isKept = (value): value is KeptDrop<D>['kept'] =>
      isDrop(value) || hasFields(value, { forgotten: isNumber });
  }

  /** The stored records, in the order of their times, which `timeOf` returns. */
  restore(rows: Rows, timeOf: (dropped: D) => number): readonly KeptDrop<D>[] {
    const all = [...rows.read('drops', this.#isKept)].flatMap(({ key, value }): KeptDrop<D>[] => {
      const [appId, name] = partsOf(key) ?? [];
      const kind = dropKinds.find((one) => one === name);
      if (appId === undefined || kind === undefined) return [];
      this.#note(appId, String(key));
      return [{ appId, kind, kept: value }];
    });
    const time = ({ kept }: KeptDrop<D>): number => ('forgotten' in kept ? 0 : timeOf(kept));
    return all.toSorted((a, b) => time(a) - time(b));
  }

  put(appId: string, kind: DropKind, dropped: D): void {
    this.#put(appId, rowKeyOf(appId, kind, dropped.endpoint, dropped.channel), dropped);
  }

  remove(appId: string, kind: DropKind, dropped: D): void {
    this.#remove(appId, rowKeyOf(appId, kind, dropped.endpoint, dropped.channel));
  }

  forgotten(appId: string, kind: DropKind, dropped: D, count: number): void {
    this.#remove(appId, rowKeyOf(appId, kind, dropped.endpoint, dropped.channel));
    this.#put(appId, rowKeyOf(appId, kind), { forgotten: count });
  }

  clear(appId: string): void {
    for (const key of this.#keys.get(appId) ?? []) this.#remove(appId, key);
  }

  #put(appId: string, key: string, value: object): void {
    this.#note(appId, key);
    this.#database.put('drops', key, JSON.stringify(value));
  }

  #remove(appId: string, key: string): void {
    this.#keys.get(appId)?.delete(key);
    this.#database.remove('drops', key);
  }

  #note(appId: string, key: string): void {
    const keys = this.#keys.get(appId) ?? new Set();
    this.#keys.set(appId, keys.add(key));
  }
}
