import { describe, expect, test } from 'vitest';
import type { Ledger } from '../../../src/ports/ledger.ts';
import type { Limits } from '../../../src/protocol/limits.ts';
import { settle } from '../../support/fake-clock.ts';
import { delegateLedger } from '../../support/unit/delegate-ledger.ts';
import { application } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

/** A ledger behind a network: joins take effect at once and are answered when the test says so. */
function slowStage(limits: Partial<Limits> = {}) {
  const held: (() => void)[] = [];
  const stage = hubStage({
    apps: [application({ limits })],
    ledger: (memory): Ledger => ({
      ...delegateLedger(memory),
      join(join) {
        const joined = memory.join(join);
        return new Promise((resolve) => {
          held.push(() => resolve(joined));
        });
      },
    }),
  });
  const answer = async (): Promise<void> => {
    held.shift()?.();
    await settle();
  };
  return { ...stage, answer };
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
    actor.say('nonsense');
    actor.socket.expectNoFrame();
    await answer();
    expect(events(actor.socket.takeFrames())).toEqual(['subscription_succeeded presence-a']);
    await answer();
    expect(events(actor.socket.takeFrames())).toEqual(['subscription_succeeded news']);
    await answer();
    await answer();
    expect(events(actor.socket.takeFrames())).toEqual(['subscription_succeeded presence-a', 'error']);
  });

  test('ping is answered at once and pong is heard', () => {
    const { connect, clock } = slowStage();
    const actor = connect();
    actor.subscribe('presence-a', user);
    clock.advanceSync(5000);
    actor.say({ event: 'pusher:ping' });
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

  test('a second subscription of the channel is refused, once its turn comes', async () => {
    const { connect, answer } = slowStage();
    const actor = connect();
    actor.subscribe('presence-a', user);
    actor.subscribe('presence-a', user);
    await answer();
    expect(events(actor.socket.takeFrames())).toEqual(['subscription_succeeded presence-a', 'error']);
    expect([...actor.session.subscriptions.keys()]).toEqual(['presence-a']);
  });

  test('a client that subscribes to 1,000 channels at once, as many as it may have, gets them all, in order', async () => {
    const { connect, answer } = slowStage();
    const actor = connect();
    const channels = Array.from({ length: 1000 }, (_, index) => `presence-${index}`);
    for (const channel of channels) actor.subscribe(channel, user);
    for (const _ of channels) await answer();
    expect(events(actor.socket.takeFrames())).toEqual(
      channels.map((channel) => `subscription_succeeded ${channel}`),
    );
  });

  test('4 MB may wait; more end the connection with 4100', () => {
    const { connect } = slowStage();
    const actor = connect();
    actor.subscribe('presence-a', user);
    for (let count = 0; count < 41; count += 1) actor.trigger('private-a', 'x'.repeat(100_000));
    actor.socket.expectOpen();
    actor.trigger('private-a', 'x'.repeat(100_000));
    actor.socket.expectClosed(4100);
  });

  test('short commands count for what it costs to keep them', () => {
    const { connect } = slowStage({ messagesPerSecond: Infinity });
    const actor = connect();
    actor.subscribe('presence-a', user);
    for (let count = 0; count < 41_000; count += 1) actor.say('0');
    actor.socket.expectOpen();
    for (let count = 0; count < 1000; count += 1) actor.say('0');
    actor.socket.expectClosed(4100);
  });

  test('a client that goes leaves nothing behind', async () => {
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
      'member_removed presence-a 7',
      'channel_vacated presence-a',
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
});
