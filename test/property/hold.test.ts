import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventNames } from '../../src/webhooks/event.ts';
import { HoldClock } from '../../src/webhooks/hold-clock.ts';
import { DeliveryShell, defaultPolicy } from '../support/property/delivery-shell.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';

const lifeMs = defaultPolicy.retry.maxElapsedMs;

type Step = readonly [
  kind: 'push' | 'restore' | 'advance' | 'hold' | 'release',
  ...given: (string | number)[],
];

const channel = fc.constantFrom('a', 'b', 'private-c', 'presence-d');
const name = fc.constantFrom(...eventNames);
const ageMs = fc.constantFrom(0, 0, 0, 100, 60_000, 299_999, 400_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.tuple(fc.constant('push' as const), channel, name, ageMs), weight: 4 },
  fc.tuple(fc.constant('restore' as const), channel, name, ageMs),
  {
    arbitrary: fc.tuple(
      fc.constant('advance' as const),
      fc.constantFrom(1, 249, 250, 1000, 30_000, 299_999, 300_000, 900_000),
    ),
    weight: 3,
  },
  fc.tuple(fc.constant('hold' as const)),
  fc.tuple(fc.constant('release' as const)),
);
const fates = fc.array(
  fc.record({
    ok: fc.boolean(),
    takesMs: fc.constantFrom(0, 1, 300, 4000),
    putsBack: fc.constantFrom(false, false, false, true),
    retryAfterMs: fc.constantFrom(0, 0, 100_000),
    random: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
  { minLength: 1, maxLength: 12 },
);
const policy = fc
  .record({ maxEvents: fc.constantFrom(1, 3, 20), concurrency: fc.constantFrom(1, 10) })
  .map(({ maxEvents, concurrency }) => ({
    ...defaultPolicy,
    concurrency,
    batch: { ...defaultPolicy.batch, maxEvents },
  }));

function take(shell: DeliveryShell, [kind, first, second, third]: Step): void {
  const given = { ageMs: Number(third) };
  const eventName = eventNames.find((one) => one === second) ?? 'cache_miss';
  switch (kind) {
    case 'push':
      shell.push(String(first), eventName, 60, given);
      break;
    case 'restore':
      shell.restore([String(first)], eventName, { attempts: 1, delayMs: 700, ...given });
      break;
    case 'advance':
      shell.advance(Number(first));
      break;
    case 'hold':
      shell.hold();
      break;
    case 'release':
      shell.release();
  }
}

describe(seeded('an endpoint that is held and released'), () => {
  it(
    'is sent nothing meanwhile, and then everything in order, each event within its remaining time',
    () => {
      fc.assert(
        fc.property(
          fc.array(step, { maxLength: 60, size: 'max' }),
          fates,
          policy,
          (walk, behaviour, given) => {
            let attempts = 0;
            // The shell throws when an attempt begins in a hold, too late or out of order.
            const shell = new DeliveryShell(given, () => {
              attempts += 1;
              return behaviour[attempts % behaviour.length] ?? { ok: true, takesMs: 0 };
            });
            let seen = 0;
            for (const one of walk) {
              take(shell, one);
              for (; seen < shell.drops.length; seen += 1) expectDue(shell, seen);
            }
            shell.release();
            shell.advance(2 * lifeMs);
            shell.expectAllDecided();
            shell.expectOrder();
            expect(shell.queue.events).toBe(0);
          },
        ),
        runs(400),
      );
    },
    patienceMs,
  );

  it(
    'continues as if the time of the hold had not existed',
    () => {
      fc.assert(
        fc.property(
          fc.array(fc.tuple(channel, fc.constantFrom(0, 100, 5000, 60_000)), { minLength: 1, maxLength: 20 }),
          fates,
          fc.constantFrom(0, 1, 400, 70_000),
          fc.constantFrom(1, 60_000, 10_000_000),
          (pushes, behaviour, holdAfterMs, heldMs) => {
            const run = (holds: boolean): readonly number[] => {
              let attempts = 0;
              const shell = new DeliveryShell(defaultPolicy, () => {
                attempts += 1;
                // An attempt in progress during the hold would end in it.
                return {
                  ...(behaviour[attempts % behaviour.length] ?? { ok: true }),
                  takesMs: 0,
                  putsBack: false,
                };
              });
              for (const [to, waitMs] of pushes) {
                shell.push(to, 'channel_occupied');
                shell.advance(waitMs);
              }
              shell.advance(holdAfterMs);
              const heldAt = shell.now;
              if (holds) {
                shell.hold();
                shell.advance(heldMs);
                shell.release();
              }
              shell.advance(2 * lifeMs);
              return [...shell.starts.map(({ at }) => at), ...shell.droppedAt].map((at) =>
                holds && at > heldAt ? at - heldMs : at,
              );
            };
            expect(run(true)).toEqual(run(false));
          },
        ),
        runs(200),
      );
    },
    patienceMs,
  );
});

/** What is dropped had no time left, or too little for the next attempt. */
function expectDue(shell: DeliveryShell, index: number): void {
  const drop = shell.drops[index];
  if (drop === undefined || drop.reason !== 'expired')
    throw new Error('nothing but its age ends an event here');
  if (drop.batch === undefined) {
    // With the oldest event, those that are no longer useful are dropped, and no others.
    const ages = drop.events.map((event) => shell.ageOf(event));
    expect(Math.min(...ages)).toBeGreaterThanOrEqual(lifeMs);
    return;
  }
  expect(drop.batch.deadline - shell.time.local(shell.now)).toBeLessThanOrEqual(
    defaultPolicy.retry.maxDelayMs,
  );
}

describe(seeded('the time of an endpoint'), () => {
  const spans = fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { maxLength: 200, size: 'max' });

  it('is the clock minus the holds, also for past times', () => {
    fc.assert(
      fc.property(spans, fc.nat(10_000), (walk, moment) => {
        const { time, now, holds } = live(walk.slice(0, 60));
        const at = Math.min(moment, now);
        const held = holds.reduce(
          (sum, [from, to]) => sum + Math.max(0, Math.min(to, at) - Math.min(from, at)),
          0,
        );
        expect(time.local(at)).toBe(at - held);
        expect(time.momentOf(time.local(now))).toBe(now);
      }),
      runs(500),
    );
  });

  it('never goes back and never gives too old an age, however often it was held', () => {
    fc.assert(
      fc.property(spans, (walk) => {
        const { time, now, holds } = live(walk);
        const ageAt = (at: number): number =>
          now - at - holds.reduce((sum, [from, to]) => sum + Math.max(0, to - Math.max(from, at)), 0);
        let last = -Infinity;
        for (let at = 0; at <= now; at += 7) {
          const local = time.local(at);
          assert.ok(local >= last, `${local} at ${at} after ${last}`);
          const age = time.local(now) - local;
          assert.ok(age <= ageAt(at), `an age of ${age} at ${at} instead of at most ${ageAt(at)}`);
          last = local;
        }
      }),
      runs(100),
    );
  });

  function live(walk: readonly (readonly [number, number])[]) {
    const time = new HoldClock();
    const holds: [number, number][] = [];
    let now = 0;
    for (const [runsMs, heldMs] of walk) {
      now += runsMs;
      time.hold(now);
      assert.equal(time.local(now + heldMs), time.local(now));
      assert.equal(time.momentOf(time.local(now) + 1), Infinity);
      holds.push([now, now + heldMs]);
      now += heldMs;
      time.release(now);
    }
    return { time, now, holds };
  }
});
