import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/webhooks/batch.ts';
import { DeliveryShell, defaultPolicy, type Fate } from '../support/property/delivery-shell.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';

const minute = 60_000;

const oneByOne = { ...defaultPolicy, batch: { ...defaultPolicy.batch, maxEvents: 1 } };

describe(seeded('a failing endpoint'), () => {
  it('gets one batch at 0, 1, 3, 7, 15, 31, 63, 123, 183 and 243 s, which is then dropped', () => {
    const shell = new DeliveryShell(defaultPolicy, () => ({ ok: false, takesMs: 0 }));
    shell.push('a', 'channel_occupied');
    shell.advance(10 * minute);
    const seconds = shell.starts.map(({ at }) => (at - 250) / 1000);
    assert.deepEqual(seconds, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    assert.deepEqual(
      shell.drops.map(({ reason }) => reason),
      ['expired'],
    );
  });

  it(
    'gets few attempts while it is dead, however many events wait',
    () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 20 }),
          fc.integer({ min: 1, max: 200 }),
          fc.constantFrom(0, 100, 4000),
          (perSecond, channels, takesMs) => {
            const shell = new DeliveryShell(defaultPolicy, () => ({ ok: false, takesMs }));
            for (let second = 0; second < 1500; second += 1) {
              for (let count = 0; count < perSecond; count += 1) {
                shell.push(`room-${(second * perSecond + count) % channels}`, 'member_added');
              }
              shell.advance(1000);
            }
            const perFive = [0, 5, 10, 15, 20].map(
              (from) =>
                shell.starts.filter(({ at }) => at >= from * minute && at < (from + 5) * minute).length,
            );
            for (const count of perFive) assert.ok(count <= 60);
          },
        ),
        runs(8),
      );
    },
    patienceMs,
  );

  it(
    'accepts everything except poison batches once it has recovered',
    () => {
      fc.assert(
        fc.property(recovery, (given) => {
          const { shell, isPoison } = recover(given);
          const lost = shell.drops.flatMap(({ events }) => events.map(({ event }) => event.channel));
          assert.deepEqual(
            lost.filter((channel) => !isPoison(channel)),
            [],
          );
        }),
        runs(150),
      );
    },
    patienceMs,
  );

  it(
    'accepts everything except a poison batch within two minutes of its recovery',
    () => {
      fc.assert(
        fc.property(recovery, (given) => {
          const { shell } = recover({ ...given, poisoned: 1 });
          for (const event of shell.delivered) {
            const at = shell.endedAt.get(event) ?? Infinity;
            assert.ok(at - Math.max(event.createdAt, given.outageMs) <= 2 * minute);
          }
        }),
        runs(150),
      );
    },
    patienceMs,
  );

  it('accepts a batch that failed once beside a poison batch at its next due attempt', () => {
    const { shell } = recover({ poisoned: 1, healthy: 1, outageMs: 11, laterEvents: 0 });
    assert.deepEqual(
      shell.delivered.map(({ event }) => event.channel),
      ['room-0'],
    );
    assert.ok((shell.endedAt.get(shell.delivered[0] ?? never()) ?? Infinity) < 10_000);
  });

  it('is probed with a new batch although older ones are due', () => {
    const shell = new DeliveryShell({ ...oneByOne, concurrency: 3 }, ({ events }) => ({
      ok: events.some(({ event }) => event.channel === 'good'),
      takesMs: 0,
    }));
    // Five are tried together, until the third failure in a row; then the sixth is the first probe.
    for (let index = 0; index < 6; index += 1) shell.push(`poison-${index}`, 'channel_occupied');
    shell.push('good', 'channel_occupied');
    shell.advance(10 * minute);
    // The next probe, after a second, was tried before; the one after that, two seconds later, is new.
    assert.deepEqual(
      shell.delivered.map((event) => shell.endedAt.get(event)),
      [3000],
    );
  });

  it('is probed with a batch that was tried before although new ones arrive', () => {
    const shell = new DeliveryShell(oneByOne, ({ events }, at) => ({
      ok: at >= 1000 && events.some(({ event }) => event.channel === 'good'),
      takesMs: 0,
    }));
    shell.push('poison', 'channel_occupied');
    shell.push('good', 'channel_occupied');
    shell.push('poison-too', 'channel_occupied');
    shell.advance(500);
    for (let index = 0; index < 600; index += 1) {
      for (const one of ['a', 'b']) shell.push(`poison-${index}-${one}`, 'channel_occupied');
      shell.advance(1000);
    }
    assert.deepEqual(
      shell.delivered.map((event) => shell.endedAt.get(event)),
      [1500],
    );
  });

  it('is retried as late as it asks, but not so late that its retries are lost', () => {
    const longWait = new DeliveryShell(defaultPolicy, (_batch, at) => ({
      ok: at > 10_000,
      takesMs: 0,
      retryAfterMs: 20_000,
    }));
    longWait.push('a', 'channel_occupied');
    longWait.advance(minute);
    assert.deepEqual(
      longWait.starts.map(({ at }) => at),
      [250, 20_250],
    );
    const tooLong = new DeliveryShell(defaultPolicy, () => ({ ok: false, takesMs: 0, retryAfterMs: 1e9 }));
    tooLong.push('a', 'channel_occupied');
    tooLong.advance(10 * minute);
    // At most the longest delay of the policy, and the usual backoff if that would be too late.
    const starts = [250, 60_250, 120_250, 180_250, 240_250, 256_250, 288_250];
    assert.deepEqual(
      tooLong.starts.map(({ at }) => at),
      starts,
    );
    expect(tooLong.droppedAt).toHaveLength(1);
    assert.ok((tooLong.droppedAt[0] ?? Infinity) <= 300_000);
  });

  it('loses no fact to a flood of client events', () => {
    const policy = { ...defaultPolicy, queueMaxBytes: 60_000 };
    const shell = new DeliveryShell(policy, (_batch, at) => ({ ok: at > 100_000, takesMs: 5 }));
    const facts = ['a', 'b', 'c'].map((channel) => shell.push(channel, 'channel_occupied'));
    for (let index = 0; index < 2000; index += 1) {
      shell.push(`room-${index % 7}`, index % 3 === 0 ? 'cache_miss' : 'client_event', 200);
      shell.advance(7);
    }
    facts.push(...['a', 'b', 'c'].map((channel) => shell.push(channel, 'channel_vacated')));
    shell.advance(10 * minute);
    assert.deepEqual(
      facts.filter((fact) => !shell.delivered.includes(fact)),
      [],
    );
    shell.expectAllDecided();
  });
});

