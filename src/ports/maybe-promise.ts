/**
 * A value now or later. The in-memory adapters answer at once, those behind a network do not; the hot path
 * must not pay a turn of the event loop for what is already known.
 */
export type MaybePromise<T> = T | Promise<T>;

/** Calls `use` with the value: in this turn when the value is there, else once it is. */
export function whenReady<T, R>(value: MaybePromise<T>, use: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(use) : use(value);
}
