import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { retryDelay } from '../../../src/webhooks/retry.ts';

const policy = { initialDelayMs: 1000, multiplier: 2, maxDelayMs: 60_000, maxElapsedMs: 300_000, jitter: 0 };

describe('the delay before the next attempt', () => {
  test('makes the documented attempts start at 0 1 3 7 15 31 63 123 183 243 s', () => {
    const startsAt = [0];
    for (let failed = 1; failed < 10; failed += 1) {
      startsAt.push((startsAt.at(-1) ?? 0) + retryDelay(policy, failed, 0.5) / 1000);
    }
    expect(startsAt).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
  });

  test.each([
    [0, 900],
    [0.5, 1000],
    [0.999_999, 1100],
  ])('deviates at most by the jitter: the draw %d gives %i ms', (random, expected) => {
    expect(retryDelay({ ...policy, jitter: 0.1 }, 1, random)).toBe(expected);
  });

  test('is a whole number of milliseconds within its bounds, after any number of failures', () => {
    const policies = fc.record({
      initialDelayMs: fc.integer({ min: 1, max: 86_400_000 }),
      multiplier: fc.double({ min: 1, max: 100, noNaN: true }),
      maxDelayMs: fc.integer({ min: 1, max: 86_400_000 }),
      maxElapsedMs: fc.constant(300_000),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(policies, fc.nat({ max: 5000 }), draw, (given, failed, random) => {
        const delay = retryDelay(given, failed, random);
        expect(Number.isSafeInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(given.maxDelayMs * (1 + given.jitter) + 1);
      }),
    );
  });

  test('never shrinks from one failure to the next, without jitter', () => {
    fc.assert(
      fc.property(fc.nat({ max: 3000 }), (failed) => {
        expect(retryDelay(policy, failed + 1, 0.5)).toBeGreaterThanOrEqual(retryDelay(policy, failed, 0.5));
      }),
    );
  });
});
