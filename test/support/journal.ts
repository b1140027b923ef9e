/** Long enough for a loaded machine. A test that waits this long has failed. */
const patienceMs = 30_000;

/** A record of what happened, in order, and promises of what will happen. It waits by notification. */
export class Journal<T> {
  readonly items: T[] = [];
  readonly #about: string;
  readonly #waiters = new Set<() => void>();
  /** Why nothing more will happen. */
  #end: string | undefined;

  constructor(about: string) {
    this.#about = about;
  }

  push(item: T): void {
    this.items.push(item);
    for (const look of this.#waiters) look();
  }

  /** Nothing more will happen, for this reason: pending and later waits fail immediately. */
  end(reason: string): void {
    this.#end = reason;
    for (const look of this.#waiters) look();
  }

  /**
   * Resolves with what `pick` returns for the items, now or after an arrival. `undefined` and `false` mean:
   * not yet.
   */
  until<R>(pick: (items: readonly T[]) => R | undefined | false, timeoutMs = patienceMs): Promise<R> {
    const error = new Error();
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        this.#waiters.delete(look);
      };
      const fail = (reason: string) => {
        stop();
        error.message = `Waited for ${this.#about}, but ${reason}. The last of ${this.items.length} items:\n${this.items
          .slice(-20)
          .map((item) => JSON.stringify(item).slice(0, 500))
          .join('\n')}`;
        reject(error);
      };
      const look = () => {
        const found = pick(this.items);
        if (found !== undefined && found !== false) {
          stop();
          resolve(found);
        } else if (this.#end !== undefined) {
          fail(this.#end);
        }
      };
      const timer = setTimeout(() => fail(`it did not come in ${timeoutMs} ms`), timeoutMs);
      this.#waiters.add(look);
      look();
    });
  }

  /** Resolves with the first item, past or future, that `accepts` accepts. */
  first(accepts: (item: T) => boolean, timeoutMs?: number): Promise<T> {
    return this.until((items) => items.find(accepts), timeoutMs);
  }

  /** Resolves with the items that `accepts` accepts, as soon as there are at least `count`. */
  count(count: number, accepts: (item: T) => boolean = () => true): Promise<T[]> {
    return this.until((items) => {
      const found = items.filter(accepts);
      return found.length >= count && found;
    });
  }
}
