import { describe, expect, it } from 'vitest';
import { refill, TokenBucket } from '../../../src/protocol/token-bucket.ts';

describe('refill', () => {
  const filling = { perSecond: 10, burst: 100 };

  it('adds tokens in proportion to the elapsed time', () => {
    expect(refill(20, filling, 500)).toBe(25);
    expect(refill(20, filling, 0)).toBe(20);
  });

  it('never fills above the burst', () => {
    expect(refill(99, filling, 100)).toBe(100);
    expect(refill(99, filling, 60_000)).toBe(100);
  });

  it('is infinite if the rate or the burst is', () => {
    expect(refill(0, { perSecond: Infinity, burst: 100 }, 0)).toBe(Infinity);
    expect(refill(0, { perSecond: 10, burst: Infinity }, 1)).toBe(Infinity);
  });
});

describe('TokenBucket', () => {
  it('starts full, and accepts as many as the burst', () => {
    const bucket = new TokenBucket(1, 3, 0);
    expect([1, 2, 3, 4].map(() => bucket.take(0))).toEqual([true, true, true, false]);
  });

  it('accepts one more for each token that has been added since', () => {
    const bucket = new TokenBucket(2, 1, 1_000);
    expect(bucket.take(1_000)).toBe(true);
    expect(bucket.take(1_499)).toBe(false);
    expect(bucket.take(1_500)).toBe(true);
    expect(bucket.take(1_500)).toBe(false);
  });

  it('takes no token for a mere check', () => {
    const bucket = new TokenBucket(1, 1, 0);
    expect([bucket.has(0), bucket.has(0), bucket.take(0), bucket.has(0)]).toEqual([true, true, true, false]);
  });

  it('takes no token when it refuses', () => {
    const bucket = new TokenBucket(1, 1, 0);
    bucket.take(0);
    for (let at = 100; at < 1_000; at += 100) expect(bucket.take(at)).toBe(false);
    expect(bucket.take(1_001)).toBe(true);
  });

  it('never refuses without a bound', () => {
    const bucket = new TokenBucket(Infinity, Infinity, 0);
    for (let count = 0; count < 1_000; count += 1) expect(bucket.take(0)).toBe(true);
  });
});
