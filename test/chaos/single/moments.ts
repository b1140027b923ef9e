/** What can be seen of a node from outside, at the very moment. */
export type Moment =
  'start' | 'opening' | 'listening' | 'asked' | 'received' | 'taken' | 'refused' | 'published' | 'seen';

/** Tells who waits for a moment that it has come, before anything else happens. */
export class Moments {
  #awaited: { readonly moment: Moment; readonly run: () => void } | undefined;

  /** Has this run when the moment comes next, instead of whatever was to run so far. */
  next(moment: Moment, run: () => void): void {
    this.#awaited = { moment, run };
  }

  /** Nobody waits any more. */
  forget(): void {
    this.#awaited = undefined;
  }

  tell(moment: Moment): void {
    if (this.#awaited?.moment !== moment) return;
    const { run } = this.#awaited;
    this.#awaited = undefined;
    run();
  }
}
