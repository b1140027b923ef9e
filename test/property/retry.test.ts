import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryDelay } from '../../src/webhooks/retry.ts';
import { defaultPolicy } from '../support/property/delivery-shell.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';

const { retry } = defaultPolicy;

describe(seeded('retry policy'), () => {
  it('waits 1, 2, 4, 8, 16, 32, then 60 s without jitter', () => {
    const delays = Array.from({ length: 9 }, (_, failed) => retryDelay(retry, failed + 1, 0.9));
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it(
    'deviates from the delay at most by its share, in both directions',
    () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 2000 }),
          fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
          fc.double({ min: 0, max: 1, noNaN: true }),
          (failed, random, jitter) => {
            const exact = retryDelay(retry, failed, 0.5);
            const delay = retryDelay({ ...retry, jitter }, failed, random);
            expect(Math.abs(delay - exact)).toBeLessThanOrEqual(exact * jitter + 0.5);
          },
        ),
        runs(300),
      );
    },
    patienceMs,
  );
});
