import { describe, expect, test } from 'vitest';
import { History } from '../../../src/recording/history.ts';
import { Recorder } from '../../../src/recording/recorder.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  attemptWith,
  connection,
  decided,
  ended,
  main,
  news,
  occupied,
  selected,
  startsAtMs,
  subscriptionTo,
  vacated,
} from '../../support/unit/recording.ts';
import { noSlices } from '../../support/turns.ts';
import { channelName, socketIdOf } from '../../support/unit/application.ts';

const ok = { kind: 'answered', status: 200 } as const;
const showing = { payloads: true, headerValues: true };

function stage({ bytes = 1_000_000, perSecond = 10 } = {}) {
  const clock = new FakeClock();
  const wallTime = { now: () => startsAtMs + clock.now() };
  const recorder = new Recorder({ clock, wallTime, budget: { bytes, events: { perSecond } } });
  const history = new History({ recorder, budget: noSlices().questions });
  /** An event that is delivered on the first attempt. */
  const deliver = (event: WebhookEvent, webhookId: string): void => {
    recorder.onFact(selected(event));
    const attempt = attemptWith([event], { webhookId });
    recorder.onFact({ kind: 'attempt-began', attempt });
    recorder.onFact(ended(attempt, ok));
    recorder.onFact(decided([event], 'delivered', { webhookId }));
  };
  return { clock, recorder, history, deliver };
}

describe('a recorder with a budget', () => {
  test('limits the events per second and counts the others', () => {
    const { clock, recorder, deliver } = stage({ perSecond: 10 });
    for (let count = 0; count < 25; count += 1) deliver(occupied(), `msg_${count}`);
    expect(recorder.eventRecords()).toHaveLength(10);
    expect(recorder.deliveryRecords()).toHaveLength(10);
    expect(recorder.eventExtent).toEqual({ keptSinceMs: startsAtMs, skipped: 15 });
    expect(recorder.deliveryExtent).toEqual({ keptSinceMs: startsAtMs, skipped: 15 });
    clock.advanceSync(300);
    for (let count = 0; count < 25; count += 1) deliver(occupied(), `late_${count}`);
    expect(recorder.eventRecords()).toHaveLength(13);
  });

  test('has no timer once its allowance is full again', () => {
    const { clock, deliver } = stage({ perSecond: 10 });
    for (let count = 0; count < 10; count += 1) deliver(occupied(), `msg_${count}`);
    clock.advanceSync(1100);
    expect(clock.pending).toBe(0);
  });

  test('records failures even if the event was skipped when it happened', () => {
    const { clock, recorder } = stage({ perSecond: 0 });
    recorder.joined(connection('1.1'), news, undefined);
    const event = occupied();
    recorder.onFact(selected(event));
    const attempt = attemptWith([event]);
    recorder.onFact({ kind: 'attempt-began', attempt });
    expect([recorder.events(), recorder.deliveries()]).toEqual([[], []]);
    clock.advanceSync(500);
    recorder.onFact(ended(attempt, { kind: 'answered', status: 503 }, { elapsedMs: 40, retryInMs: 1000 }));
    expect(recorder.events()).toMatchObject([
      {
        status: 'pending',
        atMs: 0,
        why: 'socket 1.1 subscribed; not accepted by http://receiver/hook so far, after 1 attempt, the last with status 503',
      },
    ]);
    expect(recorder.deliveries()).toMatchObject([
      { status: 'pending', attempts: [{ number: 1, atMs: 460, elapsedMs: 40, status: 503 }] },
    ]);
    expect([recorder.eventExtent.skipped, recorder.deliveryExtent.skipped]).toEqual([0, 0]);
    recorder.onFact(decided([event], 'delivered', { attempts: 2 }));
    expect(recorder.events()).toMatchObject([{ status: 'delivered' }]);
    expect(recorder.deliveries()).toMatchObject([{ status: 'delivered' }]);
  });

  test('records drops without an attempt', () => {
    const { recorder } = stage({ perSecond: 0 });
    const event = occupied();
    recorder.onFact(selected(event));
    recorder.onFact(decided([event], 'overflow', { webhookId: undefined, attempts: 0 }));
    expect(recorder.events()).toMatchObject([
      { status: 'dropped', endpoints: [{ endpoint: 'main', reason: 'overflow', attempts: 0 }] },
    ]);
  });

  test('does not use a later arrival as the cause', () => {
    const { clock, recorder } = stage({ perSecond: 0 });
    const event = occupied();
    recorder.onFact(selected(event));
    clock.advanceSync(10);
    recorder.joined(connection('2.2'), news, undefined);
    recorder.onFact(decided([event], 'expired'));
    expect(recorder.events()).toMatchObject([{ cause: { kind: 'unknown' } }]);
  });

  test('keeps failures while successes displace each other', () => {
    const { recorder, deliver } = stage({ bytes: 40_000, perSecond: Infinity });
    const lost = vacated();
    recorder.onFact(selected(lost));
    const attempt = attemptWith([lost], { webhookId: 'lost' });
    recorder.onFact({ kind: 'attempt-began', attempt });
    recorder.onFact(ended(attempt, { kind: 'timeout' }));
    recorder.onFact(decided([lost], 'expired', { webhookId: 'lost' }));
    for (let count = 0; count < 500; count += 1) deliver(occupied(), `msg_${count}`);
    expect(recorder.bytes).toBeLessThanOrEqual(40_000);
    expect(recorder.events()[0]).toMatchObject({ name: 'channel_vacated', status: 'dropped' });
    expect(recorder.deliveries()[0]).toMatchObject({ id: 'lost', status: 'dropped', reason: 'expired' });
    expect(recorder.events().at(-1)).toMatchObject({ id: 501 });
    expect(recorder.events().length).toBeLessThan(100);
  });

  test('reports since when everything is kept, and how much was skipped since then', () => {
    const { clock, recorder, deliver } = stage({ bytes: 40_000, perSecond: 20 });
    for (let count = 0; count < 30; count += 1) deliver(occupied(), `first_${count}`);
    expect(recorder.eventExtent.skipped).toBe(10);
    clock.advanceSync(10_000);
    for (let count = 0; count < 22; count += 1) deliver(occupied(), `second_${count}`);
    // All records from before the second burst have been deleted, so records that were skipped then do not count.
    expect(recorder.eventExtent).toEqual({ keptSinceMs: startsAtMs + 10_000, skipped: 2 });
  });

  test('forgets deleted movements as causes', () => {
    const { recorder } = stage({ bytes: 40_000, perSecond: Infinity });
    recorder.joined(connection('1.1'), news, undefined);
    for (let count = 0; count < 100; count += 1) {
      recorder.joined(connection('2.2'), channelName(`room-${count}`), undefined);
    }
    recorder.onFact(selected(occupied()));
    recorder.onFact(selected(occupied(channelName('room-99'))));
    expect(recorder.events().map(({ cause }) => cause.kind)).toEqual(['unknown', 'subscribed']);
  });
});

