import { describe, expect, test } from 'vitest';
import type { Ledger } from '../../../src/ports/ledger.ts';
import type { Limits } from '../../../src/protocol/limits.ts';
import { settle } from '../../support/fake-clock.ts';
import { delegateLedger } from '../../support/unit/delegate-ledger.ts';
import { application } from '../../support/unit/application.ts';
import { hubStage, type Actor } from '../../support/unit/hub-stage.ts';

/** A ledger behind a network: joins take effect immediately, and the test determines when they are answered. */
function slowStage(limits: Partial<Limits> = {}) {
  const held: (() => void)[] = [];
  /** The channels that were joined, in order. */
  const joins: string[] = [];
  const stage = hubStage({
    apps: [application({ limits })],
    ledger: (memory): Ledger => ({
      ...delegateLedger(memory),
      join(join) {
        const joined = memory.join(join);
        joins.push(join.channel);
        return new Promise((resolve) => {
          held.push(() => resolve((join.after ?? Promise.resolve()).then(() => joined)));
        });
      },
    }),
  });
  const answer = async (which = 0): Promise<void> => {
    held.splice(which, 1).forEach((resolve) => resolve());
    await settle();
  };
  return { ...stage, joins, answer };
}

const user = { user_id: '7' };
const events = (frames: readonly { event: string; channel?: string }[]) =>
  frames.map(({ event, channel = '' }) => `${event.replace(/^pusher(_internal)?:/, '')} ${channel}`.trim());

