import { describe, expect, test, vi } from 'vitest';
import { relayForClient } from '../../../src/connections/client-events.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { noMetrics } from '../../../src/ports/metrics.ts';
import { application, endpoint } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';
import { notRebuilt } from '../../support/unit/not-rebuilt.ts';

const channel = 'private-a';

function pair(apps = [application()]) {
  const stage = hubStage({ apps });
  const [sender, receiver] = [stage.connect().join(channel), stage.connect().join(channel)];
  stage.outbox.takeLines();
  return { ...stage, sender, receiver };
}

describe('an accepted client event', () => {
  test('reaches the other subscribers and one webhook, but not its sender', () => {
    const { sender, receiver, outbox, connect } = pair();
    const bystander = connect();
    sender.trigger(channel, 'hello');
    receiver.socket.expectFrame({ event: 'client-typing', channel, data: 'hello' });
    sender.socket.expectNoFrame();
    bystander.socket.expectNoFrame();
    outbox.expectEvent({
      name: 'client_event',
      channel,
      event: 'client-typing',
      data: 'hello',
      socketId: sender.id,
      userId: undefined,
    });
    outbox.expectNothing();
  });

  test.each([
    [{ t: 1 }, '{"t":1}'],
    [undefined, '{}'],
    [null, 'null'],
    [7, '7'],
    [[1, 'a'], '[1,"a"]'],
    ['', ''],
    ['{"t":1}', '{"t":1}'],
    [false, 'false'],
  ])('with the data %j is delivered and reported with the string %s', (data, text) => {
    const { sender, receiver, outbox } = pair();
    sender.trigger(channel, data);
    receiver.socket.expectFrame({ event: 'client-typing', channel, data: text });
    outbox.expectEvent(expect.objectContaining({ data: text }) as object);
  });

  test.each(notRebuilt)('with the data %s is delivered and reported as exactly that text', (source) => {
    const { sender, receiver, outbox } = pair();
    sender.send(`{"event":"client-typing","channel":"${channel}","data":${source}}`);
    receiver.socket.expectFrame({ event: 'client-typing', channel, data: source });
    outbox.expectEvent(expect.objectContaining({ data: source }) as object);
  });

  test('on a presence channel contains the authorized user id, never a claimed one', () => {
    const stage = hubStage();
    const sender = stage.connect().join('presence-a', { user_id: 7 });
    const receiver = stage.connect().join('presence-a', { user_id: '9' });
    stage.outbox.takeLines();
    sender.send({ event: 'client-a', channel: 'presence-a', data: {}, user_id: 'admin', extra: 1 });
    const [frame] = receiver.socket.takeFrames().slice(-1);
    expect(frame).toEqual({ event: 'client-a', channel: 'presence-a', data: '{}', user_id: '7' });
    stage.outbox.expectEvent(expect.objectContaining({ userId: '7' }) as object);
  });

  test('on a private channel contains no user id', () => {
    const { sender, receiver } = pair();
    sender.send({ event: 'client-a', channel, data: {}, user_id: 'admin' });
    receiver.socket.expectFrame({ event: 'client-a', channel, data: '{}' });
  });

  test.each(['private-cache-a', 'private-encrypted-a', 'private-encrypted-cache-a'])(
    'is forwarded on %s and never cached',
    (name) => {
      const { connect, memory } = hubStage();
      const [sender, receiver] = [connect().join(name), connect().join(name)];
      receiver.socket.takeFrames();
      sender.trigger(name, 'x');
      receiver.socket.expectFrame({ event: 'client-typing', channel: name, data: 'x' });
      expect(memory.channel('1', name as never).cache).toBeUndefined();
    },
  );

  test('causes no webhook if no endpoint selects it', () => {
    const filtered = endpoint({ channels: { startsWith: 'presence-' } });
    const { sender, receiver, outbox } = pair([application({ endpoints: [filtered] })]);
    sender.trigger(channel, 'x');
    expect(receiver.socket.takeFrames()).toHaveLength(1);
    outbox.expectNothing();
  });
});

