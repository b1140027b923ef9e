import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'vitest';
import type { ConsoleRows } from '../../src/views/server.ts';
import {
  ConsoleFeed,
  isConsoleFull,
  type ConsoleSubscription,
} from '../../src/recording/console/console-feed.ts';
import { Ring } from '../../src/recording/ring.ts';
import { Shelf } from '../../src/recording/shelf.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { noSlices } from '../support/turns.ts';
import { step, type Step } from '../support/property/step.ts';

const bytes = 6000;
const capacity = 12;

interface World {
  readonly clock: FakeClock;
  readonly feed: ConsoleFeed;
  /** The texts of all added entries in order. */
  readonly added: string[];
  /** The texts that a listener received in order, and the number of those that it missed. */
  readonly received: string[];
  missed: number;
  lastSeq: number | undefined;
  takesMore: boolean;
  subscription: ConsoleSubscription | undefined;
}

function take(world: World, { rows, skipped, isRestarted }: ConsoleRows): boolean {
  assert.equal(isRestarted, undefined);
  for (const { seq, text } of rows) {
    assert.ok(seq > (world.lastSeq ?? 0));
    world.lastSeq = seq;
    world.received.push(text);
  }
  world.missed += skipped;
  return world.takesMore;
}

function subscribe(world: World): void {
  const subscription = world.feed.subscribe({
    since: world.lastSeq,
    onRows: (rows) => take(world, rows),
  });
  if (isConsoleFull(subscription)) throw new Error(subscription.message);
  world.subscription = subscription;
}

const steps: fc.Arbitrary<Step<World>[]> = fc.array(
  fc.oneof(
    fc
      .record({ isTrouble: fc.boolean(), size: fc.nat({ max: 500 }), count: fc.integer({ min: 1, max: 8 }) })
      .map(({ isTrouble, size, count }) =>
        step<World>(`add(${count}, ${isTrouble}, ${size})`, (world) => {
          for (let index = 0; index < count; index += 1) {
            const text = `${world.added.length} ${'x'.repeat(size)}`;
            const type = isTrouble ? 'webhook failed' : 'published';
            const budget = world.feed.log.budgetOf(type);
            if (!budget.allows()) throw new Error('it has no budget');
            world.feed.log.add(budget, '1', { kind: 'setting', text });
            world.added.push(text);
            world.feed.added();
          }
        }),
      ),
    fc.nat({ max: 250 }).map((ms) => step<World>(`advance(${ms})`, ({ clock }) => clock.advanceSync(ms))),
    fc.boolean().map((takesMore) =>
      step<World>(`takesMore(${takesMore})`, (world) => {
        world.takesMore = takesMore;
        if (takesMore) world.subscription?.resume();
      }),
    ),
    fc.constant(
      step<World>('reconnect()', (world) => {
        // A client that has not seen a row yet does not know where to resume.
        if (world.lastSeq === undefined) return;
        world.subscription?.close();
        subscribe(world);
      }),
    ),
  ),
  { maxLength: 60 },
);

describe(seeded('the console'), () => {
  test(
    'stays within its limits, and sends each row once and in order or reports it as missed',
    () => {
      fc.assert(
        fc.property(steps, (all) => {
          const clock = new FakeClock();
          const feed = new ConsoleFeed({
            clock,
            wallTime: clock,
            bytes,
            capacity,
            perSecond: Infinity,
            showsPayloads: true,
            budget: noSlices().questions,
          });
          const world: World = {
            clock,
            feed,
            added: [],
            received: [],
            missed: 0,
            lastSeq: undefined,
            takesMore: true,
            subscription: undefined,
          };
          subscribe(world);
          for (const run of all) {
            void run(world);
            assert.ok(feed.log.bytes <= bytes);
            assert.ok(feed.log.size <= 2 * capacity);
          }
          world.takesMore = true;
          world.subscription?.resume();
          clock.advanceSync(200);
          // In the order of addition, and none twice.
          const places = world.received.map((text) => Number(text.split(' ')[0]));
          assert.deepEqual(
            places,
            [...new Set(places)].toSorted((a, b) => a - b),
          );
          const isReconnected = all.some((one) => one.toString() === 'reconnect()');
          // A closed connection may already have received the number of missed rows, and receives it again.
          if (isReconnected) assert.ok(world.received.length + world.missed >= world.added.length);
          else assert.equal(world.received.length + world.missed, world.added.length);
          feed.close();
          assert.equal(clock.pending, 0);
        }),
        runs(300),
      );
    },
    patienceMs,
  );
});

describe(seeded('a ring'), () => {
  test('keeps the latest values that fit, and finds them by their numbers', () => {
    const sizes = fc.array(fc.nat({ max: 40 }), { maxLength: 80 });
    fc.assert(
      fc.property(
        sizes,
        fc.nat({ max: 20 }),
        fc.nat({ max: 100 }),
        fc.nat({ max: 170 }),
        (all, count, most, at) => {
          const dropped: number[] = [];
          const ring = new Ring<{ seq: number; bytes: number }>({ count, bytes: most }, ({ seq }) =>
            dropped.push(seq),
          );
          // Numbers have gaps.
          const items = all.map((size, index) => ({ seq: 2 * index, bytes: size }));
          let kept: typeof items = [];
          for (const one of items) {
            ring.push(one);
            kept = [...kept, one];
            while (kept.length > count || kept.reduce((sum, { bytes: size }) => sum + size, 0) > most)
              kept.shift();
          }
          assert.deepEqual([...ring.from(0)], kept);
          assert.deepEqual(
            [...ring.from(at)],
            kept.filter(({ seq }) => seq >= at),
          );
          assert.deepEqual([...ring.before(at)], kept.filter(({ seq }) => seq < at).toReversed());
          assert.equal(ring.countFrom(at), kept.filter(({ seq }) => seq >= at).length);
          assert.deepEqual(
            dropped,
            items.slice(0, items.length - kept.length).map(({ seq }) => seq),
          );
          assert.equal(ring.lostSeq, dropped.at(-1) ?? -1);
        },
      ),
      runs(500),
    );
  });
});

describe(seeded('a shelf'), () => {
  test('keeps the latest values that fit, whatever is deleted or grows', () => {
    const operations = fc.array(
      fc.record({
        key: fc.nat({ max: 15 }),
        size: fc.nat({ max: 40 }),
        what: fc.constantFrom('put', 'delete', 'grow'),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(operations, fc.nat({ max: 12 }), fc.nat({ max: 200 }), (all, count, most) => {
        const shelf = new Shelf<number, { bytes: number }>({ count, bytes: most });
        let model: { key: number; value: { bytes: number } }[] = [];
        for (const { key, size, what } of all) {
          if (what === 'put') {
            const value = { bytes: size };
            shelf.put(key, value);
            model = [...model.filter((one) => one.key !== key), { key, value }];
          } else if (what === 'delete') {
            shelf.delete(key);
            model = model.filter((one) => one.key !== key);
          } else {
            const value = shelf.get(key);
            if (value !== undefined) value.bytes += size;
            shelf.weighAgain(key);
          }
          const sum = (): number => model.reduce((total, { value }) => total + value.bytes, 0);
          while (model.length > count || sum() > most) model.shift();
          assert.deepEqual(
            [...shelf.values()],
            model.map(({ value }) => value),
          );
          assert.deepEqual([shelf.size, shelf.bytes], [model.length, sum()]);
        }
      }),
      runs(500),
    );
  });
});
