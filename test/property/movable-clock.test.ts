import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MovableClock } from '../../src/emulator/time/movable-clock.ts';
import { Recorder } from '../../src/recording/recorder.ts';
import { SeededRandom } from '../../src/emulator/time/seeded-random.ts';
import { createDispatcher } from '../support/unit/create-dispatcher.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { step, type Step } from '../support/property/step.ts';
import { application, channelName } from '../support/unit/application.ts';

interface World {
  readonly clock: MovableClock;
  readonly ran: string[];
  /** What should run, in the order of setting. */
  model: { readonly dueAt: number; readonly name: string; readonly cancel: () => void }[];
  set: number;
}

/** Removes and returns what should run by a time, in order. */
function takeDue(world: World, until: number): string[] {
  const due = world.model.filter(({ dueAt }) => dueAt <= until).toSorted((a, b) => a.dueAt - b.dueAt);
  world.model = world.model.filter(({ dueAt }) => dueAt > until);
  return due.map(({ name, dueAt }) => `${name} at ${dueAt}`);
}

const steps: fc.Arbitrary<Step<World>[]> = fc.array(
  fc.oneof(
    fc.nat({ max: 20 }).map((ms) =>
      step<World>(`after(${ms})`, (world) => {
        world.set += 1;
        const name = `timer ${world.set}`;
        const { clock, ran } = world;
        const cancel = clock.after(ms, () => void ran.push(`${name} at ${clock.now()}`));
        world.model.push({ dueAt: clock.now() + ms, name, cancel });
      }),
    ),
    fc.nat({ max: 50 }).map((index) =>
      step<World>(`cancel(${index})`, (world) => {
        const one = world.model[index % Math.max(1, world.model.length)];
        one?.cancel();
        world.model = world.model.filter((other) => other !== one);
      }),
    ),
    fc.nat({ max: 30 }).map((ms) =>
      step<World>(`advance(${ms})`, (world) => {
        const { clock, ran } = world;
        const until = clock.now() + ms;
        const expected = takeDue(world, until);
        while (clock.runNext(until));
        clock.moveTo(until);
        expect(ran.splice(0)).toEqual(expected);
      }),
    ),
  ),
  { maxLength: 60, size: 'max' },
);

describe(seeded('the virtual clock'), () => {
  it(
    'runs everything at its time, in order, once, and nothing that was cancelled',
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (walk) => {
          const world: World = {
            clock: new MovableClock('virtual', new FakeClock()),
            ran: [],
            model: [],
            set: 0,
          };
          for (const take of walk) await take(world);
        }),
        runs(300),
      );
    },
    patienceMs,
  );

  it(
    'gives the same schedule of deliveries for the same seed and the same answers',
    async () => {
      const script = fc.record({
        seed: fc.nat(),
        answers: fc.array(fc.constantFrom(200, 500, 503), { maxLength: 30 }),
        channels: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 6 }),
      });
      await fc.assert(
        fc.asyncProperty(script, async (given) => {
          expect(await scheduleOf(given)).toEqual(await scheduleOf(given));
        }),
        runs(50),
      );
    },
    patienceMs,
  );
});

/** Every attempt that is made, and when, until nothing is due any more. */
async function scheduleOf(script: {
  readonly seed: number;
  readonly answers: readonly number[];
  readonly channels: readonly string[];
}): Promise<readonly unknown[]> {
  const clock = new MovableClock('virtual', new FakeClock());
  const recorder = new Recorder({ clock, wallTime: clock, changed: () => {} });
  const answers = [...script.answers];
  const { append } = createDispatcher({
    clock,
    wallTime: clock,
    random: new SeededRandom(script.seed).next,
    sender: {
      send: async () => ({ kind: 'answered', status: answers.shift() ?? 500 }),
      close: async () => {},
    },
    onFact: recorder.onFact,
    applications: [application()],
    policy: {
      batch: { maxEvents: 2, maxDelayMs: 250, maxBytes: 98_304 },
      retry: { initialDelayMs: 1000, multiplier: 2, maxDelayMs: 60_000, maxElapsedMs: 300_000, jitter: 0.1 },
      concurrency: 10,
      queueMaxBytes: 1_000_000,
    },
  });
  for (const channel of script.channels) {
    append('1', [{ name: 'channel_occupied', channel: channelName(channel) }]);
  }
  // An attempt in progress holds no timer.
  do await settle();
  while (clock.runNext(Infinity));
  expect(recorder.deliveries().every(({ status }) => status !== 'pending')).toBe(true);
  return recorder.deliveries();
}
