import { describe, expect, test } from 'vitest';
import { noMetrics, type Metrics } from '../../../src/ports/metrics.ts';
import { Samples } from '../../../src/recording/samples.ts';
import { countingMetrics, noTotals } from '../../../src/recording/totals.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startsAtMs } from '../../support/unit/recording.ts';

function stage() {
  const clock = new FakeClock(123);
  const totals = noTotals();
  const samples = new Samples({ clock, wallTime: { now: () => startsAtMs + clock.now() } }, totals);
  return { clock, totals, samples };
}

describe('numbers over time', () => {
  test('have a step for each five seconds', () => {
    const { clock, totals, samples } = stage();
    expect(samples.series()).toMatchObject({ stepMs: 5000, published: [], connections: [] });
    totals.published += 10;
    totals.connections = 3;
    clock.advanceSync(5000);
    totals.published += 5;
    totals.failed += 1;
    totals.connections = 2;
    clock.advanceSync(7000);
    expect(samples.series()).toMatchObject({
      endMs: startsAtMs + 123 + 10_000,
      published: [10, 5],
      failed: [0, 1],
      dropped: [0, 0],
      connections: [3, 2],
    });
  });

  test('keep an hour', () => {
    const { clock, totals, samples } = stage();
    for (let count = 1; count <= 1000; count += 1) {
      totals.received += count;
      clock.advanceSync(5000);
    }
    const { received } = samples.series();
    expect([received.length, received[0], received.at(-1)]).toEqual([720, 281, 1000]);
  });

  test('continue after a time without samples', () => {
    // The timers of the clock are late: none of them runs before the end.
    const clock = { now: () => now, after: () => () => {} };
    let now = 0;
    const totals = noTotals();
    const samples = new Samples({ clock, wallTime: clock }, totals);
    totals.dropped = 7;
    now = 15_000;
    expect(samples.series()).toMatchObject({ dropped: [0, 0, 7], endMs: 15_000 });
    now = 10_000_000;
    expect(samples.series().dropped).toHaveLength(720);
  });

  test('give the rates of the last five seconds', () => {
    const { clock, totals, samples } = stage();
    totals.published += 100;
    expect(samples.rates().published).toBe(20);
    clock.advanceSync(5000);
    expect(samples.rates().published).toBe(20);
    clock.advanceSync(2500);
    totals.published += 1;
    expect(samples.rates()).toMatchObject({ published: 10.2, dropped: 0 });
    clock.advanceSync(7500);
    expect(samples.rates().published).toBe(0);
  });

  test('leave no timer', () => {
    const { clock, samples } = stage();
    samples.close();
    expect(clock.pending).toBe(0);
  });
});

test('counting metrics forward every call unchanged', () => {
  const calls: unknown[] = [];
  const names = Object.keys(noMetrics) as (keyof Metrics)[];
  const inner = Object.fromEntries(
    names.map((name) => [name, (...given: readonly unknown[]) => calls.push([name, ...given])]),
  ) as unknown as Metrics;
  const totals = noTotals();
  const metrics = countingMetrics(inner, totals) as unknown as Record<string, (...given: unknown[]) => void>;
  const given = ['1', 'main', 'success', 4];
  for (const name of names) metrics[name]?.(...given);
  expect(calls.map((call) => (call as unknown[])[0])).toEqual(names);
  for (const call of calls)
    expect(call).toEqual([expect.any(String), ...given.slice(0, (call as unknown[]).length - 1)]);
  metrics['webhookAttempt']?.('1', 'main', 'timeout', 4);
  expect(totals).toEqual({
    connections: 0,
    published: 1,
    received: 1,
    delivered: 1,
    failed: 1,
    dropped: 4,
    refused: 1,
  });
});