describe('a refused client event', () => {
  const refusals: [string, (stage: ReturnType<typeof pair>) => void, string][] = [
    [
      'on a channel that is not subscribed',
      ({ sender }) => sender.trigger('private-b', 'x'),
      "Client event rejected - you didn't subscribe this channel",
    ],
    [
      'on a public channel',
      ({ sender }) => sender.trigger('news', 'x'),
      'Client event rejected - only supported on private and presence channels',
    ],
    [
      'on a public cache channel',
      ({ sender }) => sender.trigger('cache-a', 'x'),
      'Client event rejected - only supported on private and presence channels',
    ],
    [
      'on a server-to-user channel',
      ({ sender }) => sender.trigger('#server-to-user-7', 'x'),
      'Client event rejected - only supported on private and presence channels',
    ],
    [
      'with more than 10,240 bytes of data',
      ({ sender }) => sender.trigger(channel, `${'\u00e9'.repeat(5120)}x`),
      'The data content of this event exceeds the allowed maximum (10240 bytes). See https://pusher.com/docs/channels/server_api/http-api#publishing-events for more info',
    ],
    [
      'with a name of more than 200 characters',
      ({ sender }) => sender.trigger(channel, 'x', `client-${'x'.repeat(194)}`),
      'Client event rejected - the event name is longer than 200 characters',
    ],
  ];

  test.each(refusals)('(%s) is reported only to its sender, with code null', (_, act, message) => {
    const stage = pair();
    act(stage);
    stage.sender.socket.expectError(message);
    stage.sender.socket.expectNoFrame();
    stage.sender.socket.expectOpen();
    stage.receiver.socket.expectNoFrame();
    stage.outbox.expectNothing();
  });

  test('because the app has disabled them is reported in the documented words', () => {
    const { sender, receiver, outbox } = pair([application({ clientEvents: false })]);
    sender.trigger(channel, 'x');
    sender.socket.expectError(
      'To send client events, you must enable this feature in the Settings page of your dashboard.',
    );
    receiver.socket.expectNoFrame();
    outbox.expectNothing();
  });

  test('is accepted exactly at the limits', () => {
    const { sender, receiver } = pair();
    sender.trigger(channel, '\u00e9'.repeat(5120), `client-${'x'.repeat(193)}`);
    expect(receiver.socket.takeFrames()).toHaveLength(1);
  });
});

describe('the rate of client events', () => {
  test('is ten in any second; the eleventh is refused with 4301 and causes no webhook', () => {
    const { sender, receiver, outbox, clock } = pair();
    for (let count = 0; count < 10; count += 1) {
      sender.trigger(channel, String(count));
      clock.advanceSync(10);
    }
    sender.socket.expectNoFrame();
    sender.trigger(channel, 'eleventh');
    sender.socket.expectError('Client event rejected due to rate limit', 4301);
    sender.socket.expectOpen();
    expect(receiver.socket.takeFrames()).toHaveLength(10);
    expect(outbox.takeLines()).toHaveLength(10);
  });

  test('forgets an event after a second, and never counts refused ones', () => {
    const { sender, receiver, clock } = pair();
    for (let count = 0; count < 30; count += 1) sender.trigger(channel, 'x');
    clock.advanceSync(999);
    sender.trigger(channel, 'x');
    expect(receiver.socket.takeFrames()).toHaveLength(10);
    clock.advanceSync(1);
    for (let count = 0; count < 11; count += 1) sender.trigger(channel, 'x');
    expect(receiver.socket.takeFrames()).toHaveLength(10);
  });

  test('applies to each connection separately', () => {
    const { sender, receiver } = pair();
    for (let count = 0; count < 10; count += 1) sender.trigger(channel, 'x');
    receiver.trigger(channel, 'x');
    expect(sender.socket.takeFrames()).toHaveLength(1);
  });

  test('is not used up by events that are refused for another reason', () => {
    const { sender, receiver } = pair();
    for (let count = 0; count < 20; count += 1) sender.trigger('private-b', 'x');
    sender.trigger(channel, 'x');
    expect(receiver.socket.takeFrames()).toHaveLength(1);
  });

  test('is unlimited if the limit is null', () => {
    const { sender, receiver } = pair([application({ limits: { clientEventsPerSecond: Infinity } })]);
    for (let count = 0; count < 500; count += 1) sender.trigger(channel, 'x');
    expect(receiver.socket.takeFrames()).toHaveLength(500);
  });
});

test('accepted events are counted, refused ones are not', () => {
  const messagePublished = vi.fn();
  const stage = hubStage({ metrics: { messagePublished } });
  const sender = stage.connect().join(channel);
  sender.trigger(channel, 'x');
  sender.trigger('news', 'x');
  expect(messagePublished).toHaveBeenCalledExactlyOnceWith('1', 'client');
});

test('a refusal is returned to whoever sends on behalf of a client, and not sent to the client', () => {
  const stage = hubStage();
  const [sender, receiver] = [stage.connect().join(channel), stage.connect().join(channel)];
  const refused = vi.fn();
  const options = { ...stage, metrics: noMetrics, log: silentLog, refused };
  const sendEvent = (to: string) =>
    relayForClient(
      sender.session,
      { kind: 'client-event', channel: to, event: 'client-typing', data: '"x"' },
      options,
    );
  expect(sendEvent(channel)).toBeUndefined();
  expect(receiver.socket.takeFrames()).toMatchObject([{ event: 'client-typing', data: '"x"' }]);
  expect(sendEvent('private-other')).toMatchObject({ reason: 'not_subscribed' });
  sender.socket.expectNoFrame();
  expect(refused).not.toHaveBeenCalled();
});
