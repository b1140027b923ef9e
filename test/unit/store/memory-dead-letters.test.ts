import { describe, expect, test } from 'vitest';
import { isUnavailable } from '../../../src/ports/unavailable.ts';
import { unknownCursor, type LetterPage, type LetterQuery } from '../../../src/ports/dead-letters.ts';
import type { MemoryDeadLetters } from '../../../src/store/memory/dead-letters.ts';
import { letterBytes } from '../../../src/webhooks/dead-letter.ts';
import { channelName } from '../../support/unit/application.ts';
import { deadLetter, letterStage, startedAtMs } from '../../support/unit/dead-letters.ts';

const dayMs = 86_400_000;

function read(store: MemoryDeadLetters, query: Partial<LetterQuery> = {}, appId = '1'): LetterPage {
  const page = store.read(appId, { limit: 100, ...query });
  if (page === unknownCursor || isUnavailable(page)) throw new Error('no page');
  return page;
}

const idsOf = (page: LetterPage): string[] => page.letters.map(({ id }) => id);

describe('dead letters in memory', () => {
  test('are listed latest first, for one app only, since they are kept', () => {
    const { store } = letterStage();
    store.add(deadLetter({ id: 'a' }));
    store.add(deadLetter({ id: 'b' }));
    store.add(deadLetter({ id: 'c', appId: '2' }));
    expect(idsOf(read(store))).toEqual(['b', 'a']);
    expect(read(store)).toMatchObject({
      next: undefined,
      forgotten: { deliveries: 0, events: 0 },
      keptSinceMs: startedAtMs,
    });
    expect(idsOf(read(store, {}, 'nobody'))).toEqual([]);
  });

  test('have pages that neither repeat nor miss any, while more are added', () => {
    const { store } = letterStage();
    for (const id of ['a', 'b', 'c', 'd', 'e']) store.add(deadLetter({ id }));
    const first = read(store, { limit: 2 });
    store.add(deadLetter({ id: 'late' }));
    const second = read(store, { limit: 2, cursor: first.next });
    const third = read(store, { limit: 2, cursor: second.next });
    expect([first, second, third].map(idsOf)).toEqual([['e', 'd'], ['c', 'b'], ['a']]);
    expect(third.next).toBeUndefined();
  });

  test('have smaller pages if they are large', () => {
    const { store } = letterStage();
    const json = JSON.stringify({ data: 'x'.repeat(1_500_000) });
    const events = deadLetter().events.map((event) => ({ ...event, json }));
    for (const id of ['a', 'b', 'c', 'd']) store.add(deadLetter({ id, events }));
    const first = read(store);
    expect(idsOf(first)).toEqual(['d', 'c']);
    expect(idsOf(read(store, { cursor: first.next }))).toEqual(['b', 'a']);
  });

  test.each([
    '',
    'nonsense',
    Buffer.from('1 epoch-2').toString('base64url'),
    Buffer.from('x epoch-1').toString('base64url'),
  ])('have no page at the cursor %j', (cursor) => {
    const { store } = letterStage();
    expect(store.read('1', { limit: 1, cursor })).toBe(unknownCursor);
  });

  test.each([
    [{ endpointId: 'other' }, ['other']],
    [{ reason: 'overflow' }, ['overflow']],
    [{ channel: channelName('sport') }, ['sport']],
    [{ event: 'channel_vacated' }, []],
    [{ event: 'channel_occupied', channel: channelName('sport') }, ['sport']],
    [{ sinceMs: startedAtMs + 5 }, ['late']],
    [{ untilMs: startedAtMs + 4, endpointId: 'main' }, ['sport', 'overflow']],
    [{ isOpen: true, endpointId: 'main' }, ['late', 'overflow']],
  ] as const)('are found by %j', (query, ids) => {
    const { store } = letterStage();
    store.add(deadLetter({ id: 'other', endpointId: 'other' }));
    store.add(deadLetter({ id: 'overflow', reason: 'overflow' }));
    store.add(deadLetter({ id: 'sport', channels: ['news', 'sport'], resentAtMs: 1 }));
    store.add(deadLetter({ id: 'late', droppedAtMs: startedAtMs + 5 }));
    expect(idsOf(read(store, query))).toEqual(ids);
  });

  test('remember another attempt and its size', () => {
    const { store } = letterStage();
    store.add(deadLetter());
    const attempt = {
      number: 1,
      resend: 1,
      timeMs: 5,
      elapsedMs: 1,
      result: 'success',
      answer: 'yes',
    } as const;
    store.attempted('1', 'msg_1', attempt);
    store.attempted('1', 'msg_2', attempt);
    store.attempted('2', 'msg_1', attempt);
    const letter = store.find('1', 'msg_1');
    expect(letter).toMatchObject({ attempts: [attempt], resentAtMs: 6, resends: 1 });
    expect(store.bytes).toBe(letter && letterBytes(letter));
    expect(store.find('1', 'msg_2')).toBeUndefined();
  });

  test('are replaced by one with the same id', () => {
    const { store } = letterStage();
    store.add(deadLetter());
    store.add(deadLetter({ channels: ['sport'] }));
    expect(read(store)).toMatchObject({
      letters: [deadLetter({ channels: ['sport'] })],
      forgotten: { deliveries: 0 },
    });
  });

  test('are removed and counted after the days for which they are kept', async () => {
    const { store, clock } = letterStage({ keepDays: 2 });
    store.add(deadLetter({ channels: ['a', 'b'] }));
    await clock.advance(2 * dayMs);
    expect(idsOf(read(store))).toEqual(['msg_1']);
    await clock.advance(1);
    expect(store.find('1', 'msg_1')).toBeUndefined();
    expect(read(store)).toMatchObject({ letters: [], forgotten: { deliveries: 1, events: 2 } });
    expect(store.bytes).toBe(0);
  });

  test('of an endpoint that loses much push out its own, not those of others', () => {
    const { store } = letterStage({ maxBytes: 20 * letterBytes(deadLetter()) });
    store.add(deadLetter({ id: 'other app', appId: '2' }));
    store.add(deadLetter({ id: 'other endpoint', endpointId: 'other' }));
    store.add(deadLetter({ id: 'other reason' }));
    for (let number = 0; number < 1000; number += 1) {
      store.add(deadLetter({ id: `msg_${number}`, reason: 'disabled' }));
    }
    expect(idsOf(read(store)).slice(-3)).toEqual(['msg_983', 'other reason', 'other endpoint']);
    expect(idsOf(read(store, {}, '2'))).toEqual(['other app']);
    expect(read(store).forgotten).toEqual({ deliveries: 983, events: 983 });
    store.add(deadLetter({ id: 'one more', appId: '2', endpointId: 'third' }));
    expect(read(store).forgotten.deliveries).toBe(984);
  });

  test('that are too large are only counted', () => {
    const { store } = letterStage({ maxBytes: letterBytes(deadLetter()) });
    store.add(deadLetter());
    store.add(deadLetter({ id: 'large', channels: ['a', 'b'] }));
    expect(read(store)).toMatchObject({
      letters: [{ id: 'msg_1' }],
      forgotten: { deliveries: 1, events: 2 },
    });
  });

  test('of a removed app are gone, with their count', () => {
    const { store } = letterStage({ maxBytes: letterBytes(deadLetter()) });
    for (const id of ['a', 'b']) store.add(deadLetter({ id }));
    store.forget('1');
    store.forget('2');
    expect(read(store)).toMatchObject({ letters: [], forgotten: { deliveries: 0 } });
    expect(store.bytes).toBe(0);
  });

  test('are kept from another time on when their node starts to send', async () => {
    const { store, clock } = letterStage();
    await clock.advance(50);
    store.restore({ letters: [], forgotten: new Map(), keptSinceMs: undefined });
    expect(read(store).keptSinceMs).toBe(startedAtMs + 50);
  });
});
