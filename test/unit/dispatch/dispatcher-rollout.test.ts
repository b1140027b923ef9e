import { describe, expect, test } from 'vitest';
import { application } from '../../support/unit/application.ts';
import { minute, one, serving, storeStage, two } from '../../support/unit/store-stage.ts';

describe('an event of an app that is not configured here', () => {
  const second = application({ id: '2', endpoints: [two] });

  test('is not settled: another node may know the app, or this one soon', async () => {
    const { clock, sender, store, dispatcher, take } = storeStage();
    take('a', { appId: '2', ageMs: 1000 });
    take('b', { appId: '3' });
    await clock.advance(minute);
    store.expectNothing();
    dispatcher.replace([...serving(one), second]);
    await clock.advance(250);
    const post = sender.expectPost('http://two/');
    expect(post.lines).toEqual(['channel_occupied a']);
    await post.answer(200);
    expect(store.takeSettled()).toEqual(['two msg_1: a!']);
  });

  test('in a stored batch continues under its id once the app is configured', async () => {
    const { clock, sender, store, dispatcher, restore, take } = storeStage();
    restore('two', ['a'], { appId: '2', attempts: 2, delayMs: minute });
    take('a', { appId: '2' });
    take('later', { appId: '2' });
    await clock.advance(minute / 2);
    store.expectNothing();
    dispatcher.replace([...serving(one), second]);
    await clock.advance(250);
    expect(sender.expectPost('http://two/').lines).toEqual(['channel_occupied later']);
    sender.expectNoPost();
    await clock.advance(minute / 2);
    const { request } = sender.expectPost('http://two/');
    expect(request.headers).toMatchObject({ 'webhook-id': 'old_two', 'X-Soketify-Attempt': '3' });
  });

  test('is settled after five minutes, like a batch of it', async () => {
    const { clock, log, store, restore, take } = storeStage();
    restore('two', ['a'], { appId: '2' });
    take('a', { appId: '2' });
    take('b', { appId: '2' });
    await clock.advance(5 * minute - 1);
    store.expectNothing();
    await clock.advance(1);
    expect(store.takeSettled()).toEqual(['two old_two: a', '- -: a!', '- -: b!']);
    expect(log.warn).toHaveBeenCalledExactlyOnceWith(
      { appId: '2', endpoint: 'two', webhookId: 'old_two', events: 1, channels: ['a'] },
      'webhook dropped: its endpoint is no longer configured',
    );
  });

  test('is settled, the oldest first, when more than 10,000 are held', async () => {
    const { clock, sender, store, dispatcher, take } = storeStage();
    for (let index = 0; index < 10_000; index += 1) take(`c${index}`, { appId: '2' });
    store.expectNothing();
    take('last', { appId: '2' });
    expect(store.takeSettled()).toEqual(['- -: c0!']);
    dispatcher.replace([...serving(one), second]);
    await clock.advance(250);
    expect(sender.expectPost('http://two/').lines[0]).toBe('channel_occupied c1');
  });

  test('is left to the next process by one that stops', async () => {
    const { clock, store, dispatcher, take } = storeStage();
    take('a', { appId: '2' });
    dispatcher.stop();
    await clock.advance(6 * minute);
    store.expectNothing();
    expect(clock.pending).toBe(0);
  });
});

describe('a stored batch for an endpoint that is not configured here', () => {
  test('continues under its id once the endpoint is; the others do not wait for it', async () => {
    const { clock, sender, store, dispatcher, restore, take } = storeStage();
    restore('two', ['a'], { attempts: 2, delayMs: minute });
    take('a');
    take('b');
    await clock.advance(minute / 2);
    const post = sender.expectPost('http://one/');
    expect(post.lines).toEqual(['channel_occupied a', 'channel_occupied b']);
    await post.answer(200);
    // Still in the store for the other.
    expect(store.takeSettled()).toEqual(['one msg_1: a b!']);
    dispatcher.replace(serving(one, two));
    await clock.advance(minute / 2 - 1);
    sender.expectNoPost();
    await clock.advance(1);
    const late = sender.expectPost('http://two/');
    expect(late.request.headers).toMatchObject({ 'webhook-id': 'old_two', 'X-Soketify-Attempt': '3' });
    expect(late.lines).toEqual(['channel_occupied a']);
    await late.answer(200);
    expect(store.takeSettled()).toEqual(['two old_two: a!']);
  });

  test('also waits if its app was not configured either', async () => {
    const { clock, sender, store, dispatcher, restore, take } = storeStage();
    const second = (...endpoints: (typeof one)[]) => application({ id: '2', endpoints });
    restore('two', ['a'], { appId: '2' });
    take('a', { appId: '2' });
    dispatcher.replace([second()]);
    await clock.advance(minute);
    store.expectNothing();
    dispatcher.replace([second(two)]);
    await clock.advance(250);
    await sender.expectPost('http://two/').answer(200);
    expect(store.takeSettled()).toEqual(['two old_two: a!']);
  });

  test('is left to the next process by one that stops', async () => {
    const { clock, store, dispatcher, restore } = storeStage();
    restore('two', ['a']);
    dispatcher.stop();
    await clock.advance(6 * minute);
    store.expectNothing();
    expect(clock.pending).toBe(0);
  });
});

describe('an app that is no longer configured', () => {
  test('is reported to its endpoints to the end, including what the store returns later', async () => {
    const { clock, sender, store, dispatcher, take } = storeStage();
    dispatcher.replace([]);
    take('a');
    await clock.advance(250);
    await sender.expectPost('http://one/').answer(200);
    expect(store.takeSettled()).toEqual(['one msg_1: a!']);
    await clock.advance(5 * minute);
    expect([...dispatcher.readQueues()]).toEqual([]);
  });

  test('continues as before if it is added again', async () => {
    const { clock, sender, store, dispatcher, take } = storeStage([one, two]);
    dispatcher.replace([]);
    take('a', { settledFor: ['two'] });
    dispatcher.replace(serving(one));
    take('b');
    await clock.advance(250);
    const post = sender.expectPost('http://one/');
    expect(post.lines).toEqual(['channel_occupied a', 'channel_occupied b']);
    await post.answer(200);
    expect(store.takeSettled()).toEqual(['one msg_1: a! b!']);
    expect([...dispatcher.readQueues()].map(({ endpoint: id }) => id)).toEqual(['one']);
    await clock.advance(6 * minute);
    expect([...dispatcher.readQueues()].map(({ endpoint: id }) => id)).toEqual(['one']);
  });
});
