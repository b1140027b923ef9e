import { describe, expect, test } from 'vitest';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { application, channelName, endpoint } from '../../support/unit/application.ts';
import { one, reloadStage as stage, serving } from '../../support/unit/reload-stage.ts';
import { occupied, storeStage } from '../../support/unit/store-stage.ts';

const minute = 60_000;
const startedAtMs = 1_700_000_000_000;

/** Held since this long after the clocks of the tests were at zero. */
const heldSince = (ms: number) => ({ ...one, heldSinceMs: startedAtMs + ms });
const held = heldSince(0);

describe('an endpoint that is held', () => {
  test('is sent nothing, however long that takes; then everything, in the order of its channel', async () => {
    const { clock, sender, drops, dispatcher, append } = stage(serving(held));
    append('a');
    append('a');
    append('b');
    await clock.advance(60 * minute);
    sender.expectNoPost();
    expect([...dispatcher.readQueues()]).toMatchObject([{ events: 3, oldestAgeMs: 60 * minute }]);
    dispatcher.replace(serving(one));
    const [first, other] = [sender.expectPost(), sender.expectPost()];
    expect([first.lines, other.lines]).toEqual([['channel_occupied a'], ['channel_occupied b']]);
    sender.expectNoPost();
    await first.answer(200);
    await sender.expectPost().answer(200);
    await other.answer(200);
    expect([...dispatcher.readQueues()]).toMatchObject([{ events: 0, oldestAgeMs: 0 }]);
    expect(drops.read('1').dropped).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('has no timer while it waits, and then continues where it was', async () => {
    const { clock, sender, drops, dispatcher, append } = stage();
    append('a');
    await clock.advance(0);
    await sender.expectPost().answer(500);
    await clock.advance(400);
    dispatcher.replace(serving(held));
    expect(clock.pending).toBe(0);
    await clock.advance(60 * minute);
    dispatcher.replace(serving(one));
    // The next attempt was due a second after the first.
    await clock.advance(599);
    sender.expectNoPost();
    await clock.advance(1);
    const attemptsAt = [0, 1000];
    for (let ms = 1000; ms <= 5 * minute; ms += 100) {
      if (sender.hasPost) {
        if (ms > 1000) attemptsAt.push(ms);
        await sender.expectPost().answer(500);
      }
      await clock.advance(100);
    }
    expect(attemptsAt).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243].map((seconds) => seconds * 1000));
    expect(drops.read('1').dropped).toMatchObject([{ channel: 'a', reason: 'expired' }]);
  });

  test('may still accept an attempt in progress; otherwise that waits', async () => {
    const { clock, sender, dispatcher, append } = stage();
    append('taken');
    append('refused');
    await clock.advance(0);
    const [taken, refused] = [sender.expectPost(), sender.expectPost()];
    dispatcher.replace(serving(held));
    await taken.answer(200);
    await refused.answer(500);
    await clock.advance(10 * minute);
    sender.expectNoPost();
    expect([...dispatcher.readQueues()]).toMatchObject([{ events: 1 }]);
    dispatcher.replace(serving(one));
    await clock.advance(1000);
    expect(sender.expectPost().request.headers).toMatchObject({ 'X-Soketify-Attempt': '2' });
  });

  test('leaves its place to others', async () => {
    const { clock, sender, dispatcher, append } = stage([
      application({ endpoints: [held, endpoint({ id: 'two', url: 'http://two/' })] }),
    ]);
    append('a');
    await clock.advance(minute);
    expect(sender.expectPost().request.url).toBe('http://two/');
    sender.expectNoPost();
    dispatcher.replace(serving(held));
  });

  test('loses what waits when it is disabled, with a record', async () => {
    const { sender, drops, dispatcher, append } = stage(serving(held));
    append('a');
    dispatcher.replace(serving({ ...held, isEnabled: false }));
    expect(drops.read('1').dropped).toMatchObject([{ channel: 'a', reason: 'disabled' }]);
    dispatcher.replace(serving(one));
    sender.expectNoPost();
  });

  test('is sent nothing once it is removed: what waits expires when its remaining time is over', async () => {
    const { clock, sender, drops, queues, dispatcher, append } = stage(serving(held));
    append('a');
    await clock.advance(10 * minute);
    dispatcher.replace(serving());
    await clock.advance(5 * minute - 1);
    expect(queues()).toBe(1);
    await clock.advance(1);
    sender.expectNoPost();
    expect(queues()).toBe(0);
    expect(drops.read('1').dropped).toMatchObject([{ channel: 'a', reason: 'expired' }]);
  });

  test('is sent what waits when it is added again and is no longer held', async () => {
    const { clock, sender, dispatcher, append } = stage(serving(held));
    append('a');
    await clock.advance(10 * minute);
    dispatcher.replace(serving());
    await clock.advance(minute);
    dispatcher.replace(serving(one));
    expect(sender.expectPost().lines).toEqual(['channel_occupied a']);
  });

  test('is held again when it is added again while it is still paused, so nothing expires', async () => {
    const { clock, sender, drops, dispatcher, append } = stage(serving(held));
    append('a');
    await clock.advance(10 * minute);
    dispatcher.replace(serving());
    await clock.advance(minute);
    dispatcher.replace(serving(held));
    append('b');
    await clock.advance(60 * minute);
    expect(drops.read('1').dropped).toEqual([]);
    expect(clock.pending).toBe(0);
    dispatcher.replace(serving(one));
    expect([...sender.expectPost().lines, ...sender.expectPost().lines]).toEqual([
      'channel_occupied a',
      'channel_occupied b',
    ]);
  });
});

