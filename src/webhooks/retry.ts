import type { Millis } from '../ports/clock.ts';

/**
 * When to retry. With the defaults (1 s, doubled, at most 60 s, for 300 s), attempts start at about
 *
 *   0  1  3  7  15  31  63  123  183  243 s
 *
 * after the first (Soketify: "retries with exponential backoff for up to 5 minutes").
 */
export interface RetryPolicy {
  readonly initialDelayMs: Millis;
  readonly multiplier: number;
  readonly maxDelayMs: Millis;
  /** No attempt starts later than this after an event was created. */
  readonly maxElapsedMs: Millis;
  /** The random deviation of a delay, as a share of it: 0.1 is 10 % in both directions. */
  readonly jitter: number;
}

/** The delay after this many failed attempts (1 is the first). `random` is drawn from [0, 1). */
export function retryDelay(policy: RetryPolicy, failedAttempts: number, random: number): Millis {
  const exponent = Math.max(0, failedAttempts - 1);
  const delay = Math.min(policy.maxDelayMs, policy.initialDelayMs * policy.multiplier ** exponent);
  return Math.round(delay * (1 + policy.jitter * (2 * random - 1)));
}
