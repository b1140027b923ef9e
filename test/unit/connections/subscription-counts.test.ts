import { describe, expect, test } from 'vitest';
import { application } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

const counting = application({ subscriptionCount: true });
const succeeded = (channel: string) => ({
  event: 'pusher_internal:subscription_succeeded',
  channel,
  data: '{}',
});
const counted = (channel: string, count: number) => ({
  event: 'pusher_internal:subscription_count',
  channel,
  data: `{"subscription_count":${count}}`,
});
const countEvent = (channel: string, count: number) => ({ name: 'subscription_count', channel, count });

function countingStage() {
  return hubStage({ apps: [counting] });
}

describe('the count of subscribers', () => {
  test.each(['news', 'private-a', 'private-encrypted-a'])(
    'of %s is sent to all subscribers, to a new one after its subscription succeeded, and to webhooks after occupied',
    (channel) => {
      const { connect, outbox } = countingStage();
      const [first, second] = [connect(), connect()];
      first.subscribe(channel);
      first.socket.expectFrame(succeeded(channel));
      first.socket.expectFrame(counted(channel, 1));
      outbox.expectEvent({ name: 'channel_occupied', channel });
      outbox.expectEvent(countEvent(channel, 1));
      second.subscribe(channel);
      second.socket.expectFrame(succeeded(channel));
      for (const { socket } of [first, second]) {
        socket.expectFrame(counted(channel, 2));
        socket.expectNoFrame();
      }
      outbox.expectEvent(countEvent(channel, 2));
      outbox.expectNothing();
    },
  );

  test('of a cache channel is sent after the cached event or the miss', () => {
    const { connect, outbox } = countingStage();
    const actor = connect();
    actor.subscribe('cache-a');
    expect(actor.socket.takeFrames().map(({ event }) => event)).toEqual([
      'pusher_internal:subscription_succeeded',
      'pusher:cache_miss',
      'pusher_internal:subscription_count',
    ]);
    expect(outbox.takeLines()).toEqual([
      'channel_occupied cache-a',
      'cache_miss cache-a',
      'subscription_count cache-a',
    ]);
  });

  test('is sent to the others when somebody leaves; 0 is reported immediately and vacated after the grace', async () => {
    const { connect, outbox, advance } = countingStage();
    const [stayer, leaver] = [connect().join('news'), connect().join('news')];
    stayer.socket.takeFrames();
    outbox.takeLines();
    leaver.unsubscribe('news');
    leaver.socket.expectNoFrame();
    stayer.socket.expectFrame(counted('news', 1));
    outbox.expectEvent(countEvent('news', 1));
    stayer.vanish();
    outbox.expectEvent(countEvent('news', 0));
    outbox.expectNothing();
    await advance(3000);
    outbox.expectEvent({ name: 'channel_vacated', channel: 'news' });
    outbox.expectNothing();
  });

  test('is sent for a return within the grace, although occupied is not', async () => {
    const { connect, outbox, advance } = countingStage();
    connect().join('news').vanish();
    outbox.takeLines();
    await advance(1000);
    connect().join('news');
    outbox.expectEvent(countEvent('news', 1));
    outbox.expectNothing();
  });

  test('is not sent for a refused subscription', () => {
    const { connect, outbox } = countingStage();
    const actor = connect();
    actor.send({ event: 'pusher:subscribe', data: { channel: 'private-a', auth: 'app-key:00' } });
    expect(actor.socket.takeFrames().map(({ event }) => event)).not.toContain(
      'pusher_internal:subscription_count',
    );
    actor.join('news');
    outbox.takeLines();
    actor.subscribe('news');
    actor.socket.expectError('Existing subscription to channel news');
    actor.socket.expectNoFrame();
    outbox.expectNothing();
  });

  test('of a presence channel is never sent', async () => {
    const { connect, outbox, advance } = countingStage();
    for (const channel of ['presence-a', 'presence-cache-a']) {
      const [first, second] = [connect(), connect()];
      first.join(channel, { user_id: '7' });
      second.subscribe(channel, { user_id: '8' });
      second.vanish();
      expect(first.socket.takeFrames().map(({ event }) => event)).toEqual([
        'pusher_internal:member_added',
        'pusher_internal:member_removed',
      ]);
    }
    await advance(10_000);
    expect(outbox.takeLines().filter((line) => line.startsWith('subscription_count'))).toEqual([]);
  });

  test('is not sent unless the app enables it', () => {
    const { connect, outbox } = hubStage();
    const actor = connect();
    actor.subscribe('news');
    actor.socket.expectFrame(succeeded('news'));
    actor.socket.expectNoFrame();
    expect(outbox.takeLines()).toEqual(['channel_occupied news']);
  });

  test('above 100 connections is sent after five seconds, to all with the last value', async () => {
    const { connect, outbox, clock } = countingStage();
    const actors = Array.from({ length: 100 }, () => connect().join('news'));
    const [first] = actors;
    expect(first?.socket.takeFrames().at(-1)).toEqual(counted('news', 100));
    outbox.takeLines();
    for (let count = 0; count < 50; count += 1) {
      const late = connect();
      late.subscribe('news');
      expect(late.socket.takeFrames()).toEqual([succeeded('news')]);
    }
    first?.socket.expectNoFrame();
    outbox.expectNothing();
    await clock.advance(4999);
    first?.socket.expectNoFrame();
    await clock.advance(1);
    first?.socket.expectFrame(counted('news', 150));
    outbox.expectEvent(countEvent('news', 150));
    await clock.advance(60_000);
    first?.socket.expectNoFrame();
    outbox.expectNothing();
  });

  test('is not sent later if the app has disabled it meanwhile', async () => {
    const { connect, outbox, clock, apps } = countingStage();
    const [first] = Array.from({ length: 101 }, () => connect().join('news'));
    first?.socket.takeFrames();
    outbox.takeLines();
    apps.replace([application({ subscriptionCount: false })]);
    await clock.advance(10_000);
    first?.socket.expectNoFrame();
    outbox.expectNothing();
    apps.replace([counting]);
    connect().join('news');
    await clock.advance(5000);
    expect(first?.socket.takeFrames().at(-1)).toEqual(counted('news', 102));
  });

  test('belongs to the app: another app with the same channel counts for itself', () => {
    const other = application({ id: '2', key: 'other', secret: 's2', subscriptionCount: true });
    const { connect, outbox } = hubStage({ apps: [counting, other] });
    const here = connect().join('news');
    here.socket.takeFrames();
    outbox.takeLines();
    connect('other').join('news');
    here.socket.expectNoFrame();
    outbox.expectEvent({ name: 'channel_occupied', channel: 'news' }, '2');
    outbox.expectEvent(countEvent('news', 1), '2');
  });
});
