import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { SubscriptionCounts } from '../../src/connections/subscription-counts.ts';
import { LocalApp } from '../../src/apps/local-app.ts';
import type { Subscription } from '../../src/channels/registry.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { step, type Step } from '../support/property/step.ts';
import { application, channelName } from '../support/unit/application.ts';

/** The numbers in Pusher's documentation. */
const deferredAbove = 100;
const everyMs = 5000;

interface SentCount {
  readonly at: number;
  readonly count: number;
}

/** Channels whose subscribers join and leave, and the counts that are sent for each. */
class World {
  readonly clock = new FakeClock();
  readonly frames = new Map<string, SentCount[]>();
  readonly webhooks = new Map<string, SentCount[]>();
  readonly #app = new LocalApp(application({ subscriptionCount: true }), '0/');
  readonly #holds = new Map<string, Subscription[]>();
  readonly #counts = new SubscriptionCounts({
    clock: this.clock,
    fanout: {
      publish: (_app, channel, encode) => {
        const { data } = JSON.parse(encode(channel)) as { data: string };
        const { subscription_count: count } = JSON.parse(data) as { subscription_count: number };
        this.#note(this.frames, channel, count);
      },
      terminate: () => 'done',
    },
    outbox: {
      append: (_app, events) => {
        for (const event of events) {
          if (event.name === 'subscription_count') this.#note(this.webhooks, event.channel, event.count);
        }
      },
    },
  });

  count(channel: string): number {
    return this.#app.registry.subscribers(channelName(channel));
  }

  join(channel: string): void {
    listOf(this.#holds, channel).push(this.#app.registry.join(channelName(channel)));
    this.#changed(channel);
  }

  leave(channel: string): void {
    const subscription = this.#holds.get(channel)?.pop();
    if (subscription === undefined) return;
    this.#app.registry.leave(subscription, this.clock.now(), 0);
    this.#changed(channel);
  }

  /** Switches the counts of the app on or off. */
  configure(subscriptionCount: boolean): void {
    this.#app.config = application({ subscriptionCount });
  }

  /** Sent immediately at up to 100 connections: nothing is deferred then. */
  #changed(channel: string): void {
    this.#counts.changed(this.#app, channelName(channel));
    const count = this.count(channel);
    if (count > deferredAbove || !this.#app.config.subscriptionCount) return;
    assert.deepEqual(this.webhooks.get(channel)?.at(-1), { at: this.clock.now(), count });
  }

  #note(counts: Map<string, SentCount[]>, channel: string, count: number): void {
    assert.ok(this.#app.config.subscriptionCount);
    assert.equal(count, this.count(channel));
    listOf(counts, channel).push({ at: this.clock.now(), count });
  }
}

function listOf<T>(lists: Map<string, T[]>, key: string): T[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

const channel = fc.constantFrom('news', 'private-a', 'cache-a');
const amount = fc.constantFrom(1, 1, 2, 60, 99, 100, 101, 150);
const walk: fc.Arbitrary<Step<World>[]> = fc.array(
  fc.oneof(
    { arbitrary: fc.tuple(channel, amount).map(([name, times]) => join(name, times)), weight: 3 },
    { arbitrary: fc.tuple(channel, amount).map(([name, times]) => leave(name, times)), weight: 2 },
    { arbitrary: fc.constantFrom(1, 500, 2500, 4999, 5000, 5001, 20_000).map(advance), weight: 4 },
    { arbitrary: fc.boolean().map(configure), weight: 1 },
  ),
  { maxLength: 60, size: 'max' },
);

function join(name: string, times: number): Step<World> {
  return step(`join(${name}) x ${times}`, (world) => {
    for (let count = 0; count < times; count += 1) world.join(name);
  });
}

function leave(name: string, times: number): Step<World> {
  return step(`leave(${name}) x ${times}`, (world) => {
    for (let count = 0; count < times; count += 1) world.leave(name);
  });
}

function configure(isOn: boolean): Step<World> {
  return step(`configure(${isOn})`, (world) => world.configure(isOn));
}

function advance(ms: number): Step<World> {
  return step(`advance(${ms})`, ({ clock }) => clock.advanceSync(ms));
}

describe(seeded('the count of subscribers'), () => {
  it(
    'is sent correctly while it is on, immediately up to 100, every five seconds above, and a last time once it is quiet',
    async () => {
      await fc.assert(
        fc.asyncProperty(walk, async (steps) => {
          const world = new World();
          for (const run of steps) await run(world);
          world.configure(true);
          // What has changed while counts were off is sent with the next change.
          for (const name of world.webhooks.keys()) world.join(name);
          world.clock.advanceSync(everyMs);
          for (const [name, counts] of world.webhooks) {
            assert.equal(counts.at(-1)?.count, world.count(name));
            for (const [index, { at, count }] of counts.entries()) {
              const before = counts[index - 1];
              // After a 0 the channel is a new one.
              if (count > deferredAbove && before !== undefined && before.count > 0) {
                assert.ok(at - before.at >= everyMs);
              }
            }
            // No subscriber is left to receive the 0.
            assert.deepEqual(
              world.frames.get(name),
              counts.filter(({ count }) => count > 0),
            );
          }
          const sum = (): number => [...world.webhooks.values()].flat().length;
          const before = sum();
          world.clock.advanceSync(60_000);
          assert.equal(sum(), before);
          assert.equal(world.clock.pending, 0);
        }),
        runs(200),
      );
    },
    patienceMs,
  );

  it(
    'above 100 is sent at least every five seconds while it changes',
    () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 100, max: 4999 }),
          fc.integer({ min: 101, max: 400 }),
          (gapMs, size) => {
            const world = new World();
            for (let count = 0; count < size; count += 1) world.join('news');
            const from = world.webhooks.get('news')?.at(-1)?.at ?? 0;
            for (let elapsed = 0; elapsed < 60_000; elapsed += gapMs) {
              world.clock.advanceSync(gapMs);
              world.join('news');
            }
            const counts = (world.webhooks.get('news') ?? [])
              .filter(({ at }) => at > from)
              .map(({ at }) => at);
            assert.deepEqual(
              counts.slice(0, 12),
              Array.from({ length: 12 }, (_, index) => (index + 1) * everyMs),
            );
          },
        ),
        runs(30),
      );
    },
    patienceMs,
  );
});
