import { describe, expect, test } from 'vitest';
import { application } from '../../support/unit/application.ts';
import { minute, missed, occupied, one, serving, two, storeStage } from '../../support/unit/store-stage.ts';

describe('a restored batch', () => {
  test('continues with its id, its bytes and its next attempt, when that is due', async () => {
    const before = storeStage([one], { maxEvents: 2 });
    before.take('a');
    before.take('b');
    const first = before.sender.expectPost();
    await first.answer(500);
    const [kept] = before.store.kept;
    const [[, attempts, delayMs] = ['', 0, 0]] = before.store.postponed;
    const { clock, sender, store, restore, take } = storeStage();
    restore('one', ['a', 'b'], { ...kept, attempts, delayMs, ageMs: 500 });
    take('a');
    take('b');
    await clock.advance(999);
    sender.expectNoPost();
    await clock.advance(1);
    const second = sender.expectPost();
    expect(second.request.body).toEqual(first.request.body);
    expect(second.request.headers).toEqual({
      ...first.request.headers,
      'X-Soketify-Attempt': '2',
      'webhook-timestamp': '1700001001',
    });
    expect(store.kept).toEqual([]);
    await second.answer(500);
    expect(store.postponed).toEqual([['msg_1', 2, 2000]]);
    await clock.advance(2000);
    await sender.expectPost().answer(200);
    expect(store.takeSettled()).toEqual(['one msg_1: a! b!']);
    sender.expectNoPost();
  });

  test('makes later events of its channels wait', async () => {
    const { clock, sender, restore, take } = storeStage([one], { maxEvents: 1 });
    restore('one', ['a'], { attempts: 1, delayMs: 5000 });
    take('a');
    restore('one', ['b'], { id: 'old_b', attempts: 1 });
    const other = sender.expectPost();
    take('b');
    const later = { ...occupied('a'), name: 'channel_vacated' } as const;
    take('a2', { event: later });
    await clock.advance(5000);
    const post = sender.expectPost();
    expect(post.lines).toEqual(['channel_occupied a']);
    sender.expectNoPost();
    await post.answer(200);
    expect(sender.expectPost().lines).toEqual(['channel_vacated a']);
    await other.answer(200);
    sender.expectNoPost();
  });

  test('expires five minutes after its oldest event, with a record', async () => {
    const { clock, sender, store, drops, restore, take } = storeStage();
    restore('one', ['a', 'b'], { attempts: 4, delayMs: minute, ageMs: 5 * minute - 1000 });
    restore('one', ['c'], { id: 'old_c', attempts: 4, ageMs: 5 * minute });
    expect(store.takeSettled()).toEqual(['one old_c: c']);
    for (const channel of ['a', 'b', 'c']) take(channel, { ageMs: 5 * minute - 1000 });
    expect(store.takeSettled()).toEqual(['- -: c!']);
    await clock.advance(1000);
    sender.expectNoPost();
    expect(store.takeSettled()).toEqual(['one old_one: a! b!']);
    expect(drops.read('1').dropped.map(({ channel }) => channel)).toEqual(['c', 'a', 'b']);
  });

  test('of a disabled endpoint is settled with a record, like everything that is taken for it', async () => {
    const { clock, sender, store, drops, restore, take } = storeStage([{ ...one, isEnabled: false }, two]);
    restore('one', ['a'], { attempts: 2, delayMs: minute });
    expect(store.takeSettled()).toEqual(['one old_one: a']);
    take('a', { settledFor: ['one', 'two'] });
    take('b', { settledFor: ['two'] });
    expect(store.takeSettled()).toEqual(['- -: a!', 'one -: b!']);
    await clock.advance(10 * minute);
    sender.expectNoPost();
    expect(drops.read('1').dropped.map(({ channel, reason }) => `${channel} ${reason}`)).toEqual([
      'a disabled',
      'b disabled',
    ]);
  });

  test('counts as waiting', () => {
    const { dispatcher, restore } = storeStage();
    restore('one', ['a', 'b'], { attempts: 1, delayMs: 1000, ageMs: 3000 });
    expect([...dispatcher.readQueues()]).toMatchObject([{ events: 2, oldestAgeMs: 3000, isFailing: false }]);
  });

  test('is not reported as the last of its events before these were taken', async () => {
    const { sender, store, restore, take } = storeStage([one, two]);
    restore('one', ['a']);
    await sender.expectPost('http://one/').answer(200);
    restore('two', ['a']);
    await sender.expectPost('http://two/').answer(200);
    expect(store.takeSettled()).toEqual(['one old_one: a', 'two old_two: a']);
    take('a');
    expect(store.takeSettled()).toEqual(['- -: a!']);
    sender.expectNoPost();
  });

  test.each([
    ['before', ['http://one/', 'http://two/'], ['one old_one: a', 'two msg_1: a!']],
    ['after', ['http://two/', 'http://one/'], ['two msg_1: a', 'one old_one: a!']],
  ])(
    'leaves the last report to another endpoint if it is settled %s that one has decided its event',
    async (_, urls, settled) => {
      const { clock, sender, store, restore, take } = storeStage([one, two]);
      restore('one', ['a']);
      take('a');
      await clock.advance(250);
      for (const url of urls) await sender.expectPost(url).answer(200);
      sender.expectNoPost();
      expect(store.takeSettled()).toEqual(settled);
    },
  );

  test('of a removed endpoint is settled after five minutes, and its events still reach the others', async () => {
    const { clock, sender, store, restore, take } = storeStage([two]);
    restore('one', ['a', 'b']);
    take('a');
    take('b', { settledFor: ['two'] });
    await clock.advance(250);
    await sender.expectPost('http://two/').answer(200);
    expect(store.takeSettled()).toEqual(['two msg_1: a']);
    await clock.advance(5 * minute);
    expect(store.takeSettled()).toEqual(['one old_one: a! b!']);
  });

  test('of a leaving endpoint is still sent to it', async () => {
    const { clock, sender, store, dispatcher, restore, take } = storeStage();
    take('a');
    await clock.advance(250);
    const post = sender.expectPost();
    dispatcher.replace(serving(two));
    restore('one', ['b']);
    take('b', { settledFor: ['two'] });
    await sender.expectPost('http://one/').answer(200);
    await post.answer(200);
    expect(store.takeSettled()).toEqual(['one old_one: b!', 'one msg_1: a!']);
    expect([...dispatcher.readQueues()].map(({ endpoint: id }) => id)).toEqual(['two']);
  });

  test('contains only events of its own app', async () => {
    const other = application({ id: '2', endpoints: [two] });
    const { clock, sender, dispatcher, restore, take } = storeStage();
    dispatcher.replace([...serving(one), other]);
    restore('one', ['a'], { attempts: 1, delayMs: minute });
    take('a', { appId: '2' });
    await clock.advance(250);
    expect(sender.expectPost('http://two/').lines).toEqual(['channel_occupied a']);
  });
});

