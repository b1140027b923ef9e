import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { step, type Step } from '../support/property/step.ts';
import { TakeoverWorld, type TakeoverOptions } from '../support/property/takeover-world.ts';
import { endpoint } from '../support/unit/application.ts';

const endpoints = [
  endpoint({ id: 'all', url: 'http://all/' }),
  endpoint({ id: 'some', url: 'http://some/', channels: { startsWith: 'a' } }),
  endpoint({ id: 'members', url: 'http://members/', eventTypes: ['member_added'] }),
];

type WorldStep = Step<TakeoverWorld>;

const append = fc
  .record({
    channel: fc.constantFrom('a', 'ab', 'b', 'bc', 'c'),
    isEssential: fc.boolean(),
    times: fc.constantFrom(1, 2, 5),
  })
  .map(({ channel, isEssential, times }) =>
    step<TakeoverWorld>(`append(${channel}, ${isEssential}) x ${times}`, (world) => {
      for (let count = 0; count < times; count += 1) world.append(channel, isEssential);
    }),
  );
const advance = fc
  .constantFrom(0, 1, 7, 50, 250, 400, 1000, 4000, 30_000)
  .map((ms): WorldStep => step(`advance(${ms})`, (world) => world.clock.advance(ms)));
const crash = fc
  .constantFrom(0, 0, 1000, 20_000, 290_000)
  .map((ms): WorldStep => step(`crash(${ms})`, (world) => world.crash(ms)));
const forbid = fc
  .constantFrom(10, 3000, 100_000)
  .map((ms): WorldStep => step(`forbid(${ms})`, (world) => world.forbid(ms)));
const halt = fc.constant<WorldStep>(step('halt()', (world) => world.halt()));

const peaceful = [
  { arbitrary: append, weight: 5 },
  { arbitrary: advance, weight: 4 },
];
const walk = (...steps: fc.WeightedArbitrary<WorldStep>[]): fc.Arbitrary<WorldStep[]> =>
  fc.array(fc.oneof(...peaceful, ...steps), { maxLength: 50, size: 'max' });
const anyWalk = walk(
  { arbitrary: crash, weight: 1 },
  { arbitrary: halt, weight: 1 },
  { arbitrary: forbid, weight: 1 },
);

const options: fc.Arbitrary<TakeoverOptions> = fc.record({
  endpoints: fc.constant(endpoints),
  maxEvents: fc.constantFrom(1, 2, 20),
  fates: fc.array(
    fc.record({
      ok: fc.constantFrom(true, true, false),
      isReceived: fc.boolean(),
      survives: fc.boolean(),
      takesMs: fc.constantFrom(0, 2, 20, 500, 3900),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  keepAnswers: fc.array(
    fc.oneof(
      { arbitrary: fc.constant('kept' as const), weight: 6 },
      fc.constantFrom('refused' as const, 'lost' as const, 'unsure' as const),
    ),
    { minLength: 1, maxLength: 8 },
  ),
  storeDelayMs: fc.constantFrom(0, 1, 30),
  readMs: fc.constantFrom(0, 5, 100),
  pageSize: fc.constantFrom(1, 3, 100),
});

async function live(given: TakeoverOptions, steps: readonly WorldStep[]): Promise<TakeoverWorld> {
  const world = new TakeoverWorld(given);
  for (const run of steps) await run(world);
  world.heal();
  await world.clock.advance(1_000_000);
  world.expectAllDone();
  world.expectRecorded();
  return world;
}

describe(seeded('processes that take over from each other'), () => {
  it(
    'deliver every event or drop it with a record, in order, under one id and with the same bytes',
    async () => {
      await fc.assert(
        fc.asyncProperty(options, anyWalk, async (given, steps) => {
          await live(given, steps);
        }),
        runs(300),
      );
    },
    patienceMs,
  );

  it(
    'drop nothing while everything answers, however often they stop',
    async () => {
      const ends = fc.oneof(halt, fc.constant<WorldStep>(step('crash(0)', (world) => world.crash(0))));
      await fc.assert(
        fc.asyncProperty(options, walk({ arbitrary: ends, weight: 2 }), async (given, steps) => {
          const world = await live({ ...given, fates: [], keepAnswers: [] }, steps);
          expect(world.drops).toBe(0);
        }),
        runs(100),
      );
    },
    patienceMs,
  );
});
