import { describe, expect, test } from 'vitest';
import { application, authFor, userAuthFor } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

const welcomed = (userData: string) => ({ event: 'pusher:signin_success', data: { user_data: userData } });
const own = '#server-to-user-7';

describe('a sign-in', () => {
  test('is answered with the user data as received, and causes no webhook', () => {
    const { connect, outbox } = hubStage();
    const actor = connect();
    const userData = ' {"id" : "7", "user_info":{"n":"\u00e9"}}';
    actor.signIn(userData);
    actor.socket.expectFrame(welcomed(userData));
    actor.socket.expectNoFrame();
    outbox.expectNothing();
  });

  test('with the same id again succeeds', () => {
    const { connect, apps } = hubStage();
    const actor = connect().enter({ id: '7' });
    actor.signIn('{"id":"7","user_info":1}');
    actor.socket.expectFrame(welcomed('{"id":"7","user_info":1}'));
    expect(apps.byId('1')?.sessionsOf('7')).toEqual([actor.session]);
  });

  test('with another id is refused, and the first stays signed in', () => {
    const { connect, apps } = hubStage();
    const actor = connect().enter({ id: '7' });
    actor.signIn({ id: '8' });
    actor.socket.expectError("Connection is already signed in as another user, '7'");
    actor.socket.expectOpen();
    expect(actor.session.user?.userId).toBe('7');
    expect(apps.byId('1')?.sessionsOf('8')).toEqual([]);
    expect(apps.byId('1')?.sessionsOf('7')).toHaveLength(1);
  });

  test.each([
    [
      'without auth',
      { user_data: '{"id":"7"}' },
      "Invalid auth for sign-in: expected 'KEY:SIGNATURE', which your server's user authentication endpoint returns",
    ],
    [
      'with the key of nobody',
      { auth: 'other:00', user_data: '{"id":"7"}' },
      "Invalid key in user auth data: 'other'",
    ],
    [
      'with a wrong signature',
      { auth: 'app-key:00', user_data: '{"id":"7"}' },
      'Invalid signature: Expected HMAC SHA256 hex digest of 1.1::user::{"id":"7"}, but got 00',
    ],
    [
      'with user data that is not read before its signature was accepted',
      { auth: 'app-key:00', user_data: 'no JSON' },
      'Invalid signature: Expected HMAC SHA256 hex digest of 1.1::user::no JSON, but got 00',
    ],
    [
      'without user data',
      { auth: 'app-key:00' },
      'Invalid user_data: expected a string, the JSON text of an object',
    ],
    ['with auth that is no string', { auth: {}, user_data: '{"id":"7"}' }, 'Invalid message format'],
  ])('%s is refused and leaves the connection open', (_, data, message) => {
    const { connect, apps } = hubStage();
    const actor = connect();
    actor.send({ event: 'pusher:signin', data });
    actor.socket.expectError(message);
    actor.socket.expectNoFrame();
    actor.socket.expectOpen();
    expect(actor.session.user).toBeUndefined();
    expect(apps.byId('1')?.sessionsOf('7')).toEqual([]);
  });

  test.each([
    ['no JSON', '{'],
    ['a list', '["7"]'],
    ['a numeric id', '{"id":7}'],
    ['no id of its own', '{"__proto__":{"id":"7"}}'],
    ['a lone surrogate for an id', String.raw`{"id":"\ud800"}`],
    ['an id that is too long', JSON.stringify({ id: 'u'.repeat(129) })],
    ['a watchlist of numbers', '{"id":"7","watchlist":[8]}'],
    ['info above the limit', JSON.stringify({ id: '7', user_info: 'x'.repeat(1023) })],
    ['info that is nested too deeply', `{"id":"7","user_info":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
  ])('with %s is refused although it is signed, and leaves the connection open', (_, userData) => {
    const { connect, apps } = hubStage();
    const actor = connect();
    actor.signIn(userData);
    actor.socket.expectFrame({
      event: 'pusher:error',
      data: { code: null, message: expect.stringMatching(/^Invalid user_data: /) as string },
    });
    actor.socket.expectNoFrame();
    actor.socket.expectOpen();
    expect(apps.byId('1')?.sessionsOf('7')).toEqual([]);
    actor.enter({ id: '7' });
  });

  test('that is refused does not end the current one', () => {
    const { connect, fanout } = hubStage();
    const actor = connect().enter({ id: '7' });
    actor.signIn('{');
    actor.send({ event: 'pusher:signin', data: { auth: 'x:00', user_data: '{"id":"7"}' } });
    actor.socket.takeFrames();
    fanout.terminate('1', '7');
    actor.socket.expectClosed(4009);
  });

  test('is accepted with any key pair of the app', () => {
    const second = { key: 'second', secret: 's2' };
    const { connect } = hubStage({ apps: [application({ otherKeys: [second] })] });
    const actor = connect('second');
    const userData = '{"id":"7"}';
    const auth = userAuthFor(actor.id, userData, second);
    actor.send({ event: 'pusher:signin', data: { auth, user_data: userData } });
    actor.socket.expectFrame(welcomed(userData));
  });
});

describe('a server-to-user channel', () => {
  const subscribed = { event: 'pusher_internal:subscription_succeeded', channel: own, data: '{}' };
  const publish = (stage: ReturnType<typeof hubStage>, channel = own) =>
    stage.fanout.publish('1', channel as never, (name) =>
      JSON.stringify({ event: 'hello', channel: name, data: '1' }),
    );

  test('accepts its user, without a signature', () => {
    const { connect } = hubStage();
    const actor = connect().enter({ id: '7' });
    actor.send({ event: 'pusher:subscribe', data: { channel: own, auth: '' } });
    actor.socket.expectFrame(subscribed);
    actor.socket.expectNoFrame();
  });

  test.each([
    ['that is not signed in', undefined],
    ['of another user', '8'],
    ['of a user whose id begins so', '77'],
  ])('refuses a connection %s, even one with a signature', (_, id) => {
    const stage = hubStage();
    const actor = stage.connect();
    if (id !== undefined) actor.enter({ id });
    actor.send({ event: 'pusher:subscribe', data: { channel: own, auth: authFor(actor.id, own) } });
    const [toChannel, toConnection] = actor.socket.takeFrames();
    const message = `Not authorized to subscribe to ${own}: the connection is not signed in as that user`;
    expect(toChannel).toEqual({
      event: 'pusher:subscription_error',
      channel: own,
      data: JSON.stringify({ type: 'AuthError', error: message, status: 401 }),
    });
    expect(toConnection).toEqual({ event: 'pusher:error', data: { code: null, message } });
    actor.socket.expectOpen();
    publish(stage);
    actor.socket.expectNoFrame();
  });

  test('delivers its events to every connection of the user before the subscription, and once after it', () => {
    const stage = hubStage();
    const actors = [stage.connect().enter({ id: '7' }), stage.connect().enter({ id: '7' })];
    const other = stage.connect().enter({ id: '8' });
    publish(stage);
    for (const { socket } of actors) expect(socket.takeFrames()).toHaveLength(1);
    actors[0]?.join(own);
    publish(stage);
    for (const { socket } of actors) expect(socket.takeFrames()).toHaveLength(1);
    other.socket.expectNoFrame();
  });

  test('refuses a second subscription, like any channel', () => {
    const { connect } = hubStage();
    const actor = connect().enter({ id: '7' }).join(own);
    actor.subscribe(own);
    actor.socket.expectError(`Existing subscription to channel ${own}`);
  });

  test('can be left, and then delivers nothing more', () => {
    const stage = hubStage();
    const actor = stage.connect().enter({ id: '7' }).join(own);
    actor.unsubscribe(own);
    publish(stage);
    actor.socket.expectNoFrame();
    actor.join(own);
    publish(stage);
    expect(actor.socket.takeFrames()).toHaveLength(1);
  });

  test('causes no webhook and no count, and is not an occupied channel', async () => {
    const stage = hubStage({ apps: [application({ subscriptionCount: true })] });
    const [stayer, leaver] = [stage.connect(), stage.connect()];
    for (const actor of [stayer, leaver]) actor.enter({ id: '7' }).join(own);
    expect(stage.memory.occupiedChannels('1', '')).toEqual([]);
    leaver.unsubscribe(own);
    leaver.join(own);
    leaver.vanish();
    await stage.advance(10_000);
    stayer.socket.expectNoFrame();
    stayer.vanish();
    await stage.advance(10_000);
    stage.outbox.expectNothing();
  });

  test('takes no client events', () => {
    const { connect, outbox } = hubStage();
    const [sender, receiver] = [connect(), connect()];
    for (const actor of [sender, receiver]) actor.enter({ id: '7' }).join(own);
    sender.trigger(own, 'x');
    sender.socket.expectError('Client event rejected - only supported on private and presence channels');
    receiver.socket.expectNoFrame();
    outbox.expectNothing();
  });

  test('of one app differs from that of another app with the same user', () => {
    const stage = hubStage({ apps: [application(), application({ id: '2', key: 'other', secret: 's2' })] });
    const otherAppUser = stage.connect('other').enter({ id: '7' });
    publish(stage);
    otherAppUser.socket.expectNoFrame();
  });
});

describe('a presence channel', () => {
  const channel = 'presence-a';
  const presence = (ids: string[], hash: object) => ({
    event: 'pusher_internal:subscription_succeeded',
    channel,
    data: JSON.stringify({ presence: { count: ids.length, ids, hash } }),
  });

  test('uses the signed-in user as the member if there is no channel data', () => {
    const { connect, outbox } = hubStage();
    const actor = connect().enter({ id: '7', user_info: { n: 'x' } });
    actor.subscribe(channel);
    actor.socket.expectFrame(presence(['7'], { 7: { n: 'x' } }));
    expect(outbox.takeLines()).toEqual([`channel_occupied ${channel}`, `member_added ${channel} 7`]);
  });

  test('sends the info of the signed-in user as the text that was signed', () => {
    const { connect } = hubStage();
    const actor = connect();
    actor.signIn('{"id":"7","user_info":{"n":12345678901234567890,"n":-0}}');
    actor.socket.takeFrames();
    actor.subscribe(channel);
    const [welcome] = actor.socket.takeFrames();
    const hash = '{"7":{"n":12345678901234567890,"n":-0}}';
    expect(welcome?.data).toBe(`{"presence":{"count":1,"ids":["7"],"hash":${hash}}}`);
  });

  test('prefers channel data to the signed-in user', () => {
    const { connect } = hubStage();
    const actor = connect().enter({ id: '7', user_info: { n: 'x' } });
    actor.subscribe(channel, { user_id: '9' });
    actor.socket.expectFrame(presence(['9'], { 9: null }));
  });

  test('counts a user once who joined by sign-in and by channel data', async () => {
    const { connect, outbox, advance } = hubStage();
    const [signedIn, named] = [connect().enter({ id: '7' }), connect()];
    signedIn.join(channel);
    named.join(channel, { user_id: '7' });
    signedIn.vanish();
    await advance(10_000);
    named.socket.expectNoFrame();
    named.vanish();
    await advance(3000);
    expect(outbox.takeLines()).toEqual([
      `channel_occupied ${channel}`,
      `member_added ${channel} 7`,
      `member_removed ${channel} 7`,
      `channel_vacated ${channel}`,
    ]);
  });

  test('still requires a signature from a signed-in user', () => {
    const { connect } = hubStage();
    const actor = connect().enter({ id: '7' });
    actor.send({ event: 'pusher:subscribe', data: { channel, auth: 'app-key:00' } });
    const [, error] = actor.socket.takeFrames();
    expect(error?.data).toEqual({
      code: null,
      message: `Invalid signature: Expected HMAC SHA256 hex digest of 1.1:${channel}, but got 00`,
    });
  });

  test('adds the id of the signed-in user to client events', () => {
    const { connect, outbox } = hubStage();
    const [sender, receiver] = [connect().enter({ id: '7' }).join(channel), connect()];
    receiver.join(channel, { user_id: '9' });
    outbox.takeLines();
    sender.trigger(channel, 'x');
    receiver.socket.expectFrame({ event: 'client-typing', channel, data: 'x', user_id: '7' });
    expect(outbox.takeLines()).toEqual([`client_event ${channel} 7`]);
  });
});
