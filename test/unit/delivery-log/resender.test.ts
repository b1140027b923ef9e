import { describe, expect, test } from 'vitest';
import type { ResentFact } from '../../../src/delivery-log/resender.ts';
import { unavailable } from '../../../src/ports/unavailable.ts';
import { AttemptPlaces } from '../../../src/webhooks/attempt-places.ts';
import { application, channelName, endpoint } from '../../support/unit/application.ts';
import { deadLetter, officeStage, startedAtMs } from '../../support/unit/dead-letters.ts';

const news = { name: 'channel_occupied', channel: channelName('news') } as const;
const noRetry = { initialDelayMs: 1000, multiplier: 1, maxDelayMs: 1000, maxElapsedMs: 1000, jitter: 0 };

/** A delivery was dropped after one attempt. */
async function dropped(onAttempt?: (fact: ResentFact) => void) {
  const made = officeStage({ policy: { retry: noRetry }, ...(onAttempt && { onAttempt }) });
  made.append('1', [news]);
  await made.clock.advance(250);
  const post = made.sender.expectPost();
  await post.answer(500);
  return { ...made, request: post.request };
}

describe('a resend', () => {
  test('has the id and the body of the delivery, its own time and number, and the next attempt number', async () => {
    const { clock, office, sender, request, store } = await dropped();
    await clock.advance(60_000);
    const resent = office.resend('1', 'msg_1');
    await clock.advance(0);
    const post = sender.expectPost();
    expect(Buffer.from(post.request.body)).toEqual(Buffer.from(request.body));
    expect(post.request.headers).toEqual({
      ...request.headers,
      'webhook-timestamp': String(Math.floor((startedAtMs + 60_250) / 1000)),
      'X-Soketify-Attempt': '2',
      'X-Soketify-Resend': '1',
    });
    await clock.advance(7);
    await post.fail({ kind: 'answered', status: 200, body: 'thanks' });
    const attempt = {
      number: 2,
      resend: 1,
      timeMs: startedAtMs + 60_250,
      elapsedMs: 7,
      result: 'success',
      status: 200,
      answer: 'thanks',
    };
    expect(await resent).toEqual(attempt);
    expect(store.find('1', 'msg_1')).toMatchObject({
      attempts: [{ number: 1, status: 500 }, attempt],
      attemptsMade: 2,
      resends: 1,
      resentAtMs: startedAtMs + 60_257,
    });
  });

  test('is reported with its request and its result', async () => {
    const facts: ResentFact[] = [];
    const { clock, office, sender } = await dropped((fact) => facts.push(fact));
    const resent = office.resend('1', 'msg_1');
    await clock.advance(0);
    const post = sender.expectPost();
    await post.answer(503);
    expect(facts).toEqual([{ deliveryId: 'msg_1', request: post.request, attempt: await resent, events: 1 }]);
  });

  test('may be repeated, whatever its result was', async () => {
    const { clock, office, sender, store } = await dropped();
    for (const [resend, status] of [
      [1, 500],
      [2, 200],
      [3, 200],
    ] as const) {
      const resent = office.resend('1', 'msg_1');
      await clock.advance(0);
      const post = sender.expectPost();
      expect(post.request.headers).toMatchObject({
        'X-Soketify-Attempt': String(resend + 1),
        'X-Soketify-Resend': String(resend),
      });
      await post.answer(status);
      expect(await resent).toMatchObject({ resend, status });
    }
    expect(store.find('1', 'msg_1')).toMatchObject({ attemptsMade: 4, resends: 3 });
  });

  test('uses the current URL, and is signed with the current key', async () => {
    const { clock, office, sender, dispatcher, request } = await dropped();
    const moved = endpoint({ url: 'http://new/hook', headers: { 'x-extra': '1' } });
    dispatcher.replace([application({ key: 'new-key', secret: 'new-secret', endpoints: [moved] })]);
    void office.resend('1', 'msg_1');
    await clock.advance(0);
    const post = sender.expectPost('http://new/hook');
    expect(post.request.headers).toMatchObject({ 'x-extra': '1', 'X-Pusher-Key': 'new-key' });
    expect(post.request.headers['X-Pusher-Signature']).not.toBe(request.headers['X-Pusher-Signature']);
    await post.answer(200);
  });

  test('of events that were not in a delivery has an id of its own and their bodies', async () => {
    const { clock, office, sender, store } = officeStage();
    store.add(deadLetter({ id: 'msg_own', channels: ['a', 'b'], reason: 'overflow' }));
    void office.resend('1', 'msg_own');
    await clock.advance(0);
    const { request, lines, answer } = sender.expectPost();
    expect(lines).toEqual(['channel_occupied a', 'channel_occupied b']);
    expect(request.headers).toMatchObject({
      'webhook-id': 'msg_own',
      'webhook-timestamp': String(startedAtMs / 1000),
      'X-Soketify-Attempt': '1',
      'X-Soketify-Resend': '1',
      'X-Soketify-Epoch': 'epoch-1',
    });
    await answer(200);
  });

  test('runs only once at a time for a letter', async () => {
    const { clock, office, sender } = await dropped();
    const first = office.resend('1', 'msg_1');
    expect(await office.resend('1', 'msg_1')).toBe('under-way');
    await clock.advance(0);
    await sender.expectPost().fail({ kind: 'timeout' });
    expect(await first).toMatchObject({ result: 'timeout' });
    sender.expectNoPost();
  });

  test('is not made for a letter that is not kept', async () => {
    const { office, sender } = await dropped();
    expect(await office.resend('1', 'msg_2')).toBe('unknown');
    expect(await office.resend('2', 'msg_1')).toBe('unknown');
    sender.expectNoPost();
  });

  test('is not made to an endpoint that is removed, disabled or held', async () => {
    const { office, dispatcher, sender } = await dropped();
    dispatcher.replace([application({ endpoints: [endpoint({ isEnabled: false })] })]);
    expect(await office.resend('1', 'msg_1')).toBe('disabled');
    dispatcher.replace([application({ endpoints: [endpoint({ heldSinceMs: startedAtMs })] })]);
    expect(await office.resend('1', 'msg_1')).toBe('held');
    dispatcher.replace([application({ endpoints: [endpoint({ id: 'other' })] })]);
    expect(await office.resend('1', 'msg_1')).toBe('gone');
    sender.expectNoPost();
  });

  test('is not made on a node without the letters', async () => {
    const { office, store } = officeStage({ isHere: () => false });
    store.add(deadLetter());
    expect(await office.resend('1', 'msg_1')).toBe(unavailable);
  });

  test('is recorded nowhere if the app is removed meanwhile', async () => {
    const { clock, office, sender, store } = await dropped();
    const resent = office.resend('1', 'msg_1');
    await clock.advance(0);
    office.forget('1');
    await sender.expectPost().answer(200);
    expect(await resent).toMatchObject({ result: 'success' });
    expect(store.find('1', 'msg_1')).toBeUndefined();
  });
});

