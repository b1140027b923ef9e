import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unknownCursor } from '../../src/ports/dead-letters.ts';
import { isUnavailable } from '../../src/ports/unavailable.ts';
import {
  compareLetters,
  encodeLetter,
  letterBytes,
  parseLetter,
  type DeadLetter,
} from '../../src/webhooks/dead-letter.ts';
import type { DeliveryFact } from '../../src/webhooks/delivery-facts.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { application, channelName, endpoint } from '../support/unit/application.ts';
import { deadLetter, letterStage, officeStage } from '../support/unit/dead-letters.ts';

type Step =
  | { readonly kind: 'append'; readonly channels: readonly number[] }
  | { readonly kind: 'answer'; readonly status: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'switch'; readonly isEnabled: boolean }
  | { readonly kind: 'list' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      channels: fc.array(fc.nat(12), { minLength: 1, maxLength: 30 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('answer' as const), status: fc.constantFrom(200, 500, 503) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 99, 100, 250, 1000, 20_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('switch' as const), isEnabled: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('list' as const) }) },
);

/** Each event has a number of its own, which identifies it in a letter. */
const numberOf = (json: string): number =>
  (JSON.parse(json) as { subscription_count: number }).subscription_count;

function walk(maxBytes: number) {
  const lost: number[] = [];
  let next = 0;
  const made = officeStage({
    store: { maxBytes },
    policy: {
      queueMaxBytes: 12_000,
      concurrency: 2,
      batch: { maxEvents: 5, maxDelayMs: 250, maxBytes: 98_304 },
      retry: { initialDelayMs: 1000, multiplier: 2, maxDelayMs: 8000, maxElapsedMs: 30_000, jitter: 0 },
    },
  });
  const { append, clock, dispatcher, office, sender, store } = made;
  const onFact = (fact: DeliveryFact): void => {
    if (fact.kind !== 'decided' || fact.fate === 'delivered' || fact.fate === 'undone') return;
    lost.push(...fact.events.map(({ json }) => numberOf(json)));
  };
  return {
    store,
    lost,
    onFact,
    letters(): readonly DeadLetter[] {
      const page = office.read('1', { limit: 1_000_000 });
      if (page instanceof Promise || page === unknownCursor || isUnavailable(page))
        throw new Error('no page');
      return page.letters;
    },
    async take(one: Step): Promise<void> {
      switch (one.kind) {
        case 'append':
          append(
            '1',
            one.channels.map((channel) => ({
              name: 'subscription_count',
              channel: channelName(`c${channel}`),
              count: (next += 1),
            })),
          );
          break;
        case 'answer':
          if (sender.hasPost) await sender.expectPost().answer(one.status);
          break;
        case 'advance':
          await clock.advance(one.ms);
          break;
        case 'switch':
          dispatcher.replace([application({ endpoints: [endpoint({ isEnabled: one.isEnabled })] })]);
          break;
        case 'list':
          this.letters();
      }
    },
    async end(): Promise<void> {
      dispatcher.abandon();
      while (sender.hasPost) await sender.expectPost().answer(500);
    },
    made,
  };
}

describe(seeded('dead letters'), () => {
  it(
    'everything lost is in exactly one letter, of no more events than a delivery has, and nothing else is',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const stage = walk(64 * 1024 * 1024);
          stage.made.subscribers.push(stage.onFact);
          for (const one of steps) await stage.take(one);
          await stage.end();
          const letters = stage.letters();
          const kept = letters.flatMap(({ events }) => events.map(({ json }) => numberOf(json)));
          expect(kept.toSorted(byNumber)).toEqual(stage.lost.toSorted(byNumber));
          expect(new Set(letters.map(({ id }) => id)).size).toBe(letters.length);
          for (const { events } of letters) expect(events.length).toBeLessThanOrEqual(5);
          expectOrder(letters);
        }),
        runs(150),
      );
    },
    patienceMs,
  );

  it(
    'letters never take more bytes than their bound, and removed ones are counted',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 60 }),
          fc.integer({ min: 500, max: 20_000 }),
          async (steps, maxBytes) => {
            const stage = walk(maxBytes);
            stage.made.subscribers.push(stage.onFact);
            for (const one of steps) {
              await stage.take(one);
              expect(stage.store.bytes).toBeLessThanOrEqual(maxBytes);
            }
            await stage.end();
            const letters = stage.letters();
            expect(letters.reduce((sum, letter) => sum + letterBytes(letter), 0)).toBe(stage.store.bytes);
            expect(stage.store.bytes).toBeLessThanOrEqual(maxBytes);
            const page = stage.store.read('1', { limit: 1 });
            if (page === unknownCursor) throw new Error('unreachable');
            const kept = letters.reduce((sum, { events }) => sum + events.length, 0);
            expect(kept + page.forgotten.events).toBe(stage.lost.length);
          },
        ),
        runs(150),
      );
    },
    patienceMs,
  );

  it(
    'pages contain each letter once, however large they are',
    () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 12 }), (count, limit) => {
          const { store } = letterStage();
          for (let number = 0; number < count; number += 1) store.add(deadLetter({ id: `${number}` }));
          const ids: string[] = [];
          let cursor: string | undefined;
          do {
            const page = store.read('1', { limit, cursor });
            if (page === unknownCursor) throw new Error('unreachable');
            ids.push(...page.letters.map(({ id }) => id));
            cursor = page.next;
          } while (cursor !== undefined);
          expect(ids).toEqual(Array.from({ length: count }, (_, index) => `${count - index - 1}`));
        }),
        runs(100),
      );
    },
    patienceMs,
  );

  it(
    'are read as they were written, whatever they contain, and nothing else is accepted',
    () => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), fc.json(), (text, json) => {
          const letter = deadLetter({
            id: text,
            events: [
              {
                name: 'client_event',
                channel: channelName('a'),
                json: JSON.stringify({ name: 'client_event', channel: 'a', data: text }),
              },
            ],
            attempts: [{ number: 1, timeMs: 1, elapsedMs: 0, result: 'refused', status: 500, answer: text }],
          });
          expect(parseLetter(encodeLetter(letter))).toEqual(letter);
          expect(parseLetter(json)).toBeUndefined();
        }),
        runs(300),
      );
    },
    patienceMs,
  );
});

const byNumber = (one: number, other: number): number => one - other;

/** In their order, letters report each channel as it happened. */
function expectOrder(letters: readonly DeadLetter[]): void {
  const last = new Map<string, number>();
  for (const { events } of letters.toReversed().toSorted(compareLetters)) {
    for (const { channel, json } of events) {
      const number = numberOf(json);
      expect(number).toBeGreaterThan(last.get(channel) ?? 0);
      last.set(channel, number);
    }
  }
}
