import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { eventNames } from '../../src/webhooks/event.ts';
import { DeliveryShell, defaultPolicy, type Fate } from '../support/property/delivery-shell.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';

type Step = (shell: DeliveryShell) => void;

const print = (run: Step, text: string): Step & { toString(): string } =>
  Object.assign(run, { toString: () => text, [fc.toStringMethod]: () => text });

const pushed = (ages: fc.Arbitrary<number>): fc.Arbitrary<Step> =>
  fc
    .record({
      channel: fc.constantFrom('a', 'b', 'c', 'd', 'private-e', 'presence-f'),
      name: fc.constantFrom(...eventNames),
      origin: fc.constantFrom({}, { source: '1' }, { source: '2' }, { source: '2', userId: 'u' }),
      bytes: fc.constantFrom(50, 60, 200, 400, 900),
      times: fc.constantFrom(1, 1, 2, 5, 30),
      ageMs: ages,
    })
    .map(({ channel, name, origin, bytes, times, ageMs }) =>
      print(
        (shell) => {
          for (let count = 0; count < times; count += 1)
            shell.push(channel, name, bytes, { ageMs, ...origin });
        },
        `push(${channel}, ${name}, ${bytes}, ${JSON.stringify({ ageMs, ...origin })}) x ${times}`,
      ),
    );
const restore = fc
  .record({
    channels: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'private-e', 'presence-f'), {
      minLength: 1,
      maxLength: 3,
    }),
    name: fc.constantFrom(...eventNames),
    attempts: fc.nat(8),
    delayMs: fc.constantFrom(-1000, 0, 700, 60_000),
    ageMs: fc.constantFrom(0, 5000, 250_000, 300_000),
  })
  .map(({ channels, name, ...kept }) =>
    print(
      (shell) => shell.restore(channels, name, kept),
      `restore([${channels.join()}], ${name}, ${JSON.stringify(kept)})`,
    ),
  );
const advance = fc
  .constantFrom(1, 10, 50, 249, 250, 500, 1000, 4000, 30_000, 100_000, 299_999, 300_000)
  .map((ms) => print((shell) => shell.advance(ms), `advance(${ms})`));
const peek = fc.integer({ min: 1, max: 2000 }).map((ms) =>
  print((shell) => {
    shell.advance(ms);
    shell.peek();
  }, `advance(${ms}), peek()`),
);
const walkOf = (...steps: [fc.MaybeWeightedArbitrary<Step>, ...fc.MaybeWeightedArbitrary<Step>[]]) =>
  fc.array(fc.oneof(...steps), { maxLength: 60, size: 'max' });
/** Everything happens here and now. */
const freshSteps = walkOf({ arbitrary: pushed(fc.constant(0)), weight: 3 }, advance, peek);
/** Events and batches also come from elsewhere, and not in the order of their age. */
const steps = walkOf(
  { arbitrary: pushed(fc.constantFrom(0, 0, 0, 100, 60_000, 299_999, 300_000, 400_000)), weight: 3 },
  restore,
  advance,
  peek,
);

/** How an endpoint behaves, attempt by attempt, repeatedly; for some stretches it is dead. */
const fate: fc.Arbitrary<Fate> = fc.record({
  ok: fc.constantFrom(true, true, false),
  takesMs: fc.constantFrom(0, 1, 20, 300, 4000),
  putsBack: fc.constantFrom(false, false, false, true),
  retryAfterMs: fc.constantFrom(0, 0, 0, 5000, 100_000, 10_000_000),
  random: fc.double({ min: 0, max: 0.999, noNaN: true }),
});
const endpoint = fc.record({
  fates: fc.array(fate, { minLength: 1, maxLength: 20 }),
  deadFrom: fc.constantFrom(0, 1000, 10_000, 100_000),
  deadFor: fc.constantFrom(0, 2000, 60_000, 290_000, 400_000),
});

const policy = fc
  .record({
    maxEvents: fc.constantFrom(1, 2, 5, 20),
    maxDelayMs: fc.constantFrom(0, 50, 250),
    maxBytes: fc.constantFrom(300, 1000, 98_304),
    concurrency: fc.constantFrom(1, 2, 10),
    queueMaxBytes: fc.constantFrom(1500, 20_000, 67_108_864),
    jitter: fc.constantFrom(0, 0.1, 0.5),
  })
  .map(({ concurrency, queueMaxBytes, jitter, ...batch }) => ({
    batch,
    concurrency,
    queueMaxBytes,
    retry: { ...defaultPolicy.retry, jitter },
  }));

type EndpointOf<T> = T extends fc.Arbitrary<infer U> ? U : never;

function behave({ fates, deadFrom, deadFor }: EndpointOf<typeof endpoint>): {
  heal(): void;
  decide(_batch: unknown, at: number): Fate;
} {
  let count = -1;
  let isHealed = false;
  return {
    heal: () => {
      isHealed = true;
    },
    decide: (_batch, at) => {
      count += 1;
      const next = fates[count % fates.length] ?? { ok: true, takesMs: 0 };
      if (isHealed) return { ok: true, takesMs: Math.min(next.takesMs, 100) };
      return at >= deadFrom && at < deadFrom + deadFor ? { ...next, ok: false } : next;
    },
  };
}

describe(seeded('a delivery queue under random actions'), () => {
  it(
    'delivers or drops every event once, in one batch, in order, in time and within its bounds',
    () => {
      fc.assert(
        fc.property(steps, endpoint, policy, (walk, behaviour, given) => {
          const { decide, heal } = behave(behaviour);
          const shell = new DeliveryShell(given, decide);
          for (const step of walk) step(shell);
          heal();
          shell.advance(700_000);
          shell.expectAllDecided();
          shell.expectOrder();
          assert.equal(shell.queue.events, 0);
          assert.equal(shell.queue.bytes, 0);
          assert.equal(shell.queue.oldestAt, Infinity);
          assert.equal(shell.queue.isDueBefore(Infinity), false);
        }),
        runs(400),
      );
    },
    patienceMs,
  );

  it(
    'decides every event even when it is abandoned in between',
    () => {
      fc.assert(
        fc.property(steps, endpoint, policy, (walk, behaviour, given) => {
          const { decide } = behave(behaviour);
          const shell = new DeliveryShell(given, decide);
          for (const step of walk) step(shell);
          shell.drain();
          shell.advance(1000);
          shell.abandon();
          shell.expectAllDecided();
          shell.advance(10_000);
          shell.expectAllDecided();
          assert.equal(shell.queue.events, 0);
          assert.equal(shell.queue.bytes, 0);
        }),
        runs(150),
      );
    },
    patienceMs,
  );

  it(
    'lets no event of a healthy endpoint wait longer than for its batch and its channel',
    () => {
      fc.assert(
        fc.property(freshSteps, policy, fc.constantFrom(0, 20, 300), (walk, given, takesMs) => {
          const roomy = { ...given, concurrency: 1000, queueMaxBytes: 67_108_864 };
          const shell = new DeliveryShell(roomy, () => ({ ok: true, takesMs }));
          for (const step of walk) step(shell);
          shell.advance(700_000);
          assert.deepEqual(shell.drops, []);
          const freeAt = new Map<string, number>();
          for (const queued of shell.accepted) {
            const { event, createdAt } = queued;
            const atLatest = Math.max(createdAt + given.batch.maxDelayMs, freeAt.get(event.channel) ?? 0);
            assert.ok((shell.startedAt.get(queued) ?? Infinity) <= atLatest);
            freeAt.set(event.channel, shell.endedAt.get(queued) ?? Infinity);
          }
        }),
        runs(150),
      );
    },
    patienceMs,
  );
});
