/** A number drawn evenly from [0, 1). Injected, so that a schedule with jitter can be replayed. */
export type Random = () => number;
