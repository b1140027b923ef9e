import { describe, expect, test } from 'vitest';
import { minute, occupied, one, serving, two, storeStage } from '../../support/unit/store-stage.ts';

describe('stop', () => {
  test('leaves everything as it is: no timer, no attempt, no record, nothing settled', async () => {
    const { clock, sender, store, drops, log, append, dispatcher, take, restore } = storeStage([one], {
      maxEvents: 1,
    });
    take('a');
    const [delivered, refused] = [sender.expectPost(), (take('b'), sender.expectPost())];
    await refused.answer(500);
    const answer = store.answerLater();
    take('c');
    restore('one', ['d'], { attempts: 1, delayMs: 1000 });
    store.postponed = [];
    store.kept = [];
    log.warn.mockClear();
    dispatcher.stop();
    expect(clock.pending).toBe(0);
    answer(true);
    await delivered.answer(200);
    take('e');
    take('f', { appId: 'unknown' });
    restore('gone', ['g']);
    append('1', [occupied('h')]);
    dispatcher.replace(serving(two));
    dispatcher.resume();
    dispatcher.abandon();
    await clock.advance(10 * minute);
    await dispatcher.close(1000);
    sender.expectNoPost();
    store.expectNothing();
    expect(log.warn).not.toHaveBeenCalled();
    expect(drops.read('1').dropped).toEqual([]);
    expect([...dispatcher.readQueues()]).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('ends a close in progress', async () => {
    const { clock, dispatcher, drops, take } = storeStage();
    take('a');
    const closed = dispatcher.close(minute);
    dispatcher.stop();
    await closed;
    expect(clock.pending).toBe(0);
    expect(drops.read('1').dropped).toEqual([]);
  });
});

describe('abandon', () => {
  test('also drops later events, so that a following close waits for nothing', async () => {
    const { clock, sender, dispatcher, drops, take } = storeStage();
    take('a');
    dispatcher.abandon();
    take('b');
    await dispatcher.close(minute);
    sender.expectNoPost();
    expect(clock.pending).toBe(0);
    expect(drops.read('1').dropped).toMatchObject([{ reason: 'shutdown' }, { reason: 'shutdown' }]);
  });
});

describe('halt', () => {
  test('starts no attempt, and resolves when those in progress have ended and are settled', async () => {
    const { clock, sender, store, dispatcher, take } = storeStage([one, two], { maxEvents: 1 });
    take('a');
    const [first, second] = [sender.expectPost('http://one/'), sender.expectPost('http://two/')];
    const answer = store.answerLater();
    take('b', { settledFor: ['two'] });
    let isHalted = false;
    const halted = dispatcher.halt().finally(() => {
      isHalted = true;
    });
    dispatcher.resume();
    take('c');
    await first.answer(200);
    await second.answer(500);
    expect(isHalted).toBe(false);
    answer(true);
    await halted;
    sender.expectNoPost();
    expect(store.takeSettled()).toEqual(['one msg_1: a']);
    expect(store.postponed).toEqual([['msg_2', 1, 1000]]);
    expect(clock.pending).toBe(0);
    await clock.advance(10 * minute);
    sender.expectNoPost();
    expect(store.takeSettled()).toEqual([]);
  });

  test('resolves immediately if no attempt is in progress, whatever waits', async () => {
    const { clock, store, dispatcher, take } = storeStage();
    take('a');
    await dispatcher.halt();
    store.expectNothing();
    expect(clock.pending).toBe(0);
  });

  test('also stops endpoints that are leaving', async () => {
    const { clock, sender, store, dispatcher, take } = storeStage([one, two], { maxEvents: 1 });
    take('a');
    await sender.expectPost('http://two/').answer(500);
    dispatcher.replace([]);
    const halted = dispatcher.halt();
    await sender.expectPost('http://one/').answer(200);
    await halted;
    expect(clock.pending).toBe(0);
    expect(store.takeSettled()).toEqual(['one msg_1: a']);
  });
});
