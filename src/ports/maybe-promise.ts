/**
 * A value now or later. In-memory adapters answer immediately, adapters behind a network later. The hot path must not spend a
 * turn of the event loop on a value that is already known.
 */
export type MaybePromise<T> = T | Promise<T>;

/** Calls `use` with the value: in this turn if it is available, otherwise once it is. */
export function whenReady<T, R>(value: MaybePromise<T>, use: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(use) : use(value);
}
