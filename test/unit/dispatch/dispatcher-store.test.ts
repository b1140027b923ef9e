import { describe, expect, test } from 'vitest';
import { settle } from '../../support/fake-clock.ts';
import { endpoint } from '../../support/unit/application.ts';
import { minute, missed, occupied, one, two, storeStage } from '../../support/unit/store-stage.ts';

describe('an event from the store', () => {
  test('is queued for the endpoints that select it and have not decided it', async () => {
    const deaf = endpoint({ id: 'deaf', url: 'http://deaf/', eventTypes: ['cache_miss'] });
    const { clock, sender, store, take } = storeStage([one, two, deaf]);
    take('a', { settledFor: ['two', 'gone'] });
    await clock.advance(250);
    await sender.expectPost('http://one/').answer(200);
    sender.expectNoPost();
    expect(store.takeSettled()).toEqual(['one msg_1: a!']);
  });

  test('counts its five minutes and its batching delay from when it happened', async () => {
    const { clock, sender, store, drops, take } = storeStage();
    take('a', { ageMs: 200 });
    await clock.advance(49);
    sender.expectNoPost();
    await clock.advance(1);
    await sender.expectPost().answer(200);
    take('b', { ageMs: 5 * minute - 500 });
    await sender.expectPost().answer(500);
    expect(store.takeSettled()).toEqual(['one msg_1: a!', 'one msg_2: b!']);
    expect(drops.read('1').dropped).toMatchObject([{ channel: 'b', reason: 'expired' }]);
  });

  test('is settled as the last if no endpoint selects it', () => {
    const { store, take } = storeStage([endpoint({ id: 'one', eventTypes: ['cache_miss'] })]);
    take('a');
    take('c', { event: missed('c'), settledFor: ['one'] });
    expect(store.takeSettled()).toEqual(['- -: a!', '- -: c!']);
  });

  test('is dropped with a record and settled after its five minutes', () => {
    const { store, drops, sender, take } = storeStage();
    take('young', { ageMs: minute });
    sender.expectPost();
    take('young', { ageMs: minute });
    store.takeSettled();
    take('old', { ageMs: 5 * minute });
    sender.expectNoPost();
    expect(store.takeSettled()).toEqual(['one -: old!']);
    expect(drops.read('1').dropped).toMatchObject([{ channel: 'old', reason: 'expired' }]);
  });

  test('does not expire while another process may have it, but once that is known not to be so', async () => {
    const { clock, sender, store, dispatcher, drops, take } = storeStage();
    take('sent');
    await clock.advance(250);
    take('waits');
    store.isAllowing = false;
    await clock.advance(5 * minute);
    await sender.expectPost().answer(500);
    await clock.advance(minute);
    expect(store.takeSettled()).toEqual([]);
    expect(drops.read('1').dropped).toEqual([]);
    store.isAllowing = true;
    dispatcher.resume();
    sender.expectNoPost();
    expect(store.takeSettled().toSorted()).toEqual(['one -: waits!', 'one msg_1: sent!']);
  });

  test('is reported as last when the last endpoint has decided it, delivered or dropped', async () => {
    const { clock, sender, store, dispatcher, take } = storeStage([one, two]);
    take('a');
    take('b');
    await clock.advance(250);
    await sender.expectPost('http://two/').answer(200);
    expect(store.takeSettled()).toEqual(['two msg_2: a b']);
    await sender.expectPost('http://one/').answer(500);
    dispatcher.abandon();
    expect(store.takeSettled()).toEqual(['one msg_1: a! b!']);
  });

  test('is never settled if it was only appended', async () => {
    const { clock, sender, store, append } = storeStage();
    append('1', [occupied('a'), missed('b')]);
    await clock.advance(250);
    await sender.expectPost().answer(200);
    expect(store.takeSettled()).toEqual([]);
  });
});

