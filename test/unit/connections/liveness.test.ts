import { describe, expect, test } from 'vitest';
import { judgeLiveness, watchLiveness } from '../../../src/connections/liveness.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

const policy = { activityTimeoutMs: 120_000, pongTimeoutMs: 30_000 };

describe('the result of a silence', () => {
  test.each([
    ['alive', 0, undefined, 149_999],
    ['ping', 0, undefined, 150_000],
    ['ping', 1000, undefined, 500_000],
    ['alive', 0, 150_000, 179_999],
    ['dead', 0, 150_000, 180_000],
  ])('is %s: last frame at %s, pinged at %s, now %s', (verdict, lastHeardAt, pingedAt, at) => {
    expect(judgeLiveness({ lastHeardAt, pingedAt }, policy, at)).toBe(verdict);
  });
});

function watched() {
  const stage = hubStage();
  const stop = watchLiveness(stage.clock, policy, {
    apps: stage.apps,
    end: (session, error) => stage.hub.end(session, error),
  });
  return { ...stage, stop };
}

describe('a silent client', () => {
  test('is pinged in both ways, and closed with 4201 when it does not answer: a leave', async () => {
    const { connect, advance, outbox } = watched();
    const actor = connect().join('news');
    await advance(149_000);
    actor.socket.expectNoFrame();
    await advance(2000);
    actor.socket.expectFrame({ event: 'pusher:ping', data: {} });
    expect(actor.socket.pings).toBe(1);
    await advance(28_000);
    actor.socket.expectNoFrame();
    await advance(2000);
    actor.socket.expectClosed(4201, 'Pong reply not received');
    await advance(3000);
    expect(outbox.takeLines()).toEqual(['channel_occupied news', 'channel_vacated news']);
  });

  test.each([
    ['a pong', (send: (frame: object) => void) => send({ event: 'pusher:pong', data: {} })],
    ['a ping of its own', (send: (frame: object) => void) => send({ event: 'pusher:ping' })],
    ['nonsense', (send: (frame: object) => void) => send([])],
  ])('stays connected if it answers with %s', async (_, answer) => {
    const { connect, advance } = watched();
    const actor = connect();
    await advance(160_000);
    answer((frame) => actor.send(frame));
    await advance(149_000);
    actor.socket.expectOpen();
    expect(actor.socket.pings).toBe(1);
  });

  test('stays connected if it sends a WebSocket ping or pong', async () => {
    const { connect, advance, hub } = watched();
    const actor = connect();
    for (let round = 0; round < 10; round += 1) {
      await advance(100_000);
      hub.accepts(actor.session, 0);
    }
    actor.socket.expectNoFrame();
    actor.socket.expectOpen();
  });

  test('is not kept alive by what the server sends it', async () => {
    const { connect, advance, node } = watched();
    const actor = connect().join('news');
    for (let second = 0; second < 185; second += 1) {
      node.publish('0/news', '{"event":"a"}');
      await advance(1000);
    }
    actor.socket.expectClosed(4201);
  });
});

test.each([
  [300_000, 2],
  [30_000, 20],
  [10_000, 60],
  [5000, 60],
])('with a pong time-out of %i ms everybody is checked %i times a minute', async (pongTimeoutMs, looks) => {
  const { clock, apps } = hubStage();
  let looked = 0;
  const node = {
    apps: {
      [Symbol.iterator]() {
        looked += 1;
        return apps[Symbol.iterator]();
      },
    },
    end: () => {},
  };
  watchLiveness(clock, { ...policy, pongTimeoutMs }, node);
  await clock.advance(60_000);
  expect(looked).toBe(looks);
});

test('a connection that has ended is not kept for its next check', async () => {
  const { connect, advance } = watched();
  const [early, late] = [connect(), connect()];
  early.vanish();
  expect(early.session.round?.size).toBe(1);
  await advance(10_000);
  late.vanish();
  expect(late.session.round?.size).toBe(0);
});

test('a connection is checked when it may be due, and not before', async () => {
  const { connect, advance } = watched();
  const { session } = connect();
  let looked = 0;
  Object.defineProperty(session, 'pingedAt', {
    get() {
      looked += 1;
      return undefined;
    },
  });
  await advance(149_000);
  // To find out when that is.
  expect(looked).toBe(1);
});

test('nobody is checked after it was stopped', async () => {
  const { clock, stop } = watched();
  stop();
  expect(clock.pending).toBe(0);
});
