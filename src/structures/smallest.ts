/** The smallest of many texts, each once, so many at most; it never keeps more than twice as many. */
export class Smallest<T extends string> {
  readonly #most: number;
  #kept: T[] = [];
  /** Once there are enough: what is not smaller than this is not among them. */
  #bound: T | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether what is kept had to be sorted, which costs as much as to add some thousands. */
  add(text: T): boolean {
    if (this.#bound !== undefined && text >= this.#bound) return false;
    this.#kept.push(text);
    if (this.#kept.length < 2 * this.#most) return false;
    this.#cut();
    return true;
  }

  /** Those that are the smallest of all that were added, in order. */
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
