import { describe, expect, test, vi } from 'vitest';
import { serverClosing, terminated } from '../../../src/protocol/errors.ts';
import { application, greeting } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

const welcome = (channel: string) => ({
  event: 'pusher_internal:subscription_succeeded',
  channel,
  data: '{}',
});

describe('a connection', () => {
  test('receives its socket id and the activity timeout in seconds', () => {
    const { hub, node } = hubStage();
    const socket = node.socket();
    hub.open(socket, greeting('app-key', { protocol: undefined }));
    socket.expectFrame({
      event: 'pusher:connection_established',
      data: '{"socket_id":"1.1","activity_timeout":120}',
    });
    socket.expectNoFrame();
  });

  test('with an unknown key is closed with 4001', () => {
    const { hub, node } = hubStage();
    const socket = node.socket();
    expect(hub.open(socket, greeting('nobody'))).toBeUndefined();
    socket.expectClosed(4001, 'App key nobody not in this cluster. Did you forget to specify the cluster?');
    socket.expectNoFrame();
  });

  test.each(['3', '8', 'x', ''])('with the protocol "%s" is closed with 4007', (protocol) => {
    const { hub, node } = hubStage();
    const socket = node.socket();
    expect(hub.open(socket, greeting('app-key', { protocol }))).toBeUndefined();
    socket.expectClosed(4007);
  });

  test('is closed with 4200 while the server shuts down', () => {
    const { hub, node } = hubStage();
    void hub.close();
    const socket = node.socket();
    expect(hub.open(socket, greeting())).toBeUndefined();
    socket.expectClosed(4200);
  });

  test('is counted once when it opens and once when it closes, even if that is reported repeatedly', () => {
    const metrics = { connectionOpened: vi.fn(), connectionClosed: vi.fn() };
    const { connect, hub } = hubStage({ metrics });
    const { session } = connect();
    hub.closed(session);
    hub.closed(session);
    expect(metrics.connectionOpened).toHaveBeenCalledExactlyOnceWith('1');
    expect(metrics.connectionClosed).toHaveBeenCalledExactlyOnceWith('1');
  });

  test('is counted and closed with 4100 if it reads too slowly', () => {
    const slowClientClosed = vi.fn();
    const { connect, hub } = hubStage({ metrics: { slowClientClosed } });
    const { session, socket } = connect();
    hub.tooSlow(session);
    expect(slowClientClosed).toHaveBeenCalledExactlyOnceWith('1');
    socket.expectClosed(4100);
  });
});

describe('a frame', () => {
  test.each([
    [{ event: 'pusher:ping' }],
    [{ event: 'pusher:ping', data: {} }],
    [{ event: 'pusher:ping', data: 'x' }],
  ])('%j is answered with a pong', (frame) => {
    const { connect } = hubStage();
    const actor = connect();
    actor.send(frame);
    actor.socket.expectFrame({ event: 'pusher:pong', data: {} });
  });

  test('pusher:pong is not answered', () => {
    const { connect } = hubStage();
    const actor = connect();
    actor.send({ event: 'pusher:pong', data: {} });
    actor.socket.expectNoFrame();
  });

  test.each([
    ['', 'Invalid message format'],
    ['{', 'Invalid message format'],
    ['[]', 'Invalid message format'],
    ['{"data":{}}', 'Invalid message format'],
    ['{"event":"pusher:subscribe"}', 'Invalid message format'],
    ['{"event":"pusher:unsubscribe"}', 'Invalid message format'],
    ['{"event":"pusher:subscribe","data":{"channel":"a","auth":1}}', 'Invalid message format'],
  ])('%s is answered with an error and changes nothing', (text, message) => {
    const { connect, outbox } = hubStage();
    const actor = connect();
    actor.send(text);
    actor.socket.expectError(message);
    actor.socket.expectNoFrame();
    actor.socket.expectOpen();
    outbox.expectNothing();
  });

  test.each(['pusher:signin-please', 'pusher_internal:member_added', 'news', ''])(
    'with the event "%s", which clients cannot send, is answered with an error',
    (event) => {
      const { connect } = hubStage();
      const actor = connect();
      actor.send({ event, channel: 'a', data: {} });
      actor.socket.expectFrame({
        event: 'pusher:error',
        data: { code: null, message: expect.stringContaining(`'${event}'`) as string },
      });
      actor.socket.expectOpen();
    },
  );

  test('of bytes is answered with an error', () => {
    const { connect, hub } = hubStage();
    const actor = connect();
    hub.receiveBinary(actor.session);
    actor.socket.expectError('Invalid message format: binary frames are not supported, send text');
    actor.socket.expectOpen();
  });

  test('is counted, whatever it contains', () => {
    const messageReceived = vi.fn();
    const { connect } = hubStage({ metrics: { messageReceived } });
    const actor = connect();
    for (const text of ['{"event":"pusher:ping"}', 'nonsense']) actor.send(text);
    expect(messageReceived).toHaveBeenCalledTimes(2);
  });
});

describe('closing connections', () => {
  test('of the server sends 4200 to all clients of every app', () => {
    const stage = hubStage({ apps: [application(), application({ id: '2', key: 'other' })] });
    const actors = [stage.connect(), stage.connect(), stage.connect('other')];
    void stage.hub.close();
    for (const { socket } of actors) socket.expectClosed(4200, 'Server closed. Please reconnect shortly.');
    expect([...stage.apps].map(({ sessions }) => sessions.size)).toEqual([0, 0]);
  });

  test('by the server counts as a leave', async () => {
    const stage = hubStage();
    const actor = stage.connect().join('news');
    stage.outbox.takeLines();
    stage.hub.end(actor.session, terminated);
    actor.socket.expectClosed(4009);
    await stage.advance(3000);
    expect(stage.outbox.takeLines()).toEqual(['channel_vacated news']);
  });

  test('is final: later frames of the client are ignored', async () => {
    const stage = hubStage();
    const actor = stage.connect();
    stage.hub.tooSlow(actor.session);
    actor.subscribe('news');
    stage.hub.closed(actor.session);
    await stage.advance(10_000);
    expect(stage.memory.occupiedChannels('1', '')).toEqual([]);
    stage.outbox.expectNothing();
  });

  test('is reported once for each connection', async () => {
    const stage = hubStage();
    const actor = stage.connect().join('news');
    actor.vanish();
    actor.vanish();
    stage.hub.end(actor.session, serverClosing);
    await stage.advance(3000);
    expect(stage.outbox.takeLines()).toEqual(['channel_occupied news', 'channel_vacated news']);
  });
});

test('keeps apps apart: keys, channels and excluded sockets', () => {
  const stage = hubStage({ apps: [application(), application({ id: '2', key: 'other', secret: 's2' })] });
  const [one, other] = [stage.connect().join('private-a'), stage.connect('other').join('private-a')];
  one.trigger('private-a', 'x');
  other.socket.expectNoFrame();
  one.send({ event: 'pusher:subscribe', data: { channel: 'news' } });
  one.socket.expectFrame(welcome('news'));
  stage.node.publish('1/news', '{"event":"a"}');
  one.socket.expectNoFrame();
});