describe('a process that stops while an endpoint is held', () => {
  test('does not wait for it, and drops what waits with a record', async () => {
    const { clock, sender, drops, dispatcher, append } = stage(serving(held));
    append('a');
    await dispatcher.close(minute);
    sender.expectNoPost();
    expect(drops.read('1').dropped).toMatchObject([{ channel: 'a', reason: 'shutdown' }]);
    expect(clock.pending).toBe(0);
  });

  test('waits for the attempts in progress', async () => {
    const { clock, sender, dispatcher, append } = stage();
    append('a');
    await clock.advance(0);
    const post = sender.expectPost();
    dispatcher.replace(serving(held));
    let isClosed = false;
    const closed = dispatcher.close(minute).finally(() => {
      isClosed = true;
    });
    await clock.advance(3000);
    expect(isClosed).toBe(false);
    await post.answer(200);
    await closed;
  });

  test('leaves what waits in its store', async () => {
    const { clock, sender, store, drops, dispatcher, take } = storeStage([held]);
    take('a');
    await dispatcher.leave(minute);
    sender.expectNoPost();
    store.expectNothing();
    expect(drops.read('1').dropped).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

describe('a process that starts while an endpoint is held', () => {
  // The clock of this stage stands at 1,000,000 ms.
  const sinceStart = heldSince(1_000_000 - 10 * minute);

  test('counts the age of stored events only up to the hold', async () => {
    const { clock, sender, drops, dispatcher, take } = storeStage([sinceStart], { maxEvents: 1 });
    take('old', { ageMs: 14 * minute });
    take('late', { ageMs: 15 * minute - 1 });
    take('within', { ageMs: 3 * minute });
    take('expired', { ageMs: 15 * minute });
    expect(drops.read('1').dropped).toMatchObject([{ channel: 'expired' }]);
    await clock.advance(minute);
    dispatcher.replace(serving(one));
    const posts = ['old', 'late', 'within'].map(() => sender.expectPost());
    for (const post of posts) await post.answer(500);
    // Its first retry would be later than the five minutes, with a millisecond left.
    const dropped = () => drops.read('1').dropped.map(({ channel }) => channel);
    expect(dropped()).toEqual(['expired', 'late']);
  });

  test('restores a batch with the remaining time until its next attempt', async () => {
    const { clock, sender, dispatcher, restore } = storeStage([sinceStart]);
    // Due 20 s after the hold began.
    restore('one', ['a'], { attempts: 1, delayMs: 20_000 - 10 * minute, ageMs: 11 * minute });
    await clock.advance(minute);
    sender.expectNoPost();
    dispatcher.replace(serving(one));
    await clock.advance(19_999);
    sender.expectNoPost();
    await clock.advance(1);
    await sender.expectPost().answer(500);
    // Of the five minutes, one had passed before the hold, and 20 s have passed since.
    await clock.advance(5 * minute);
    expect(sender.hasPost).toBe(true);
  });

  test('counts no age for a hold that has ended', async () => {
    const lastHold = { fromMs: startedAtMs - 60 * minute, toMs: startedAtMs + 1_000_000 - minute };
    const { clock, sender, drops, take } = storeStage([{ ...one, lastHold }], { maxEvents: 1 });
    // One minute of the hold is over. Before it, the event had waited for two, so three minutes are up soon.
    take('a', { ageMs: 1_000_000 + 62 * minute });
    await sender.expectPost().answer(500);
    await clock.advance(2 * minute - 1000);
    expect(drops.read('1').dropped).toEqual([]);
    take('b', { ageMs: 1_000_000 + 65 * minute });
    expect(drops.read('1').dropped).toMatchObject([{ channel: 'b', reason: 'expired' }]);
  });

  test('treats a hold that starts in the future as one that starts now', async () => {
    const { clock, sender, dispatcher, take } = storeStage([heldSince(2_000_000)]);
    take('a', { ageMs: 4 * minute });
    await clock.advance(10 * minute);
    dispatcher.replace(serving(one));
    expect(sender.expectPost().lines).toEqual(['channel_occupied a']);
  });
});

describe('a batch that was being stored when the hold began', () => {
  test('is put back, and sent unchanged after the release', async () => {
    const { clock, sender, store, dispatcher, take } = storeStage([one], { maxEvents: 1 });
    const answer = store.answerLater();
    take('a');
    dispatcher.replace(serving(heldSince(1_000_000)));
    answer(true);
    await clock.advance(10 * minute);
    sender.expectNoPost();
    store.answer = () => true;
    dispatcher.replace(serving(one));
    await clock.advance(0);
    expect(sender.expectPost().request.headers).toMatchObject({
      'webhook-id': 'msg_1',
      'X-Soketify-Attempt': '1',
    });
  });

  test('stays held whatever the store allows', async () => {
    const { clock, sender, dispatcher, take } = storeStage([held]);
    take('a');
    dispatcher.resume();
    await clock.advance(minute);
    sender.expectNoPost();
  });
});

test('events above the bound of a held endpoint are dropped', () => {
  const event = (index: number): WebhookEvent => ({
    name: 'client_event',
    channel: channelName(`room-${index}`),
    event: 'client-a',
    data: 'x'.repeat(1_000_000),
    socketId: '1.1' as never,
    userId: undefined,
  });
  const { dispatcher, appendAll, drops } = stage(serving(held));
  for (let index = 0; index < 80; index += 1) appendAll('1', [event(index)]);
  const [queue] = dispatcher.readQueues();
  expect(queue?.bytes).toBeLessThanOrEqual(67_108_864);
  expect(new Set(drops.read('1').dropped.map(({ reason }) => reason))).toEqual(new Set(['overflow']));
});

describe('batching of an endpoint', () => {
  const append = (made: ReturnType<typeof storeStage>, ...channels: string[]) =>
    made.append('1', channels.map(occupied));

  test('follows its own settings, and the common ones where it has none', async () => {
    const made = storeStage([{ ...one, batch: { maxEvents: 2 } }], { maxEvents: 20 });
    append(made, 'a', 'b', 'c');
    expect(made.sender.expectPost().lines).toEqual(['channel_occupied a', 'channel_occupied b']);
    made.sender.expectNoPost();
    await made.clock.advance(250);
    expect(made.sender.expectPost().lines).toEqual(['channel_occupied c']);
  });

  test('changes for what waits and is not in a batch yet', async () => {
    const made = storeStage([one], { maxEvents: 20 });
    append(made, 'a', 'b', 'c');
    made.dispatcher.replace(serving({ ...one, batch: { maxEvents: 2, maxDelayMs: 5000 } }));
    expect(made.sender.expectPost().lines).toEqual(['channel_occupied a', 'channel_occupied b']);
    await made.clock.advance(4999);
    made.sender.expectNoPost();
    await made.clock.advance(1);
    expect(made.sender.expectPost().lines).toEqual(['channel_occupied c']);
    append(made, 'd');
    await made.clock.advance(10);
    made.dispatcher.replace(serving({ ...one, batch: { maxDelayMs: 0 } }));
    expect(made.sender.expectPost().lines).toEqual(['channel_occupied d']);
    append(made, 'e');
    made.dispatcher.replace(serving(one));
    expect(made.sender.expectPost().lines).toEqual(['channel_occupied e']);
  });

  test('limits the bytes of its bodies', async () => {
    const made = storeStage([{ ...one, batch: { maxBytes: 100 } }], { maxEvents: 20 });
    append(made, 'a', 'b');
    await made.clock.advance(250);
    expect(made.sender.expectPost().lines).toEqual(['channel_occupied a']);
    expect(made.sender.expectPost().lines).toEqual(['channel_occupied b']);
  });
});
