import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { FrameBudget, frameRates, type FrameRates } from '../../src/protocol/frame-budget.ts';
import { defaultLimits } from '../../src/protocol/limits.ts';

const rates: fc.Arbitrary<FrameRates> = fc.record({
  messages: fc.record({
    perSecond: fc.integer({ min: 1, max: 50 }),
    burst: fc.integer({ min: 1, max: 100 }),
  }),
  bytes: fc.record({
    perSecond: fc.integer({ min: 1, max: 5000 }),
    burst: fc.integer({ min: 1, max: 10_000 }),
  }),
});

const frames = fc.array(
  fc.record({ afterMs: fc.integer({ min: 0, max: 500 }), bytes: fc.integer({ min: 0, max: 400 }) }),
  { maxLength: 300 },
);

test('no time span has more than its rate and the burst allow, whatever is sent', () => {
  fc.assert(
    fc.property(rates, frames, (allowed, sent) => {
      const budget = new FrameBudget(allowed, 0);
      const accepted: { readonly at: number; readonly bytes: number }[] = [];
      let at = 0;
      for (const { afterMs, bytes } of sent) {
        at += afterMs;
        if (budget.spend(allowed, bytes, at) !== undefined) break;
        accepted.push({ at, bytes });
      }
      accepted.forEach((from, first) => {
        let bytes = 0;
        accepted.slice(first).forEach((to, more) => {
          bytes += to.bytes;
          const seconds = (to.at - from.at) / 1000;
          assert.ok(more + 1 <= allowed.messages.burst + seconds * allowed.messages.perSecond + 1e-6);
          assert.ok(bytes <= allowed.bytes.burst + seconds * allowed.bytes.perSecond + 1e-6);
        });
      });
    }),
  );
});

test('a client within the rates is never refused', () => {
  fc.assert(
    fc.property(rates, fc.integer({ min: 1, max: 500 }), (allowed, count) => {
      const budget = new FrameBudget(allowed, 0);
      const everyMs = 1000 / allowed.messages.perSecond + 0.001;
      const bytes = Math.min(allowed.bytes.burst, (allowed.bytes.perSecond * everyMs) / 1000);
      for (let sent = 0; sent < count; sent += 1) {
        assert.equal(budget.spend(allowed, bytes, sent * everyMs), undefined);
      }
    }),
  );
});

test('without limits nothing is refused, and later limits apply', () => {
  const none = frameRates({
    ...defaultLimits,
    messagesPerSecond: Infinity,
    bytesPerSecond: Infinity,
  });
  const budget = new FrameBudget(none, 0);
  for (let sent = 0; sent < 20_000; sent += 1) {
    assert.equal(budget.spend(none, 1_000_000, 0), undefined);
    budget.penalise(1_000_000);
  }
  assert.equal(budget.isAhead(none), false);
  const some = { messages: { perSecond: 1, burst: 2 }, bytes: { perSecond: 1000, burst: 1000 } };
  assert.deepEqual(
    [1, 2, 3].map(() => budget.spend(some, 1, 0)),
    [undefined, undefined, 'messages'],
  );
  assert.equal(budget.spend(none, 1, 0), undefined);
});
