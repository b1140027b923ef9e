import { describe, expect, test } from 'vitest';
import { unavailable } from '../../../src/ports/unavailable.ts';
import type { Recovery } from '../../../src/delivery-log/recoveries.ts';
import { AttemptPlaces } from '../../../src/webhooks/attempt-places.ts';
import { application, channelName, endpoint } from '../../support/unit/application.ts';
import { deadLetter, officeStage, startedAtMs } from '../../support/unit/dead-letters.ts';

const main = { endpointId: 'main', sinceMs: undefined };

function stage(given: Parameters<typeof officeStage>[0] = {}) {
  const made = officeStage(given);
  const { office, store, clock } = made;
  return {
    ...made,
    /** Letters with these ids, in the order of their loss and of their events. */
    lose(...ids: string[]): void {
      for (const [index, id] of ids.entries()) store.add(deadLetter({ id, timeMs: startedAtMs + index }));
    },
    async begin(plan: Parameters<typeof office.recover>[1] = main): Promise<Recovery> {
      const recovery = await office.recover('1', plan);
      if (typeof recovery !== 'object') throw new Error(`not started: ${String(recovery)}`);
      await clock.advance(0);
      return recovery;
    },
    progress: ({ id }: Recovery) => office.recovery('1', id),
  };
}

describe('a recovery', () => {
  test('sends what was lost in the order of the events, one delivery after the other', async () => {
    const { store, sender, begin, progress } = stage();
    // What was dropped last may have happened first.
    for (const [id, timeMs, turn] of [
      ['fourth', 30, 3.5],
      ['third', 30, 3],
      ['first', 10, 1],
      ['second', 20, 2],
    ] as const) {
      store.add(deadLetter({ id, timeMs, turn }));
    }
    const recovery = await begin();
    expect(recovery).toMatchObject({ state: 'running', matched: { deliveries: 4, events: 4 }, left: 4 });
    expect(recovery.id).toMatch(/^rec_/);
    for (const [sent, id] of ['first', 'second', 'third', 'fourth'].entries()) {
      expect(progress(recovery)).toMatchObject({ state: 'running', sent, left: 4 - sent });
      const post = sender.expectPost();
      sender.expectNoPost();
      expect(post.request.headers).toMatchObject({ 'webhook-id': id, 'X-Soketify-Resend': '1' });
      await post.answer(200);
    }
    expect(progress(recovery)).toMatchObject({ state: 'finished', sent: 4, failed: 0, skipped: 0, left: 0 });
    sender.expectNoPost();
  });

  test('sends what this endpoint lost at that time or later and has not accepted since', async () => {
    const { store, office, sender, begin, progress } = stage();
    store.add(deadLetter({ id: 'early', droppedAtMs: startedAtMs - 1 }));
    store.add(deadLetter({ id: 'other', endpointId: 'other' }));
    store.add(deadLetter({ id: 'taken', resentAtMs: startedAtMs }));
    store.add(deadLetter({ id: 'meant', channels: ['a', 'b'] }));
    const plan = { endpointId: 'main', sinceMs: startedAtMs };
    expect(await office.estimate('1', plan)).toEqual({ deliveries: 1, events: 2 });
    sender.expectNoPost();
    const recovery = await begin(plan);
    expect(recovery.matched).toEqual({ deliveries: 1, events: 2 });
    const post = sender.expectPost();
    expect(post.request.headers).toMatchObject({ 'webhook-id': 'meant' });
    await post.answer(200);
    expect(progress(recovery)).toMatchObject({ state: 'finished', sent: 1 });
    expect(await office.estimate('1', plan)).toEqual({ deliveries: 0, events: 0 });
  });

  test('continues after a failure, and stops after three in a row', async () => {
    const { lose, sender, begin, progress } = stage();
    lose('a', 'b', 'c', 'd', 'e', 'f', 'g');
    const recovery = await begin();
    for (const status of [500, 404, 200, 500, 500]) await sender.expectPost().answer(status);
    await sender.expectPost().fail({ kind: 'unreachable', code: 'ECONNREFUSED' });
    sender.expectNoPost();
    expect(progress(recovery)).toMatchObject({
      state: 'stopped',
      cause: '3 attempts in a row failed',
      sent: 1,
      failed: 5,
      left: 1,
    });
  });

  test('ends immediately if nothing was lost', async () => {
    const { begin, progress } = stage();
    const recovery = await begin();
    expect(recovery.matched).toEqual({ deliveries: 0, events: 0 });
    expect(progress(recovery)).toMatchObject({ state: 'finished', left: 0 });
  });

  test('reads all pages', async () => {
    const { lose, begin } = stage();
    lose(...Array.from({ length: 2500 }, (_, index) => `msg-${index}`));
    expect((await begin()).matched).toEqual({ deliveries: 2500, events: 2500 });
  });

  test('runs only once at a time for an endpoint; another may follow', async () => {
    const { lose, office, sender, begin } = stage({
      applications: [application({ endpoints: [endpoint(), endpoint({ id: 'other' })] })],
    });
    lose('a');
    await begin();
    expect(await office.recover('1', main)).toBe('under-way');
    await begin({ endpointId: 'other', sinceMs: undefined });
    await sender.expectPost().answer(500);
    const again = await begin();
    expect(again.matched.deliveries).toBe(1);
    expect(sender.expectPost().request.headers).toMatchObject({ 'X-Soketify-Resend': '2' });
  });

  test('sends nothing more once it is cancelled; an attempt in progress counts', async () => {
    const { lose, office, sender, begin, progress, store } = stage();
    lose('a', 'b');
    const recovery = await begin();
    expect(office.cancel('1', recovery.id)).toMatchObject({ state: 'cancelled', sent: 0, left: 2 });
    expect(await office.recover('1', main)).toBe('under-way');
    await sender.expectPost().answer(200);
    sender.expectNoPost();
    expect(progress(recovery)).toMatchObject({ state: 'cancelled', sent: 1, left: 1 });
    expect(store.find('1', 'a')).toMatchObject({ resends: 1 });
    expect(office.cancel('1', recovery.id)).toMatchObject({ state: 'cancelled' });
    await begin();
  });

  test('does not start, or stops, if the endpoint is removed or disabled', async () => {
    const { lose, office, sender, begin, progress, dispatcher } = stage();
    lose('a', 'b');
    expect(await office.recover('1', { endpointId: 'nobody', sinceMs: undefined })).toBe('gone');
    const recovery = await begin();
    dispatcher.replace([application({ endpoints: [endpoint({ isEnabled: false })] })]);
    await sender.expectPost().answer(200);
    expect(progress(recovery)).toMatchObject({
      state: 'stopped',
      cause: 'the endpoint is disabled',
      sent: 1,
      left: 1,
    });
    expect(await office.recover('1', main)).toBe('disabled');
    expect(await office.estimate('1', main)).toBe('disabled');
  });

  test('does not start, or stops, if the endpoint is held', async () => {
    const { lose, office, sender, begin, progress, dispatcher } = stage();
    lose('a', 'b');
    const recovery = await begin();
    dispatcher.replace([application({ endpoints: [endpoint({ heldSinceMs: 1 })] })]);
    await sender.expectPost().answer(200);
    expect(progress(recovery)).toMatchObject({ state: 'stopped', cause: 'the endpoint is paused', left: 1 });
    expect(await office.recover('1', main)).toBe('held');
    sender.expectNoPost();
  });

  test('skips what is being sent by somebody else or is no longer kept', async () => {
    const { lose, office, sender, begin, progress, store, clock } = stage();
    lose('a', 'b', 'c');
    const recovery = await begin();
    void office.resend('1', 'b');
    await clock.advance(0);
    const [first, byHand] = [sender.expectPost(), sender.expectPost()];
    await first.answer(200);
    expect(progress(recovery)).toMatchObject({ sent: 1, skipped: 1, left: 1 });
    await byHand.answer(200);
    await sender.expectPost().answer(200);
    expect(progress(recovery)).toMatchObject({ state: 'finished', sent: 2, skipped: 1, left: 0 });
    store.forget('1');
    lose('d', 'e');
    const second = await begin();
    store.forget('1');
    await sender.expectPost().answer(200);
    expect(progress(second)).toMatchObject({ state: 'finished', sent: 1, skipped: 1, left: 0 });
  });

  test('waits for a place as long as necessary', async () => {
    const places = new AttemptPlaces(1);
    const { lose, sender, begin, progress, append, clock } = stage({ places });
    lose('a');
    append('1', [{ name: 'channel_occupied', channel: channelName('news') }]);
    await clock.advance(250);
    const news = sender.expectPost();
    const recovery = await begin();
    await clock.advance(60_000);
    expect(progress(recovery)).toMatchObject({ state: 'running', left: 1 });
    await news.answer(200);
    await clock.advance(0);
    await sender.expectPost().answer(200);
    expect(progress(recovery)).toMatchObject({ state: 'finished', sent: 1 });
  });

  test('of a removed app is unknown and sends nothing more', async () => {
    const { lose, office, sender, begin, progress } = stage();
    lose('a', 'b');
    const recovery = await begin();
    office.forget('1');
    lose('c');
    await sender.expectPost().answer(200);
    sender.expectNoPost();
    expect(progress(recovery)).toBeUndefined();
  });

  test('ends with the office', async () => {
    const { lose, office, sender, begin, progress } = stage();
    lose('a', 'b');
    const recovery = await begin();
    office.stop();
    await sender.expectPost().answer(200);
    sender.expectNoPost();
    expect(progress(recovery)).toMatchObject({ state: 'cancelled', left: 1 });
  });

  test('is remembered among the last hundred that have ended', async () => {
    const { begin, progress, office } = stage();
    const all: Recovery[] = [];
    for (let number = 0; number < 120; number += 1) all.push(await begin());
    expect(all.map(progress).filter((one) => one === undefined)).toHaveLength(19);
    expect(office.recovery('2', all[119]?.id ?? '')).toBeUndefined();
  });

  test('is unknown on a node without the letters', async () => {
    let isHere = true;
    const { begin, progress, office, lose, sender } = stage({ isHere: () => isHere });
    lose('a', 'b');
    const recovery = await begin();
    isHere = false;
    expect(progress(recovery)).toBe(unavailable);
    expect(office.cancel('1', recovery.id)).toBe(unavailable);
    expect(await office.recover('1', main)).toBe(unavailable);
    expect(await office.estimate('1', main)).toBe(unavailable);
    await sender.expectPost().answer(200);
    sender.expectNoPost();
    isHere = true;
    expect(progress(recovery)).toMatchObject({
      state: 'stopped',
      cause: 'dropped deliveries are no longer known on this node',
      left: 1,
    });
  });
});
