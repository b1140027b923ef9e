/** Tracks which notices of a partition this node has received. */
export class Revisions {
  #last = 0;
  #highest = 0;
  #listeners: { readonly revision: number; readonly resolve: () => void }[] = [];

  /** The revision up to which this node has received all notices, or will read everything; 0: none. */
  get last(): number {
    return this.#last;
  }

  /** The highest revision in any message or answer: later notices have higher ones, unless Redis loses writes. */
  get highest(): number {
    return Math.max(this.#highest, this.#last);
  }

  /** An answer describes the state as of this revision. Its notice may arrive later, over another connection. */
  answered(revision: number): void {
    this.#highest = Math.max(this.#highest, revision);
  }

  /**
   * A notice has raised the revision from `previous` to a higher one than the last. Returns whether notices before it are missing, or
   * Redis has lost some that were received.
   */
  noticed({ revision, previous }: { readonly revision: number; readonly previous: number }): boolean {
    return this.#raise(revision, this.#last !== previous);
  }

  /** Redis reports its present revision. Returns whether notices are missing. */
  reported(revision: number): boolean {
    return this.#raise(revision, this.#last < revision);
  }

  /** Continues from this revision, because everything up to it will be read. */
  startFrom(revision: number): void {
    this.#last = Math.max(this.#last, revision);
    this.notifyListeners();
  }

  /** Resolves once all notices up to the revision of an answer were received, or are read instead. The next heartbeat detects missing ones. */
  async reached(revision: number): Promise<void> {
    this.answered(revision);
    if (revision > this.#last)
      await new Promise<void>((resolve) => this.#listeners.push({ revision, resolve }));
  }

  /** Must be called after received notices have been processed. */
  notifyListeners(): void {
    if (this.#listeners.length === 0) return;
    const listeners = this.#listeners;
    this.#listeners = listeners.filter(({ revision }) => revision > this.#last);
    for (const { revision, resolve } of listeners) if (revision <= this.#last) resolve();
  }

  #raise(revision: number, isMissing: boolean): boolean {
    const isFirst = this.#last === 0;
    this.#last = Math.max(this.#last, revision);
    return isMissing && !isFirst;
  }
}