describe('while a subscription waits for its answer', () => {
  test('later commands wait behind it and take effect in order', async () => {
    const { connect, answer } = slowStage();
    const actor = connect();
    actor.subscribe('presence-a', user);
    actor.subscribe('news');
    actor.unsubscribe('presence-a');
    actor.subscribe('presence-a', user);
    actor.send('nonsense');
    actor.socket.expectNoFrame();
    await answer();
    expect(events(actor.socket.takeFrames())).toEqual(['subscription_succeeded presence-a']);
    await answer();
    expect(events(actor.socket.takeFrames())).toEqual(['subscription_succeeded news']);
    await answer();
    await answer();
    expect(events(actor.socket.takeFrames())).toEqual(['subscription_succeeded presence-a', 'error']);
  });

  test('a ping is answered immediately and a pong counts as a sign of life', () => {
    const { connect, clock } = slowStage();
    const actor = connect();
    actor.subscribe('presence-a', user);
    clock.advanceSync(5000);
    actor.send({ event: 'pusher:ping' });
    actor.socket.expectFrame({ event: 'pusher:pong', data: {} });
    expect(actor.session.lastHeardAt).toBe(6000);
  });

  test('a fast unsubscribe and subscribe of one channel do not race', async () => {
    const { connect, answer } = slowStage();
    const actor = connect();
    actor.subscribe('presence-a', user);
    await answer();
    actor.socket.takeFrames();
    actor.unsubscribe('presence-a');
    actor.subscribe('presence-a', user);
    await answer();
    expect(events(actor.socket.takeFrames())).toEqual(['subscription_succeeded presence-a']);
  });

  test('a second subscription of the channel is refused when its turn comes', async () => {
    const { connect, answer } = slowStage();
    const actor = connect();
    actor.subscribe('presence-a', user);
    actor.subscribe('presence-a', user);
    await answer();
    expect(events(actor.socket.takeFrames())).toEqual(['subscription_succeeded presence-a', 'error']);
    expect([...actor.session.subscriptions.keys()]).toEqual(['presence-a']);
  });

  test('a client that subscribes to 1,000 channels together, as many as it may have, gets them all, in order', async () => {
    const { connect, answer } = slowStage();
    const actor = connect();
    const channels = Array.from({ length: 1000 }, (_, index) => `presence-${index}`);
    for (const channel of channels) actor.subscribe(channel, user);
    for (const _ of channels) await answer();
    expect(events(actor.socket.takeFrames())).toEqual(
      channels.map((channel) => `subscription_succeeded ${channel}`),
    );
  });

  test('4 MB may wait; more close the connection with 4100', () => {
    const { connect } = slowStage();
    const actor = connect();
    actor.subscribe('presence-a', user);
    for (let count = 0; count < 41; count += 1) actor.trigger('private-a', 'x'.repeat(100_000));
    actor.socket.expectOpen();
    actor.trigger('private-a', 'x'.repeat(100_000));
    actor.socket.expectClosed(4100);
  });

  test('short commands count with the cost of keeping them', () => {
    const { connect } = slowStage({ messagesPerSecond: Infinity });
    const actor = connect();
    actor.subscribe('presence-a', user);
    for (let count = 0; count < 41_000; count += 1) actor.send('0');
    actor.socket.expectOpen();
    for (let count = 0; count < 1000; count += 1) actor.send('0');
    actor.socket.expectClosed(4100);
  });

  test('a client that disconnects leaves nothing behind', async () => {
    const { connect, answer, advance, memory, outbox } = slowStage();
    const actor = connect();
    actor.subscribe('presence-a', user);
    actor.subscribe('news');
    actor.vanish();
    await answer();
    await advance(10_000);
    expect(actor.session.subscriptions.size).toBe(0);
    expect(memory.occupiedChannels('1', '')).toEqual([]);
    expect(outbox.takeLines()).toEqual([
      'channel_occupied presence-a',
      'member_added presence-a 7',
      'channel_occupied news',
      'member_removed presence-a 7',
      'channel_vacated presence-a',
      'channel_vacated news',
    ]);
  });

  test('an event waits behind it and then finds its sender subscribed', async () => {
    const { connect, answer } = slowStage();
    const actor = connect();
    const other = connect();
    other.subscribe('presence-a', { user_id: '8' });
    await answer();
    other.socket.takeFrames();
    actor.subscribe('presence-a', user);
    actor.trigger('presence-a', 'hello');
    await answer();
    expect(events(other.socket.takeFrames())).toEqual([
      'member_added presence-a',
      'client-typing presence-a',
    ]);
  });

  test('joins of other channels begin, and are answered in the order of the commands', async () => {
    const { connect, joins, answer } = slowStage();
    const actor = connect();
    for (const channel of ['presence-a', 'news', 'cache-a']) actor.subscribe(channel, user);
    expect(joins).toEqual(['presence-a', 'news', 'cache-a']);
    await answer(2);
    await answer(1);
    actor.socket.expectNoFrame();
    await answer();
    expect(events(actor.socket.takeFrames())).toEqual([
      'subscription_succeeded presence-a',
      'subscription_succeeded news',
      'subscription_succeeded cache-a',
      'cache_miss cache-a',
    ]);
  });

  test('a member who joins meanwhile is reported once: by the answer, or by a notice', async () => {
    const { connect, answer } = slowStage();
    const actor = connect();
    actor.subscribe('news');
    actor.subscribe('presence-a', user);
    await answer(1);
    const other = connect();
    other.subscribe('presence-a', { user_id: '8' });
    await answer();
    await answer();
    const [, welcome, ...others] = actor.socket.takeFrames();
    expect(welcome?.data).toContain('"ids":["7","8"]');
    expect(others).toEqual([]);
  });

  test('an immediate refusal is sent in its turn', async () => {
    const { connect, answer } = slowStage();
    const actor = connect();
    actor.subscribe('news');
    actor.send({ event: 'pusher:subscribe', data: { channel: 'private-a', auth: 'wrong' } });
    actor.subscribe('b');
    actor.socket.expectNoFrame();
    await answer();
    expect(events(actor.socket.takeFrames())).toEqual([
      'subscription_succeeded news',
      'subscription_error private-a',
      'error',
    ]);
    await answer();
    expect(events(actor.socket.takeFrames())).toEqual(['subscription_succeeded b']);
  });

  test('whether a channel exceeds the limit is decided after earlier joins', async () => {
    const { connect, answer } = slowStage({ channelsPerConnection: 1, presenceMembers: 1 });
    const first = connect();
    first.subscribe('presence-a', { user_id: '8' });
    await answer();
    const actor = connect();
    actor.subscribe('presence-a', user);
    actor.subscribe('news');
    await answer();
    await answer();
    expect(events(actor.socket.takeFrames())).toEqual([
      'subscription_error presence-a',
      'error',
      'subscription_succeeded news',
    ]);
  });

  test('another channel is left immediately', async () => {
    const { connect, answer } = slowStage();
    const actor = connect();
    actor.subscribe('news');
    await answer();
    actor.subscribe('presence-a', user);
    actor.unsubscribe('news');
    expect([...actor.session.subscriptions.keys()]).toEqual(['presence-a']);
  });

  test.each([
    ['signs in', (actor: Actor) => actor.signIn({ id: '7' }), 'signin_success'],
    ['speaks on another channel', (actor: Actor) => actor.trigger('private-b', 'x'), 'error'],
    ['says nonsense', (actor: Actor) => actor.send('nonsense'), 'error'],
  ])('a client that %s is answered in its turn', async (_, act, event) => {
    const { connect, answer } = slowStage();
    const actor = connect();
    actor.subscribe('presence-a', user);
    act(actor);
    actor.socket.expectNoFrame();
    await answer();
    expect(events(actor.socket.takeFrames())).toEqual(['subscription_succeeded presence-a', event]);
  });

  test('64 joins of a connection may be in progress', async () => {
    const { connect, joins, answer } = slowStage();
    const actor = connect();
    for (let index = 0; index < 70; index += 1) actor.subscribe(`room-${index}`);
    expect(joins).toHaveLength(64);
    await answer();
    expect(joins).toHaveLength(65);
  });

  test('while 512 joins of all connections are in progress, each may have one', async () => {
    const { connect, joins, answer } = slowStage();
    for (let one = 0; one < 8; one += 1) {
      const actor = connect();
      for (let index = 0; index < 64; index += 1) actor.subscribe(`room-${index}`);
    }
    expect(joins).toHaveLength(512);
    const late = connect();
    late.subscribe('late-1');
    late.subscribe('late-2');
    expect(joins).toHaveLength(513);
    await answer(512);
    expect(joins.slice(512)).toEqual(['late-1', 'late-2']);
  });

  test('joins of a closed connection make room for others', async () => {
    const { connect, joins, answer } = slowStage();
    for (let one = 0; one < 8; one += 1) {
      const actor = connect();
      for (let index = 0; index < 64; index += 1) actor.subscribe(`room-${index}`);
      actor.vanish();
    }
    for (let index = 0; index < 512; index += 1) await answer();
    const late = connect();
    late.subscribe('late-1');
    late.subscribe('late-2');
    expect(joins.slice(512)).toEqual(['late-1', 'late-2']);
  });
});
