import { describe, expect, test } from 'vitest';
import { Recorder } from '../../../src/recording/recorder.ts';
import { viewDelivery, viewEvent } from '../../../src/recording/views.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { defaultPolicy } from '../../support/property/delivery-shell.ts';
import { channelName } from '../../support/unit/application.ts';
import { createDispatcher } from '../../support/unit/create-dispatcher.ts';
import { FakeDeliveryStore } from '../../support/unit/fake-delivery-store.ts';
import { FakeSender } from '../../support/unit/fake-sender.ts';
import { connection, startsAtMs } from '../../support/unit/recording.ts';
import { occupied, one, serving, two } from '../../support/unit/store-stage.ts';

const showing = { payloads: true, headerValues: true };

const vacated = (name: string): WebhookEvent => ({ name: 'channel_vacated', channel: channelName(name) });

/** A node of several: its recorder stays while its dispatchers stop and start. */
function node({ budget = 1000 } = {}) {
  const clock = new FakeClock();
  const sender = new FakeSender();
  const recorder = new Recorder({
    clock,
    wallTime: { now: () => startsAtMs + clock.now() },
    budget: { bytes: 1_000_000, events: { perSecond: budget } },
  });
  const start = (endpoints = [one]) => {
    const { dispatcher } = createDispatcher({
      clock,
      sender,
      applications: serving(...endpoints),
      policy: { ...defaultPolicy, batch: { ...defaultPolicy.batch, maxEvents: 1 } },
      store: new FakeDeliveryStore(),
      onFact: recorder.onFact,
    });
    return {
      stop: () => dispatcher.stop(),
      take: (
        channel: string,
        { ageMs = 0, settledFor = [] as string[], event = occupied(channel), ref = channel } = {},
      ) => dispatcher.take('1', event, { ref, ageMs, settledFor: new Set(settledFor) }),
      restore: (id: string, channel: string, { attempts = 1, delayMs = 0, ageMs = 0 } = {}) =>
        dispatcher.restore({
          id,
          appId: '1',
          endpointId: 'one',
          timeMs: startsAtMs,
          refs: [channel],
          attempts,
          delayMs,
          events: [{ event: occupied(channel), ref: channel, ageMs, settledFor: new Set<string>() }],
        }),
    };
  };
  return {
    clock,
    sender,
    recorder,
    start,
    events: () => recorder.eventRecords().map((record) => viewEvent(record, showing)),
    deliveries: () => recorder.deliveryRecords().map(viewDelivery),
  };
}

describe('what a dispatcher leaves to another node', () => {
  test('has moved, whether it waited for a batch, for an answer or for another attempt', async () => {
    const { sender, start, events, deliveries, recorder, clock } = node();
    const { take, stop } = start();
    take('failed');
    await sender.expectPost().answer(503);
    take('under way');
    const post = sender.expectPost();
    take('under way', { event: vacated('under way'), ref: 'later' });
    stop();
    expect(events()).toMatchObject([
      {
        channel: 'failed',
        status: 'moved',
        why: expect.stringMatching(
          /; left to another node after 1 attempt for http:\/\/one\/, the last with status 503$/,
        ),
        endpoints: [{ endpoint: 'one', status: 'moved', attempts: 1 }],
      },
      { name: 'channel_occupied', channel: 'under way', status: 'moved' },
      {
        name: 'channel_vacated',
        status: 'moved',
        why: expect.stringMatching(/; left to another node before the first attempt for http:\/\/one\/$/),
      },
    ]);
    expect(deliveries()).toMatchObject([{ status: 'moved' }, { status: 'moved' }]);
    expect(deliveries()[0]).not.toHaveProperty('nextAttemptAtMs');
    await post.answer(503);
    await clock.advance(600_000);
    expect(events().map(({ status }) => status)).toEqual(['moved', 'moved', 'moved']);
    expect(deliveries()[1]).toMatchObject({ status: 'moved', lastAttempt: { status: 503 } });
    expect(recorder.events().map(({ status }) => status)).toEqual(['pending', 'pending', 'pending']);
    expect(recorder.deliveries().map(({ status }) => status)).toEqual(['pending', 'pending']);
  });

  test('has moved even if it is only recorded because its last attempt failed after that', async () => {
    const { sender, start, events, deliveries } = node({ budget: 0 });
    const { take, stop } = start();
    take('a');
    const post = sender.expectPost();
    stop();
    await post.answer(503);
    expect(events()).toMatchObject([{ status: 'moved' }]);
    expect(deliveries()).toMatchObject([{ status: 'moved' }]);
  });

  test('keeps the outcome that this node knows', async () => {
    const { sender, start, events, deliveries } = node();
    const { take, stop } = start([one, two]);
    take('a');
    await sender.expectPost('http://one/').answer(200);
    stop();
    expect(events()).toMatchObject([
      { status: 'moved', endpoints: [{ status: 'delivered' }, { status: 'moved' }] },
    ]);
    expect(deliveries().map(({ status }) => status)).toEqual(['delivered', 'moved']);
  });
});