describe('a resend of a recorded delivery', () => {
  const recorded = {
    appId: '1',
    endpointId: 'main',
    id: 'msg_taken',
    timeMs: startedAtMs,
    events: ['{"name":"channel_occupied","channel":"a"}', '{"name":"channel_vacated","channel":"a"}'],
    attemptsMade: 2,
    resends: 1,
  };

  test('has the id and the bytes of the delivery, and the next attempt number', async () => {
    const madeAttempts: unknown[] = [];
    const { clock, office, sender, store } = officeStage({ onAttempt: (made) => madeAttempts.push(made) });
    const resent = office.resendRecorded(recorded);
    await clock.advance(0);
    const { request, answer } = sender.expectPost();
    expect(Buffer.from(request.body).toString()).toBe(
      `{"time_ms":${startedAtMs},"events":[${recorded.events.join(',')}]}`,
    );
    expect(request.headers).toMatchObject({
      'webhook-id': 'msg_taken',
      'X-Soketify-Attempt': '3',
      'X-Soketify-Resend': '2',
    });
    await answer(200);
    const attempt = await resent;
    expect(attempt).toMatchObject({ number: 3, resend: 2, result: 'success', status: 200 });
    expect(madeAttempts).toEqual([{ deliveryId: 'msg_taken', request, attempt, events: 2 }]);
    expect(store.find('1', 'msg_taken')).toBeUndefined();
  });

  test('counts together with the resends of its letter, if there is one, and is recorded there', async () => {
    const { clock, office, sender, store } = officeStage();
    store.add(deadLetter({ id: 'msg_taken', attemptsMade: 9, resends: 4 }));
    void office.resendRecorded(recorded);
    expect(await office.resend('1', 'msg_taken')).toBe('under-way');
    await clock.advance(0);
    const { request, answer } = sender.expectPost();
    expect(request.headers).toMatchObject({ 'X-Soketify-Attempt': '10', 'X-Soketify-Resend': '5' });
    await answer(200);
    expect(store.find('1', 'msg_taken')).toMatchObject({ attemptsMade: 10, resends: 5 });
  });

  test('is refused for the same reasons as that of a letter', async () => {
    const { office, dispatcher, sender } = officeStage();
    expect(await office.resendRecorded({ ...recorded, endpointId: 'other' })).toBe('gone');
    dispatcher.replace([application({ endpoints: [endpoint({ heldSinceMs: startedAtMs })] })]);
    expect(await office.resendRecorded(recorded)).toBe('held');
    dispatcher.replace([application({ endpoints: [endpoint({ isEnabled: false })] })]);
    expect(await office.resendRecorded(recorded)).toBe('disabled');
    sender.expectNoPost();
  });

  test('is made by a node that sends to the endpoint, even if another node keeps the letters', async () => {
    const { clock, office, sender } = officeStage({ isHere: () => false });
    expect(await office.resendRecorded({ ...recorded, endpointId: 'other' })).toBe(unavailable);
    const resent = office.resendRecorded(recorded);
    await clock.advance(0);
    await sender.expectPost().answer(200);
    expect(await resent).toMatchObject({ number: 3, resend: 2, result: 'success' });
  });
});

