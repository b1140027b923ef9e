/** What can be observed of a node from outside, at the moment it happens. */
export type Moment =
  | 'start'
  | 'opening'
  | 'listening'
  | 'requested'
  | 'received'
  | 'accepted'
  | 'rejected'
  | 'published'
  | 'client-event';

/** Runs the callback that is registered for a moment, synchronously. */
export class Moments {
  #awaited: { readonly moment: Moment; readonly run: () => void } | undefined;

  /** Registers a callback for the next such moment. It replaces an earlier one. */
  next(moment: Moment, run: () => void): void {
    this.#awaited = { moment, run };
  }

  /** Removes the callback. */
  forget(): void {
    this.#awaited = undefined;
  }

  /** Runs the callback if it is registered for this moment, and removes it. */
  notify(moment: Moment): void {
    if (this.#awaited?.moment !== moment) return;
    const { run } = this.#awaited;
    this.#awaited = undefined;
    run();
  }
}