describe('what a node takes again after it left it', () => {
  test('continues its record, to its end', async () => {
    const { clock, sender, start, events, deliveries } = node();
    const before = start();
    before.take('a');
    await sender.expectPost().answer(503);
    before.take('b');
    sender.expectPost();
    before.take('b', { event: vacated('b'), ref: 'later' });
    const id = deliveries()[0]?.id ?? '';
    before.stop();
    const { take, restore } = start();
    restore(id, 'a', { delayMs: 5000 });
    take('a', { ageMs: 10 });
    expect(deliveries()[0]).toMatchObject({
      status: 'pending',
      nextAttemptAtMs: startsAtMs + clock.now() + 5000,
    });
    expect(events()).toMatchObject([
      { id: 1, status: 'pending' },
      { id: 2, status: 'moved' },
      { id: 3, status: 'moved' },
    ]);
    await clock.advance(5000);
    await sender.expectPost().answer(200);
    expect(events()).toMatchObject([
      { id: 1, status: 'delivered', endpoints: [{ attempts: 2, deliveries: [id] }] },
      { id: 2 },
      { id: 3 },
    ]);
    expect(deliveries()[0]).toMatchObject({ id, status: 'delivered', attempts: 2 });
  });

  test('stays moved at an endpoint that has decided it in the meantime', () => {
    const { start, events } = node();
    const before = start([one, two]);
    before.take('a');
    before.stop();
    start([one, two]).take('a', { settledFor: ['one'] });
    expect(events()).toMatchObject([
      { status: 'pending', endpoints: [{ status: 'moved' }, { endpoint: 'two', status: 'pending' }] },
    ]);
  });

  test('is another event if the store has lost data and gives the same place again', () => {
    const { start, events } = node();
    const before = start();
    before.take('a');
    before.stop();
    start().take('a', { event: occupied('other') });
    expect(events()).toMatchObject([{ id: 2, channel: 'other', status: 'pending' }]);
  });
});

describe('what a node takes over', () => {
  test('is recorded with the time at which it happened', async () => {
    const { clock, recorder, start, events } = node();
    await clock.advance(100_000);
    recorder.joined(connection('1.1'), channelName('own'), undefined);
    const { take } = start();
    take('own');
    take('old', { ageMs: 60_000 });
    expect(events()).toMatchObject([
      { id: 1, channel: 'own', atMs: startsAtMs + 100_000, cause: { kind: 'subscribed' } },
      { id: 2, channel: 'old', atMs: startsAtMs + 40_000, cause: { kind: 'unknown' } },
    ]);
  });

  test('has no record if every endpoint has decided it', () => {
    const { start, events } = node();
    start([one, two]).take('a', { settledFor: ['one', 'two'] });
    expect(events()).toEqual([]);
  });

  test('was not caused by a later movement on this node', async () => {
    const { clock, recorder, start, events } = node();
    await clock.advance(100_000);
    recorder.joined(connection('1.1'), channelName('a'), undefined);
    start().take('a', { ageMs: 60_000 });
    expect(events()).toMatchObject([{ atMs: startsAtMs + 40_000, cause: { kind: 'unknown' } }]);
  });

  test('was caused by a movement just before, even if its age seems to be a little more', async () => {
    const { clock, recorder, start, events } = node();
    await clock.advance(100_000);
    recorder.joined(connection('1.1'), channelName('a'), undefined);
    start().take('a', { ageMs: 7 });
    expect(events()).toMatchObject([
      { atMs: startsAtMs + 100_000, cause: { kind: 'subscribed', atMs: startsAtMs + 100_000 } },
    ]);
  });

  test('has a record of its delivery, although another node began it', async () => {
    const { sender, start, events, deliveries } = node();
    const { restore, take } = start();
    restore('msg_other', 'a', { attempts: 2 });
    take('a');
    await sender.expectPost().answer(200);
    expect(events()).toMatchObject([{ status: 'delivered', endpoints: [{ deliveries: ['msg_other'] }] }]);
    expect(deliveries()).toMatchObject([{ id: 'msg_other', status: 'delivered', attempts: 3 }]);
  });

  test('does not shorten the time for which everything is known', async () => {
    const { clock, recorder, start } = node();
    await clock.advance(1000);
    const { take } = start();
    for (let count = 0; count < 1000; count += 1) take(`old ${count}`, { ageMs: 500 });
    expect(recorder.eventExtent).toMatchObject({ keptSinceMs: startsAtMs + 1000 });
  });
});
