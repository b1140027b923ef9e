import { describe, expect, test } from 'vitest';
import type { Limits } from '../../../src/protocol/limits.ts';
import { application } from '../../support/unit/application.ts';
import { hubStage, type Actor } from '../../support/unit/hub-stage.ts';

function stage(limits: Partial<Limits>) {
  const refused: string[] = [];
  const metrics = {
    refused: (_: string, kind: string, reason: string) => void refused.push(`${kind} ${reason}`),
  };
  return { ...hubStage({ apps: [application({ limits })], metrics }), refused };
}

const names = (count: number, prefix = 'room') =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

/** Subscribes to each channel, and returns those that were accepted. */
function comeTo(actor: Actor, channels: readonly string[]): string[] {
  for (const channel of channels) actor.subscribe(channel);
  actor.socket.takeFrames();
  return channels.filter((channel) => actor.session.subscriptions.has(channel));
}

describe('a connection', () => {
  test('may have 1,000 channels and no more, unless configured otherwise', () => {
    const { connect } = stage({});
    const actor = connect();
    expect(comeTo(actor, names(1001))).toHaveLength(1000);
    expect(comeTo(connect(), names(1000, 'other'))).toHaveLength(1000);
  });

  test('is sent the reason on the channel and on the connection, which stays open', () => {
    const { connect, refused } = stage({ channelsPerConnection: 1 });
    const actor = connect().join('a');
    actor.subscribe('b');
    const error =
      'Cannot subscribe to b: the connection has 1 channels, the most that are accepted. Unsubscribe from some first';
    expect(actor.socket.takeFrames()).toEqual([
      {
        event: 'pusher:subscription_error',
        channel: 'b',
        data: JSON.stringify({ type: 'LimitReached', error, status: 4004 }),
      },
      { event: 'pusher:error', data: { message: error, code: null } },
    ]);
    expect(refused).toEqual(['subscription channel_limit']);
    actor.unsubscribe('a');
    actor.join('b');
  });

  test("may have the user's own channel in addition", () => {
    const { connect } = stage({ channelsPerConnection: 1 });
    const actor = connect().enter({ id: '7' });
    actor.join('#server-to-user-7').join('a');
    expect(comeTo(actor, ['b'])).toEqual([]);
  });

  test('may join the configured number of new channels per second, after a burst of as many channels as it may have', async () => {
    const { connect, clock, refused } = stage({ channelsPerConnection: 3, newChannelsPerSecond: 2 });
    const actor = connect();
    const comeAndGo = (channel: string): boolean => {
      const [isIn] = comeTo(actor, [channel]);
      actor.unsubscribe(channel);
      return isIn !== undefined;
    };
    expect(names(7).map(comeAndGo)).toEqual([true, true, true, true, true, false, false]);
    expect(refused).toEqual(['subscription channel_rate', 'subscription channel_rate']);
    await clock.advance(1000);
    expect(names(3).map(comeAndGo)).toEqual([true, true, false]);
  });

  test('may join occupied channels without a limit', () => {
    const { connect } = stage({ channelsPerConnection: 1, newChannelsPerSecond: 1 });
    connect().join('a');
    const actor = connect();
    for (let times = 0; times < 10; times += 1) {
      actor.join('a');
      actor.unsubscribe('a');
    }
  });

  test('does not use up its burst with what the rate of the app refuses', async () => {
    const { connect, clock } = stage({
      channelsPerConnection: 2,
      newChannelsPerSecond: 1,
      appNewChannelsPerSecond: 10,
    });
    for (let others = 0; others < 50; others += 1) comeTo(connect(), names(2, `other-${others}`));
    const actor = connect();
    expect(comeTo(actor, names(5))).toEqual([]);
    await clock.advance(1000);
    expect(comeTo(actor, names(2))).toHaveLength(2);
  });

  test('does not use up its burst with what is refused for another reason', () => {
    const { connect } = stage({ channelsPerConnection: 1, newChannelsPerSecond: 1 });
    const actor = connect();
    for (let times = 0; times < 10; times += 1) {
      actor.send({ event: 'pusher:subscribe', data: { channel: 'private-a', auth: 'app-key:wrong' } });
    }
    expect(actor.socket.takeFrames()).toHaveLength(20);
    actor.join('private-a');
  });
});

describe('an app', () => {
  test('may have the configured number of occupied channels, which still accept subscribers', () => {
    const { connect, refused } = stage({ channels: 2 });
    expect(comeTo(connect(), ['a', 'b', 'c'])).toEqual(['a', 'b']);
    const other = connect();
    expect(comeTo(other, ['a', 'd'])).toEqual(['a']);
    expect(refused).toEqual(['subscription app_channel_limit', 'subscription app_channel_limit']);
  });

  test('may occupy the configured number of new channels per second with all its connections, after a burst of ten times as many', async () => {
    const { connect, clock, refused } = stage({ appNewChannelsPerSecond: 1 });
    expect(comeTo(connect(), names(6, 'a'))).toHaveLength(6);
    const other = connect();
    expect(comeTo(other, names(6, 'b'))).toHaveLength(4);
    expect(refused).toEqual(['subscription app_channel_rate', 'subscription app_channel_rate']);
    await clock.advance(1000);
    expect(comeTo(other, names(2, 'c'))).toHaveLength(1);
  });
});
