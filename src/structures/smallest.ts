/** Collects the `most` smallest of many texts, without duplicates. It never keeps more than twice as many. */
export class Smallest<T extends string> {
  readonly #most: number;
  #kept: T[] = [];
  /** Once enough are kept, texts that are not smaller than this are ignored. */
  #bound: T | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** Returns whether the kept texts had to be sorted, which costs as much as adding some thousands. */
  add(text: T): boolean {
    if (this.#bound !== undefined && text >= this.#bound) return false;
    this.#kept.push(text);
    if (this.#kept.length < 2 * this.#most) return false;
    this.#cut();
    return true;
  }

  /** The smallest of all added texts, in order. */
  get texts(): readonly T[] {
    this.#cut();
    return this.#kept;
  }

  #cut(): void {
    const sorted = this.#kept.toSorted();
    this.#kept = sorted.filter((text, index) => text !== sorted[index - 1]).slice(0, this.#most);
    if (this.#kept.length === this.#most) this.#bound = this.#kept.at(-1);
  }
}
