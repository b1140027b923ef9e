/** Tracks which notices of a partition this node has received. */
export class Revisions {
  #last = 0;
  #listeners: { readonly revision: number; readonly resolve: () => void }[] = [];

  /** The revision up to which this node has received all notices, or will read everything; 0: none. */
  get last(): number {
    return this.#last;
  }

  /** A notice has raised the revision to this value. Returns whether notices before it are missing. */
  noticed(revision: number): boolean {
    return this.#raise(revision, 1);
  }

  /** Redis reports its present revision. Returns whether notices are missing. */
  reported(revision: number): boolean {
    return this.#raise(revision, 0);
  }

  /** Continues from this revision, because everything up to it will be read. */
  startFrom(revision: number): void {
    this.#last = Math.max(this.#last, revision);
    this.notifyListeners();
  }

  /** Resolves once all notices up to this revision were received, or are read instead. The next heartbeat detects missing ones. */
  async reached(revision: number): Promise<void> {
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

  /** `byNow`: by how much the received message was expected to raise the revision. */
  #raise(revision: number, byNow: 0 | 1): boolean {
    const isMissing = this.#last !== 0 && revision > this.#last + byNow;
    this.#last = Math.max(this.#last, revision);
    return isMissing;
  }
}