describe('a batch', () => {
  test('is stored before its first attempt, in the same turn if the store answers in it', async () => {
    const { clock, sender, store, take } = storeStage([one], { maxEvents: 2 });
    take('a');
    store.expectNothing();
    take('b');
    const timeMs = 1_700_001_000_000;
    expect(store.kept).toEqual([{ id: 'msg_1', appId: '1', endpointId: 'one', timeMs, refs: ['a', 'b'] }]);
    const { request } = sender.expectPost();
    expect(request.headers['webhook-id']).toBe('msg_1');
    expect(Buffer.from(request.body).toString()).toContain(`{"time_ms":${timeMs},`);
    await clock.advance(0);
    expect(store.kept).toHaveLength(1);
  });

  test('is not sent before it is stored, and is stored once for all of its attempts', async () => {
    const { clock, sender, store, take } = storeStage([one], { maxEvents: 1 });
    const answer = store.answerLater();
    take('a');
    await clock.advance(1000);
    sender.expectNoPost();
    answer(true);
    await settle();
    await sender.expectPost().answer(500);
    expect(store.postponed).toEqual([['msg_1', 1, 1000]]);
    await clock.advance(1000);
    await sender.expectPost().answer(500);
    expect(store.postponed).toEqual([
      ['msg_1', 1, 1000],
      ['msg_1', 2, 2000],
    ]);
    expect(store.kept).toHaveLength(1);
    expect(store.takeSettled()).toEqual([]);
  });

  test.each([
    ['says no', () => false],
    ['says no later', () => Promise.resolve(false)],
    ['fails', () => Promise.reject(new Error('the connection is lost'))],
  ])(
    'waits until the dispatcher resumes when the store %s; the attempt does not count',
    async (_, answer) => {
      const { clock, sender, store, dispatcher, take } = storeStage([one], { maxEvents: 1 });
      store.answer = answer;
      take('a');
      await settle();
      store.answer = () => true;
      take('b');
      await clock.advance(minute);
      sender.expectNoPost();
      expect(store.kept).toHaveLength(1);
      dispatcher.resume();
      expect(store.kept[1]).toEqual(store.kept[0]);
      const { request, lines } = sender.expectPost();
      expect(lines).toEqual(['channel_occupied a']);
      expect(request.headers).toMatchObject({ 'webhook-id': 'msg_1', 'X-Soketify-Attempt': '1' });
      expect(Buffer.from(request.body).toString()).toContain(`{"time_ms":1700001000000,`);
      expect(sender.expectPost().lines).toEqual(['channel_occupied b']);
      expect(clock.pending).toBeLessThanOrEqual(1);
    },
  );

  test('is dropped after five minutes if it could not be stored, and settled by its id', async () => {
    const { clock, sender, store, drops, take } = storeStage();
    store.answer = () => false;
    take('a');
    await clock.advance(5 * minute);
    sender.expectNoPost();
    expect(store.takeSettled()).toEqual(['one msg_1: a!']);
    expect(drops.read('1').dropped).toMatchObject([{ channel: 'a', reason: 'expired' }]);
    expect(clock.pending).toBe(1);
  });

  test('is not sent if its five minutes end, or everything is abandoned, while it is being stored', async () => {
    const { clock, sender, store, drops, dispatcher, take } = storeStage([one], { maxEvents: 1 });
    const answerFirst = store.answerLater();
    take('a', { ageMs: 4 * minute });
    const answerSecond = store.answerLater();
    take('b');
    await clock.advance(minute);
    answerFirst(true);
    await settle();
    expect(drops.read('1').dropped).toMatchObject([{ channel: 'a', reason: 'expired' }]);
    dispatcher.abandon();
    answerSecond(true);
    await settle();
    sender.expectNoPost();
    expect(store.takeSettled()).toEqual(['one msg_1: a!', 'one msg_2: b!']);
  });

  test('does not begin while the store allows no attempt, even if it was stored meanwhile', async () => {
    const { clock, sender, store, dispatcher, take } = storeStage([one], { maxEvents: 1 });
    store.isAllowing = false;
    take('a');
    await clock.advance(minute);
    store.expectNothing();
    store.isAllowing = true;
    await clock.advance(minute);
    store.expectNothing();
    const answer = store.answerLater();
    dispatcher.resume();
    store.isAllowing = false;
    answer(true);
    await settle();
    sender.expectNoPost();
    store.isAllowing = true;
    dispatcher.resume();
    await settle();
    expect(sender.expectPost().request.headers).toMatchObject({
      'webhook-id': 'msg_1',
      'X-Soketify-Attempt': '1',
    });
  });

  test('of one endpoint that is not stored delays no other endpoint', async () => {
    const { sender, store, take } = storeStage([one, two], { maxEvents: 1 });
    store.answer = () => store.kept.at(-1)?.endpointId === 'two';
    take('a');
    await settle();
    sender.expectPost('http://two/');
    sender.expectNoPost();
  });
});