describe('the history', () => {
  test('shows an event with times of day', async () => {
    const { clock, recorder, history } = stage();
    recorder.joined(connection('1.1'), news, undefined);
    clock.advanceSync(200);
    recorder.left(connection('1.1'), subscriptionTo(), 'disconnected');
    clock.advanceSync(3000);
    recorder.onFact(selected(vacated()));
    expect(await history.events({ appId: '1', limit: 10 }, showing)).toEqual({
      keptSinceMs: startsAtMs,
      skipped: 0,
      items: [
        {
          id: 1,
          appId: '1',
          name: 'channel_vacated',
          channel: 'news',
          atMs: startsAtMs + 3200,
          status: 'pending',
          cause: { kind: 'disconnected', socket_id: '1.1', atMs: startsAtMs + 200 },
          why: 'socket 1.1 disconnected at 22:13:20.200 UTC and had not returned 3000 ms later, when the grace period ended; queued for http://receiver/hook',
          endpoints: [
            {
              endpoint: 'main',
              url: main.endpoint.url,
              status: 'pending',
              deliveries: [],
              attempts: 0,
            },
          ],
        },
      ],
    });
  });

  test('shows a delivery with its attempts and when the next one is due', () => {
    const { clock, recorder, history } = stage();
    const event = occupied();
    recorder.onFact(selected(event));
    const attempt = attemptWith([event]);
    recorder.onFact({ kind: 'attempt-began', attempt });
    clock.advanceSync(12.34);
    recorder.onFact(ended(attempt, { kind: 'answered', status: 500, body: 'oh' }, { retryInMs: 1000 }));
    const detail = history.delivery('1', 'msg_1', showing);
    expect(detail).toEqual({
      id: 'msg_1',
      appId: '1',
      endpoint: 'main',
      url: 'http://receiver/hook',
      status: 'pending',
      atMs: startsAtMs,
      events: [{ name: 'channel_occupied', channel: 'news' }],
      eventCount: 1,
      attempts: 1,
      lastAttempt: { result: 'refused', status: 500 },
      elapsedMs: 12.3,
      nextAttemptAtMs: startsAtMs + 1012,
      isResent: false,
      body: '{"time_ms":1,"events":[{"name":"channel_occupied","channel":"news"}]}',
      eventIds: [1],
      attemptList: [
        {
          number: 1,
          atMs: startsAtMs,
          elapsedMs: 12.3,
          result: 'refused',
          status: 500,
          answer: 'oh',
          headers: { 'X-Own': 'secret', 'X-Pusher-Key': 'app-key' },
        },
      ],
    });
    expect(history.delivery('2', 'msg_1', showing)).toBeUndefined();
    expect(history.delivery('1', 'msg_2', showing)).toBeUndefined();
  });

  test('hides payloads and the values of extra headers from callers that must not see them', async () => {
    const { recorder, history } = stage();
    const event: WebhookEvent = {
      name: 'client_event',
      channel: news,
      event: 'client-typing',
      data: 'hidden',
      socketId: socketIdOf('1.1'),
      userId: undefined,
    };
    recorder.onFact(selected(event));
    const attempt = attemptWith([event]);
    recorder.onFact({ kind: 'attempt-began', attempt });
    recorder.onFact(ended(attempt, { ...ok, body: 'answered' }));
    const hidden = { payloads: false, headerValues: false };
    expect(JSON.stringify(await history.events({ appId: '1', limit: 1 }, hidden))).not.toContain('hidden');
    const detail = history.delivery('1', 'msg_1', hidden);
    expect(detail).toMatchObject({ body: '', attemptList: [{ number: 1, result: 'success' }] });
    expect(detail?.attemptList[0]?.headers).toEqual({ 'X-Own': '', 'X-Pusher-Key': 'app-key' });
    expect(detail?.attemptList[0]?.answer).toBeUndefined();
  });

  test('returns every event exactly once over its pages, newest first', async () => {
    const { recorder, history } = stage({ perSecond: Infinity });
    for (let count = 0; count < 7; count += 1) recorder.onFact(selected(occupied()));
    recorder.onFact(selected(occupied(), '2'));
    const ids: number[] = [];
    let before: number | undefined;
    do {
      const page = await history.events(
        { appId: '1', limit: 3, ...(before !== undefined && { before }) },
        showing,
      );
      ids.push(...page.items.map(({ id }) => id));
      before = page.next === undefined ? undefined : Number(page.next);
    } while (before !== undefined);
    expect(ids).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });

  test('shows a resend among the attempts of its delivery', () => {
    const { clock, recorder, history } = stage();
    const event = occupied();
    recorder.onFact(selected(event));
    const attempt = attemptWith([event]);
    recorder.onFact({ kind: 'attempt-began', attempt });
    recorder.onFact(ended(attempt, { kind: 'timeout' }));
    recorder.onFact(decided([event], 'expired'));
    clock.advanceSync(60_000);
    const resent = {
      number: 2,
      resend: 1,
      timeMs: startsAtMs + 59_000,
      elapsedMs: 1000,
      result: 'success',
      status: 200,
    } as const;
    const { request } = attempt;
    recorder.resent({ deliveryId: 'msg_1', request, attempt: resent, events: 1 });
    recorder.resent({ deliveryId: 'unknown', request, attempt: resent, events: 1 });
    expect(history.delivery('1', 'msg_1', showing)).toMatchObject({
      status: 'dropped',
      isResent: true,
      attempts: 2,
      lastAttempt: { result: 'success', status: 200 },
      attemptList: [
        { number: 1, result: 'timeout' },
        { number: 2, resend: 1, atMs: startsAtMs + 59_000, elapsedMs: 1000 },
      ],
    });
    expect(recorder.deliveryRecords()).toHaveLength(1);
  });
});
