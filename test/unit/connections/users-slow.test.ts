import { describe, expect, test } from 'vitest';
import { settle } from '../../support/fake-clock.ts';
import { delegateLedger } from '../../support/unit/delegate-ledger.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

/** A ledger behind a network: sign-ins take effect immediately, and the test determines when they are answered. */
function slowStage() {
  const held: (() => void)[] = [];
  const stage = hubStage({
    ledger: (memory) => ({
      ...delegateLedger(memory),
      signIn(signIn) {
        const online = memory.signIn(signIn);
        return new Promise((resolve) => {
          held.push(() => resolve(online));
        });
      },
    }),
  });
  const answer = async (): Promise<void> => {
    held.shift()?.();
    await settle();
  };
  const isOnline = (id: string): boolean =>
    stage.memory.signIn({ appId: '1', userId: 'observer', watched: [id] }).has(id);
  return { ...stage, answer, isOnline };
}

describe('while a sign-in waits for its answer', () => {
  test('a connection that closes leaves nobody online, and receives nothing', async () => {
    const { connect, answer, isOnline, apps } = slowStage();
    const actor = connect();
    actor.signIn({ id: '7', watchlist: ['8'] });
    actor.vanish();
    await answer();
    actor.socket.expectNoFrame();
    expect(isOnline('7')).toBe(false);
    expect(apps.byId('1')?.sessionsOf('7')).toEqual([]);
  });

  test('another connection of the user may close, and the user stays online', async () => {
    const { connect, answer, isOnline } = slowStage();
    const [first, second] = [connect(), connect()];
    first.signIn({ id: '7' });
    second.signIn({ id: '7' });
    first.vanish();
    expect(isOnline('7')).toBe(true);
    await answer();
    await answer();
    second.socket.expectFrame({ event: 'pusher:signin_success', data: { user_data: '{"id":"7"}' } });
    second.vanish();
    expect(isOnline('7')).toBe(false);
  });

  test('later commands of the client wait and then find the user signed in', async () => {
    const { connect, answer } = slowStage();
    const actor = connect();
    actor.signIn({ id: '7' });
    actor.subscribe('#server-to-user-7');
    actor.subscribe('presence-a');
    actor.signIn({ id: '8' });
    actor.socket.expectNoFrame();
    await answer();
    expect(actor.socket.takeFrames().map(({ event, channel }) => [event, channel])).toEqual([
      ['pusher:signin_success', undefined],
      ['pusher_internal:subscription_succeeded', '#server-to-user-7'],
      ['pusher_internal:subscription_succeeded', 'presence-a'],
      ['pusher:error', undefined],
    ]);
    expect(actor.session.user?.userId).toBe('7');
  });

  test('terminate ends it, and nobody stays online', async () => {
    const { connect, answer, isOnline, fanout } = slowStage();
    const actor = connect();
    actor.signIn({ id: '7' });
    fanout.terminate('1', '7');
    await answer();
    actor.socket.expectClosed(4009, 'You got disconnected by the app.');
    actor.socket.expectNoFrame();
    expect(isOnline('7')).toBe(false);
  });

  test('the shutdown of the server leaves nobody online', async () => {
    const { connect, answer, isOnline, hub } = slowStage();
    connect().signIn({ id: '7' });
    void hub.close();
    await answer();
    expect(isOnline('7')).toBe(false);
  });
});
