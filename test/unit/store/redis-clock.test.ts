import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RedisClock } from '../../../src/store/redis/link/redis-clock.ts';
import { seeded } from '../../support/property/seeded.ts';

describe('the clock of Redis', () => {
  test('is not known before it has answered', () => {
    const clock = new RedisClock();
    expect(clock.at(5)).toBeUndefined();
    clock.learn(Number('of an older version'), 0, 10);
    expect(clock.at(5)).toBeUndefined();
  });

  test('is read in the middle of a round trip', () => {
    const clock = new RedisClock();
    clock.learn(1_000_005, 0, 10);
    expect(clock.at(0)).toBe(1_000_000);
    expect(clock.at(20)).toBe(1_000_020);
  });

  test('is not read from a slow answer, as after a freeze', () => {
    const clock = new RedisClock();
    clock.learn(1_000_001, 0, 2);
    clock.learn(1_003_500, 500, 3500);
    expect(clock.at(0)).toBe(1_000_000);
  });

  test('is read from a slower answer once the known value is old enough', () => {
    const clock = new RedisClock();
    clock.learn(1_000_000, 0, 0);
    // The clock of Redis is now ahead by 100 more. The round trip took 20, so the value is exact to within 10.
    clock.learn(1_001_089, 979, 999);
    expect(clock.at(0)).toBe(1_000_000);
    clock.learn(1_001_091, 981, 1001);
    expect(clock.at(0)).toBe(1_000_100);
  });

  test('is followed after it was set, as soon as answers are fast again', () => {
    const clock = new RedisClock();
    clock.learn(1_000_001, 0, 2);
    clock.learn(2_001_001, 1000, 1002);
    expect(clock.at(0)).toBe(2_000_000);
  });

  test(seeded('is known to within half the shortest round trip'), () => {
    const trips = fc.array(fc.record({ waitMs: fc.nat(5000), outMs: fc.nat(3000), backMs: fc.nat(3000) }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(trips, fc.integer({ min: -100_000, max: 1e12 }), (list, aheadMs) => {
        const clock = new RedisClock();
        let at = 0;
        let shortest = Infinity;
        for (const { waitMs, outMs, backMs } of list) {
          at += waitMs;
          clock.learn(at + outMs + aheadMs, at, at + outMs + backMs);
          at += outMs + backMs;
          shortest = Math.min(shortest, outMs + backMs);
          const error = Math.abs((clock.at(at) ?? Infinity) - (at + aheadMs));
          // The known value ages, and is replaced by one that is hardly worse.
          expect(error).toBeLessThanOrEqual((shortest + 0.02 * at) / 2);
        }
      }),
    );
  });
});