describe('a cache_miss from the store', () => {
  const event = missed('cache-a');

  test('is forgotten if every endpoint dropped it, whether its batch was restored or not', () => {
    const { forgetCacheMiss, restore, take } = storeStage([one, two]);
    restore('one', ['cache-a'], { event: missed, ageMs: 5 * minute });
    expect(forgetCacheMiss).not.toHaveBeenCalled();
    take('cache-a', { event, ageMs: 5 * minute });
    expect(forgetCacheMiss).toHaveBeenCalledExactlyOnceWith('1', 'cache-a', '7');
  });

  test('is forgotten when it is taken after its restored batches were dropped', () => {
    const { forgetCacheMiss, restore, take } = storeStage();
    restore('one', ['cache-a'], { event: missed, ageMs: 5 * minute });
    take('cache-a', { event, ageMs: 5 * minute });
    expect(forgetCacheMiss).toHaveBeenCalledExactlyOnceWith('1', 'cache-a', '7');
  });

  test('stays if an endpoint may have got it, or if none selected it', () => {
    const { forgetCacheMiss, dispatcher, take } = storeStage([one, two]);
    take('cache-a', { event, ageMs: 5 * minute, settledFor: ['two'] });
    dispatcher.replace([]);
    take('cache-b', { event: missed('cache-b') });
    expect(forgetCacheMiss).not.toHaveBeenCalled();
  });
});