describe('a place for a resend', () => {
  test('is waited for, and taken when one is free', async () => {
    const places = new AttemptPlaces(1);
    const { clock, office, sender, store, append } = officeStage({ places });
    store.add(deadLetter({ id: 'lost' }));
    append('1', [news]);
    await clock.advance(250);
    const first = sender.expectPost();
    const resent = office.resend('1', 'lost');
    await clock.advance(3000);
    sender.expectNoPost();
    expect([places.underWay, places.waiting]).toEqual([1, 1]);
    await first.answer(200);
    await clock.advance(0);
    const second = sender.expectPost();
    expect(second.request.headers).toMatchObject({ 'webhook-id': 'lost' });
    expect([places.underWay, places.waiting]).toEqual([1, 0]);
    await second.answer(200);
    expect(await resent).toMatchObject({ result: 'success' });
    expect([places.underWay, clock.pending]).toEqual([0, 0]);
  });

  test('is waited for no longer than the time-out of a request', async () => {
    const places = new AttemptPlaces(1);
    const { clock, office, sender, store, append } = officeStage({ places });
    store.add(deadLetter({ id: 'lost' }));
    append('1', [news]);
    await clock.advance(250);
    const first = sender.expectPost();
    const resent = office.resend('1', 'lost');
    await clock.advance(4000);
    expect(await resent).toBe('busy');
    expect(places.waiting).toBe(0);
    await first.answer(200);
    sender.expectNoPost();
    expect(places.underWay).toBe(0);
  });

  test('is returned if the endpoint was disabled meanwhile', async () => {
    const places = new AttemptPlaces(1);
    const { clock, office, sender, store, append, dispatcher } = officeStage({ places });
    store.add(deadLetter({ id: 'lost' }));
    append('1', [news]);
    await clock.advance(250);
    const first = sender.expectPost();
    const resent = office.resend('1', 'lost');
    await clock.advance(1);
    dispatcher.replace([application({ endpoints: [endpoint({ isEnabled: false })] })]);
    await first.answer(200);
    expect(await resent).toBe('disabled');
    sender.expectNoPost();
    expect(places.underWay).toBe(0);
  });
});
