import { describe, expect, test } from 'vitest';
import { application, authFor } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

const channel = 'presence-a';
const presence = (count: number, ids: string[], hash: object) => ({
  event: 'pusher_internal:subscription_succeeded',
  channel,
  data: JSON.stringify({ presence: { count, ids, hash } }),
});
const added = (data: object) => ({
  event: 'pusher_internal:member_added',
  channel,
  data: JSON.stringify(data),
});
const removed = (id: string) => ({
  event: 'pusher_internal:member_removed',
  channel,
  data: JSON.stringify({ user_id: id }),
});
const member = (id: string | number, info?: unknown) => ({ user_id: id, user_info: info });

describe('a presence channel', () => {
  test('sends the new member all members, itself included, and the others the new one', () => {
    const { connect, outbox } = hubStage();
    const [seven, nine] = [connect(), connect()];
    seven.subscribe(channel, member('7', { n: 'x' }));
    seven.socket.expectFrame(presence(1, ['7'], { 7: { n: 'x' } }));
    nine.subscribe(channel, member('nine'));
    nine.socket.expectFrame(presence(2, ['7', 'nine'], { 7: { n: 'x' }, nine: null }));
    seven.socket.expectFrame(added({ user_id: 'nine', user_info: null }));
    nine.socket.expectNoFrame();
    seven.socket.expectNoFrame();
    expect(outbox.takeLines()).toEqual([
      `channel_occupied ${channel}`,
      `member_added ${channel} 7`,
      `member_added ${channel} nine`,
    ]);
  });

  test('reports immediately to the others who left, and to webhooks after the grace', async () => {
    const { connect, outbox, advance } = hubStage();
    const [seven, nine] = [connect().join(channel, member('7')), connect().join(channel, member('9'))];
    seven.socket.takeFrames();
    outbox.takeLines();
    nine.unsubscribe(channel);
    seven.socket.expectFrame(removed('9'));
    nine.socket.expectNoFrame();
    await advance(2999);
    outbox.expectNothing();
    await advance(1);
    outbox.expectEvent({ name: 'member_removed', channel, userId: '9' });
    outbox.expectNothing();
  });

  test('counts several connections of a user as one member', async () => {
    const { connect, outbox, advance } = hubStage();
    const [seven, again, other] = [connect(), connect(), connect()];
    seven.join(channel, member('7', 'first'));
    other.join(channel, member('9'));
    seven.socket.takeFrames();
    outbox.takeLines();
    again.subscribe(channel, member('7', 'second'));
    again.socket.expectFrame(presence(2, ['7', '9'], { 7: 'first', 9: null }));
    seven.vanish();
    other.socket.expectNoFrame();
    outbox.expectNothing();
    again.unsubscribe(channel);
    other.socket.expectFrame(removed('7'));
    await advance(3000);
    expect(outbox.takeLines()).toEqual([`member_removed ${channel} 7`]);
  });

  test('turns a numeric user id into a string', () => {
    const { connect, outbox } = hubStage();
    const actor = connect();
    actor.subscribe(channel, member(10, { name: 'Mr. Channels' }));
    actor.socket.expectFrame(presence(1, ['10'], { 10: { name: 'Mr. Channels' } }));
    expect(outbox.takeLines()).toContain(`member_added ${channel} 10`);
  });

  test('keeps two users apart whose numeric ids differ in the last of many digits', async () => {
    const { connect, outbox, advance } = hubStage();
    const [first, second] = [connect(), connect()];
    const enter = (actor: typeof first, text: string) => {
      const auth = authFor(actor.id, channel, text);
      actor.send({ event: 'pusher:subscribe', data: { channel, auth, channel_data: text } });
    };
    enter(first, '{"user_id":9007199254740992}');
    enter(second, '{"user_id":9007199254740993,"user_info":{"balance":12345678901234567890}}');
    const hash = '{"9007199254740992":null,"9007199254740993":{"balance":12345678901234567890}}';
    const [welcome] = second.socket.takeFrames();
    expect(welcome?.data).toBe(
      `{"presence":{"count":2,"ids":["9007199254740992","9007199254740993"],"hash":${hash}}}`,
    );
    const [, news] = first.socket.takeFrames();
    expect(news?.data).toBe('{"user_id":"9007199254740993","user_info":{"balance":12345678901234567890}}');
    second.vanish();
    first.socket.expectFrame(removed('9007199254740993'));
    await advance(3000);
    expect(outbox.takeLines()).toEqual([
      `channel_occupied ${channel}`,
      `member_added ${channel} 9007199254740992`,
      `member_added ${channel} 9007199254740993`,
      `member_removed ${channel} 9007199254740993`,
    ]);
  });

  test('treats __proto__ as a user id like any other', () => {
    const { connect } = hubStage();
    const actor = connect();
    actor.subscribe(channel, { user_id: '__proto__', user_info: { a: 1 } });
    const [welcome] = actor.socket.takeFrames();
    expect(welcome?.data).toBe('{"presence":{"count":1,"ids":["__proto__"],"hash":{"__proto__":{"a":1}}}}');
  });

  test('refuses a member above the limit, but never further connections of a present user', () => {
    const { connect, outbox } = hubStage({ apps: [application({ limits: { presenceMembers: 2 } })] });
    connect().join(channel, member('1'));
    connect().join(channel, member('2'));
    const third = connect();
    outbox.takeLines();
    third.subscribe(channel, member('3'));
    const [toChannel, toConnection] = third.socket.takeFrames();
    expect(JSON.parse(toChannel?.data as string)).toMatchObject({ type: 'LimitReached' });
    expect(toConnection).toMatchObject({ event: 'pusher:error', data: { code: null } });
    third.socket.expectOpen();
    outbox.expectNothing();
    connect().join(channel, member('1'));
    third.subscribe(channel, member('2'));
    third.socket.expectFrame(presence(2, ['1', '2'], { 1: null, 2: null }));
  });

  test('leaves no trace of a refused member', async () => {
    const { connect, outbox, advance, node } = hubStage({
      apps: [application({ limits: { presenceMembers: 1 } })],
    });
    const first = connect().join(channel, member('1'));
    const second = connect();
    second.subscribe(channel, member('2'));
    second.socket.takeFrames();
    outbox.takeLines();
    second.vanish();
    second.vanish();
    await advance(10_000);
    outbox.expectNothing();
    first.socket.expectNoFrame();
    expect(node.holders('0/presence-a').size).toBe(1);
  });

  test.each([
    ['none', undefined, 'a presence channel needs it, with a user_id, unless the connection is signed in'],
    ['no JSON', '{', 'expected the JSON text of an object'],
    ['no user_id', '{}', 'user_id must be a non-empty string or a number, got nothing'],
  ])('refuses channel data, although signed: %s', (_, channelData, why) => {
    const { connect } = hubStage();
    const actor = connect();
    const auth = authFor(actor.id, channel, channelData);
    actor.send({ event: 'pusher:subscribe', data: { channel, auth, channel_data: channelData } });
    actor.socket.takeFrames().forEach(({ event, data }) => {
      if (event === 'pusher:error')
        expect(data).toEqual({ code: null, message: `Invalid channel_data: ${why}` });
    });
    expect(actor.session.subscriptions.size).toBe(0);
  });

  test('refuses channel data that the authorization endpoint did not encode, and names the channel', () => {
    const { connect } = hubStage();
    const actor = connect();
    const channelData = { user_id: '7' };
    const auth = authFor(actor.id, channel, JSON.stringify(channelData));
    actor.send({ event: 'pusher:subscribe', data: { channel, auth, channel_data: channelData } });
    const [refusal, error] = actor.socket.takeFrames();
    const why =
      "Invalid channel_data: expected a string, the JSON text that your server's channel authorization endpoint has signed, got an object";
    expect(refusal).toMatchObject({ event: 'pusher:subscription_error', channel });
    expect(refusal?.data).toContain(JSON.stringify(why).slice(1, -1));
    expect(error?.data).toEqual({ code: null, message: why });
    expect(actor.session.subscriptions.size).toBe(0);
  });

  test('reads channel data only after its signature was accepted', () => {
    const { connect } = hubStage();
    const actor = connect();
    actor.send({ event: 'pusher:subscribe', data: { channel, auth: 'app-key:00', channel_data: 'no JSON' } });
    const [, error] = actor.socket.takeFrames();
    expect(error?.data).toEqual({
      code: null,
      message: 'Invalid signature: Expected HMAC SHA256 hex digest of 1.1:presence-a:no JSON, but got 00',
    });
  });
});
