/** Up to where this node has heard the notices of a partition, and who waits for more of them. */
export class Revisions {
  #last = 0;
  #listeners: { readonly revision: number; readonly tell: () => void }[] = [];

  /** The last one of which this node has heard, or from which on it has read everything; 0: none. */
  get last(): number {
    return this.#last;
  }

  /** A notice has come, which raised the revision to this. Whether some before it are missing. */
  noticed(revision: number): boolean {
    return this.#raise(revision, 1);
  }

  /** Redis says that this is the revision now. Whether notices are missing. */
  said(revision: number): boolean {
    return this.#raise(revision, 0);
  }

  /** Everything up to this revision will be read, whatever was heard. */
  startFrom(revision: number): void {
    this.#last = Math.max(this.#last, revision);
    this.tellListeners();
  }

  /** Resolves once everything up to this revision was heard, or else is read; a heartbeat at the latest says so. */
  async reached(revision: number): Promise<void> {
    if (revision > this.#last) await new Promise<void>((tell) => this.#listeners.push({ revision, tell }));
  }

  /** To be called when what was heard has been taken. */
  tellListeners(): void {
    if (this.#listeners.length === 0) return;
    const listeners = this.#listeners;
    this.#listeners = listeners.filter(({ revision }) => revision > this.#last);
    for (const { revision, tell } of listeners) if (revision <= this.#last) tell();
  }

  /** `byNow`: how much the revision was to be raised by what was heard. */
  #raise(revision: number, byNow: 0 | 1): boolean {
    const isMissing = this.#last !== 0 && revision > this.#last + byNow;
    this.#last = Math.max(this.#last, revision);
    return isMissing;
  }
}
