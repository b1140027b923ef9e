/** Long enough for a loaded machine; a test that waits for it has failed. */
const patienceMs = 10_000;

/** What happened, in its order, and promises of what is still to come: waiting is by notification. */
export class Journal<T> {
  readonly items: T[] = [];
  readonly #about: string;
  readonly #waiters = new Set<() => void>();

  constructor(about: string) {
    this.#about = about;
  }

  push(item: T): void {
    this.items.push(item);
    for (const look of this.#waiters) look();
  }

  /** Resolves with what `pick` finds in the items, now or after an arrival; `undefined` and `false` mean: not yet. */
  until<R>(pick: (items: readonly T[]) => R | undefined | false, timeoutMs = patienceMs): Promise<R> {
    const inVain = new Error(`Waited in vain for ${this.#about}`);
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = pick(this.items);
        if (found === undefined || found === false) return;
        clearTimeout(timer);
        this.#waiters.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(look);
        inVain.message += `. The last of the ${this.items.length} that came:\n${this.items
          .slice(-20)
          .map((item) => JSON.stringify(item).slice(0, 500))
          .join('\n')}`;
        reject(inVain);
      }, timeoutMs);
      this.#waiters.add(look);
      look();
    });
  }

  /** Resolves with the first item, past or to come, that `accepts`. */
  first(accepts: (item: T) => boolean, timeoutMs?: number): Promise<T> {
    return this.until((items) => items.find(accepts), timeoutMs);
  }

  /** Resolves once there are `count` items that `accept`, with those. */
  count(count: number, accepts: (item: T) => boolean = () => true): Promise<T[]> {
    return this.until((items) => {
      const found = items.filter(accepts);
      return found.length >= count && found;
    });
  }
}
