/** A uniformly distributed number from [0, 1). Injected, so that a schedule with jitter can be reproduced. */
export type Random = () => number;
