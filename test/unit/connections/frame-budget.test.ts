import { describe, expect, test, vi } from 'vitest';
import { FairTurns } from '../../../src/connections/fair-turns.ts';
import { application } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

const few = { messagesPerSecond: 2, messageBurst: 20, clientEventsPerSecond: 1 };

function sendTimes(actor: { send(frame: unknown): void }, times: number, frame: unknown): void {
  for (let count = 0; count < times; count += 1) actor.send(frame);
}

const ping = { event: 'pusher:ping', data: {} };

describe('the frames of one connection', () => {
  test('are limited in number: one too many closes it with 4100, which is counted once and logged', () => {
    const refused = vi.fn();
    const info = vi.fn();
    const { connect, apps } = hubStage({
      apps: [application({ limits: few })],
      metrics: { refused },
      log: { info },
    });
    const actor = connect();
    sendTimes(actor, 21, ping);
    expect(actor.socket.takeFrames()).toHaveLength(21);
    sendTimes(actor, 10, ping);
    const message = 'Too many messages: at most 3 a second are accepted, and 21 at once; send fewer';
    actor.socket.expectClosed(4100, message);
    actor.socket.expectNoFrame();
    expect(refused).toHaveBeenCalledExactlyOnceWith('1', 'message', 'too_many_messages');
    expect(info).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ socketId: actor.id, reason: 'too_many_messages', error: message }),
      'message refused',
    );
    expect(apps.byId('1')?.sessions.size).toBe(0);
  });

  test('are possible again as time passes', async () => {
    const { connect, advance } = hubStage({ apps: [application({ limits: few })] });
    const actor = connect();
    for (let second = 0; second < 50; second += 1) {
      sendTimes(actor, 3, ping);
      await advance(1000);
    }
    actor.socket.expectOpen();
  });

  test('are limited in bytes, measured after decompression', () => {
    const refused = vi.fn();
    const limits = { byteBurst: 1, clientEventsPerSecond: 1 };
    const { connect } = hubStage({ apps: [application({ limits })], metrics: { refused } });
    const actor = connect();
    // Two of the largest frames always fit.
    const frame = { event: 'pusher:ping', data: 'a'.repeat(262_000) };
    sendTimes(actor, 2, frame);
    actor.socket.expectOpen();
    sendTimes(actor, 1, frame);
    actor.socket.expectClosed(4100);
    expect(refused).toHaveBeenCalledExactlyOnceWith('1', 'message', 'too_many_bytes');
  });

  test.each([
    ['text that is no JSON', 'x'],
    ['JSON that is no object', '[[],[],'],
    ['an event that clients do not send', { event: 'pusher:nonsense' }],
  ])('%s counts as ten messages', (_, frame) => {
    const { connect } = hubStage({ apps: [application({ limits: few })] });
    const actor = connect();
    sendTimes(actor, 2, frame);
    expect(actor.socket.takeFrames()).toHaveLength(2);
    sendTimes(actor, 2, frame);
    actor.socket.expectClosed(4100);
  });

  test('suffice for a client that reconnects with 1,000 presence channels and sends ten events a second', async () => {
    const limits = { presenceMembers: 100 };
    const { connect, advance } = hubStage({ apps: [application({ limits })] });
    const actor = connect();
    const info = { text: 'a'.repeat(1000) };
    for (let channel = 0; channel < 1000; channel += 1) {
      actor.subscribe(`presence-${channel}`, { user_id: '1', user_info: info });
    }
    for (let second = 0; second < 60; second += 1) {
      for (let event = 0; event < 10; event += 1) actor.trigger('presence-1', 'a'.repeat(10_000));
      actor.send(ping);
      await advance(1000);
    }
    actor.socket.expectOpen();
    expect(actor.socket.takeFrames().filter(({ event }) => event === 'pusher:error')).toEqual([]);
  });

  test('are unlimited where the limits are null', () => {
    const limits = { messagesPerSecond: Infinity, bytesPerSecond: Infinity };
    const { connect } = hubStage({ apps: [application({ limits })] });
    const actor = connect();
    sendTimes(actor, 10_000, 'x');
    actor.socket.expectOpen();
  });
});

describe('a connection that sends much', () => {
  /** The turns of the event loop in a test. */
  function turnStage() {
    const waiting: (() => void)[] = [];
    const turns = new FairTurns(() => new Promise((resolve) => void waiting.push(resolve)));
    const given = hubStage({ turns, apps: [application({ limits: { messageBurst: 2000 } })] });
    const turn = async () => {
      for (const resolve of waiting.splice(0)) resolve();
      await new Promise((resolve) => void setImmediate(resolve));
    };
    return { ...given, turn };
  }

  const names = Array.from({ length: 1000 }, (_, index) => `channel-${index}`);

  test('is served immediately as far as others are not delayed, then in turns, in order', async () => {
    const { connect, turn } = turnStage();
    const actor = connect();
    for (const name of names) actor.subscribe(name);
    const served = [actor.socket.takeFrames()];
    expect(served[0]).toHaveLength(100);
    for (let count = 0; count < 18; count += 1) {
      await turn();
      served.push(actor.socket.takeFrames());
      expect(served.at(-1)).toHaveLength(50);
    }
    await turn();
    actor.socket.expectNoFrame();
    expect(served.flat().map(({ channel }) => channel)).toEqual(names);
  });

  test('gets the answer to its ping after those to its earlier commands', async () => {
    const { connect, turn } = turnStage();
    const actor = connect();
    for (const name of names.slice(0, 120)) actor.subscribe(name);
    actor.send(ping);
    actor.socket.takeFrames();
    await turn();
    expect(actor.socket.takeFrames().at(-1)).toMatchObject({ event: 'pusher:pong' });
  });

  test('does not delay the messages of another', async () => {
    const { connect, turn } = turnStage();
    const actor = connect();
    const bystander = connect();
    for (const name of names) actor.subscribe(name);
    actor.socket.takeFrames();
    await turn();
    bystander.join('news');
    expect(actor.socket.takeFrames()).toHaveLength(50);
  });

  test('shares a turn with at most nine others', async () => {
    const { connect, turn } = turnStage();
    const actors = Array.from({ length: 30 }, () => connect());
    for (const actor of actors) for (const name of names.slice(0, 200)) actor.subscribe(name);
    for (const { socket } of actors) socket.takeFrames();
    for (let count = 0; count < 6; count += 1) {
      await turn();
      const served = actors.map(({ socket }) => socket.takeFrames().length);
      expect(served.filter((frames) => frames > 0)).toEqual(Array.from({ length: 10 }, () => 50));
    }
  });

  test('is forgotten when it disconnects', async () => {
    const { connect, turn, outbox } = turnStage();
    const actor = connect();
    for (const name of names) actor.subscribe(name);
    actor.vanish();
    outbox.takeLines();
    await turn();
    expect(outbox.takeLines()).toEqual([]);
  });
});
