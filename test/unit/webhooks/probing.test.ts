import { describe, expect, it } from 'vitest';
import { Probing } from '../../../src/webhooks/probing.ts';

const retry = { initialDelayMs: 1_000, multiplier: 2, maxDelayMs: 60_000, maxElapsedMs: 300_000, jitter: 0 };

/** With jitter 0 the random number has no effect. */
const random = 0.5;

describe('an endpoint', () => {
  it('counts as failing after three failures in a row', () => {
    const probing = new Probing<string>(retry);
    const states = [0, 1, 2, 3, 4].map((failures) => {
      if (failures > 0) probing.failed('a', 0, random);
      return probing.isFailing;
    });
    expect(states).toEqual([false, false, false, true, true]);
  });

  it('does not count as failing after a success, which starts the count again', () => {
    const probing = new Probing<string>(retry);
    for (let count = 0; count < 3; count += 1) probing.failed('a', 0, random);
    probing.succeeded();
    expect(probing.isFailing).toBe(false);
    probing.failed('a', 0, random);
    probing.failed('a', 0, random);
    expect(probing.isFailing).toBe(false);
    probing.failed('a', 0, random);
    expect(probing.isFailing).toBe(true);
  });
});

describe('a probe by a batch other than the oldest', () => {
  it('may start at any time until one has failed', () => {
    const probing = new Probing<string>(retry);
    expect(probing.otherAt).toBe(-Infinity);
    probing.failed('oldest', 500, random);
    expect(probing.otherAt).toBe(-Infinity);
  });

  it('waits longer after each failure of such a probe, as retries do', () => {
    const probing = new Probing<string>(retry);
    probing.began('b');
    probing.failed('b', 100, random);
    expect(probing.otherAt).toBe(1_100);
    probing.began('c');
    probing.failed('c', 1_100, random);
    expect(probing.otherAt).toBe(3_100);
  });

  it('uses a new batch and one that was tried before in turn', () => {
    const probing = new Probing<string>(retry);
    const turns = [probing.isTurnOfNew];
    for (const batch of ['b', 'c', 'd']) {
      probing.began(batch);
      probing.failed(batch, 0, random);
      turns.push(probing.isTurnOfNew);
    }
    expect(turns).toEqual([true, false, true, false]);
  });

  it('may start at any time after a success, with a new batch and the first delay', () => {
    const probing = new Probing<string>(retry);
    probing.began('b');
    probing.failed('b', 0, random);
    probing.succeeded();
    expect([probing.otherAt, probing.isTurnOfNew]).toEqual([-Infinity, true]);
    probing.began('c');
    probing.failed('c', 0, random);
    expect(probing.otherAt).toBe(1_000);
  });

  it('counts only once', () => {
    const probing = new Probing<string>(retry);
    probing.began('b');
    probing.failed('b', 0, random);
    probing.failed('b', 50, random);
    expect(probing.otherAt).toBe(1_000);
  });

  it('can be withdrawn, and then does not count', () => {
    const probing = new Probing<string>(retry);
    probing.began('b');
    expect(probing.withdrawn('oldest')).toBe(false);
    expect(probing.withdrawn('b')).toBe(true);
    expect(probing.withdrawn('b')).toBe(false);
    probing.failed('b', 0, random);
    expect(probing.otherAt).toBe(-Infinity);
  });
});