const recovery = fc.record({
  poisoned: fc.integer({ min: 1, max: 12 }),
  healthy: fc.integer({ min: 1, max: 30 }),
  outageMs: fc.integer({ min: 0, max: 60_000 }),
  laterEvents: fc.integer({ min: 0, max: 20 }),
});

/** An endpoint that fails for a while, then accepts everything except what is poison to it, for ten minutes. */
function recover(given: { poisoned: number; healthy: number; outageMs: number; laterEvents: number }): {
  shell: DeliveryShell;
  isPoison: (channel: string) => boolean;
} {
  const isPoison = (channel: string): boolean => channel.startsWith('poison');
  const endpoint = ({ events }: Batch, at: number): Fate => ({
    ok: at >= given.outageMs && !events.some(({ event }) => isPoison(event.channel)),
    takesMs: 5,
  });
  const shell = new DeliveryShell(oneByOne, endpoint);
  for (let index = 0; index < given.poisoned; index += 1) shell.push(`poison-${index}`, 'channel_occupied');
  shell.advance(10);
  for (let index = 0; index < given.healthy; index += 1) shell.push(`room-${index}`, 'channel_occupied');
  shell.advance(given.outageMs);
  for (let index = 0; index < given.laterEvents; index += 1) {
    shell.push(`later-${index}`, 'channel_occupied');
    shell.advance(100);
  }
  shell.advance(10 * minute);
  return { shell, isPoison };
}

function never(): never {
  throw new Error('nothing was delivered');
}
