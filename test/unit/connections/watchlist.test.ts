import { describe, expect, test } from 'vitest';
import { application } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

const welcomed = (userData: string) => ({ event: 'pusher:signin_success', data: { user_data: userData } });
const watched = (...events: { name: string; user_ids: string[] }[]) => ({
  event: 'pusher_internal:watchlist_events',
  data: JSON.stringify({ events }),
});
const online = (...ids: string[]) => watched({ name: 'online', user_ids: ids });
const offline = (...ids: string[]) => watched({ name: 'offline', user_ids: ids });
const userIds = (count: number) => Array.from({ length: count }, (_, index) => `u${index}`);

describe('a watchlist', () => {
  test('is answered with who is online and who is not, in its order', () => {
    const { connect } = hubStage();
    connect().enter({ id: '9' });
    connect().enter({ id: '8' });
    const actor = connect();
    const userData = JSON.stringify({ id: '7', watchlist: ['6', '8', '9', '5'] });
    actor.signIn(userData);
    actor.socket.expectFrame(welcomed(userData));
    actor.socket.expectFrame(
      watched({ name: 'online', user_ids: ['8', '9'] }, { name: 'offline', user_ids: ['6', '5'] }),
    );
    actor.socket.expectNoFrame();
  });

  test('immediately reports the first connection of a user and the end of the last', () => {
    const { connect } = hubStage();
    const watcher = connect().enter({ id: '7', watchlist: ['8'] });
    const [first, second] = [connect().enter({ id: '8' }), connect().enter({ id: '8' })];
    watcher.socket.expectFrame(online('8'));
    first.vanish();
    watcher.socket.expectNoFrame();
    second.vanish();
    watcher.socket.expectFrame(offline('8'));
    connect().enter({ id: '8' });
    watcher.socket.expectFrame(online('8'));
    watcher.socket.expectNoFrame();
  });

  test('reports nothing when a user signs in again', () => {
    const { connect } = hubStage();
    const watcher = connect().enter({ id: '7', watchlist: ['8'] });
    const actor = connect().enter({ id: '8' });
    watcher.socket.takeFrames();
    actor.enter({ id: '8' });
    watcher.socket.expectNoFrame();
    actor.vanish();
    watcher.socket.expectFrame(offline('8'));
  });

  test('may contain its own user, who is online', () => {
    const { connect } = hubStage();
    const actor = connect();
    actor.signIn({ id: '7', watchlist: ['7'] });
    expect(actor.socket.takeFrames()[1]).toEqual(online('7'));
    const other = connect().enter({ id: '7' });
    other.vanish();
    actor.socket.expectNoFrame();
  });

  test('may contain ids that no user can have, which are offline', () => {
    const { connect } = hubStage();
    const actor = connect();
    actor.signIn(String.raw`{"id":"7","watchlist":["__proto__","\ud800","a b","constructor"]}`);
    expect(actor.socket.takeFrames()[1]).toEqual(offline('__proto__', '\ud800', 'a b', 'constructor'));
  });

  test('is cut if it is too long, with an error that does not affect the rest', () => {
    const { connect } = hubStage({ apps: [application({ limits: { watchlist: 2 } })] });
    const watcher = connect();
    const userData = JSON.stringify({ id: '7', watchlist: ['8', '8', '9', '6'] });
    watcher.signIn(userData);
    watcher.socket.expectFrame(welcomed(userData));
    watcher.socket.expectError('Watchlist limit exceeded; first 2 user IDs accepted', 4302);
    watcher.socket.expectFrame(offline('8', '9'));
    watcher.socket.expectOpen();
    connect().enter({ id: '6' });
    watcher.socket.expectNoFrame();
    connect().enter({ id: '9' });
    watcher.socket.expectFrame(online('9'));
  });

  test('of 100 users is accepted completely', () => {
    const { connect } = hubStage();
    const actor = connect();
    actor.signIn({ id: '7', watchlist: userIds(100) });
    expect(actor.socket.takeFrames().slice(1)).toEqual([offline(...userIds(100))]);
  });

  test('is replaced by that of the next sign-in', () => {
    const { connect } = hubStage();
    const watcher = connect().enter({ id: '7', watchlist: ['8', '9'] });
    watcher.enter({ id: '7', watchlist: ['9'] });
    connect().enter({ id: '8' });
    watcher.socket.expectNoFrame();
    connect().enter({ id: '9' });
    watcher.socket.expectFrame(online('9'));
    watcher.enter({ id: '7' });
    connect().enter({ id: '9' }).vanish();
    watcher.socket.expectNoFrame();
  });

  test('is ignored if the app does not enable it', () => {
    const { connect } = hubStage({ apps: [application({ watchlist: false, limits: { watchlist: 1 } })] });
    const watcher = connect();
    watcher.signIn({ id: '7', watchlist: ['8', '9'] });
    expect(watcher.socket.takeFrames()).toHaveLength(1);
    connect().enter({ id: '8' }).vanish();
    watcher.socket.expectNoFrame();
  });

  test('does not report users of another app', () => {
    const apps = [application(), application({ id: '2', key: 'other', secret: 's2' })];
    const { connect } = hubStage({ apps });
    connect('other').enter({ id: '8' });
    const watcher = connect();
    watcher.signIn({ id: '7', watchlist: ['8'] });
    expect(watcher.socket.takeFrames()[1]).toEqual(offline('8'));
    connect('other').enter({ id: '8' });
    watcher.socket.expectNoFrame();
  });
});

describe('terminate', () => {
  test('closes exactly the connections of the user, with 4009', () => {
    const stage = hubStage({ apps: [application(), application({ id: '2', key: 'other', secret: 's2' })] });
    const actors = [stage.connect().enter({ id: '7' }), stage.connect().enter({ id: '7' })];
    const spared = [
      stage.connect().enter({ id: '77' }),
      stage.connect().join('presence-a', { user_id: '7' }),
      stage.connect(),
      stage.connect('other').enter({ id: '7' }),
    ];
    stage.fanout.terminate('1', '7');
    for (const { socket } of actors) socket.expectClosed(4009, 'You got disconnected by the app.');
    for (const { socket } of spared) socket.expectOpen();
    stage.fanout.terminate('1', '7');
    stage.fanout.terminate('9', '7');
    for (const { socket } of spared) {
      socket.expectOpen();
      socket.expectNoFrame();
    }
  });

  test('is a disconnect: watchers are notified immediately, webhooks after the grace', async () => {
    const stage = hubStage();
    const watcher = stage.connect().enter({ id: '8', watchlist: ['7'] });
    const actor = stage.connect().enter({ id: '7' }).join('presence-a');
    watcher.socket.takeFrames();
    stage.outbox.takeLines();
    stage.fanout.terminate('1', '7');
    watcher.socket.expectFrame(offline('7'));
    actor.vanish();
    watcher.socket.expectNoFrame();
    stage.outbox.expectNothing();
    await stage.advance(3000);
    expect(stage.outbox.takeLines()).toEqual(['member_removed presence-a 7', 'channel_vacated presence-a']);
  });

  test('lets the user reconnect', () => {
    const stage = hubStage();
    stage.connect().enter({ id: '7' });
    stage.fanout.terminate('1', '7');
    const again = stage.connect().enter({ id: '7' });
    again.socket.expectOpen();
    expect(stage.apps.byId('1')?.sessionsOf('7')).toEqual([again.session]);
  });
});
