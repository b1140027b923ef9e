// A test as somebody writes it who uses jest, which refuses ES modules.
const { createServer } = require('node:http');
const { EmulatorError, startEmulator, startReceiver } = require('soketify-emulator');
const Backend = require('pusher');
const Pusher = require('pusher-js');

/* global jest, describe, test, expect, beforeAll, beforeEach, afterAll */

describe('in jest', () => {
  let receiver;
  let soketify;

  beforeAll(async () => {
    receiver = createServer((request, response) => request.resume().on('end', () => response.end()));
    await new Promise((resolve) => {
      receiver.listen(0, '127.0.0.1', resolve);
    });
    const url = `http://127.0.0.1:${receiver.address().port}/`;
    soketify = await startEmulator({ clock: 'virtual', apps: [{ webhooks: [{ url }] }] });
  });
  beforeEach(() => soketify.reset());
  afterAll(async () => {
    await soketify.close();
    await new Promise((resolve) => {
      receiver.close(resolve);
    });
  });

  test.each(['a first test', 'the next one'])('%s sees a member come and go', async () => {
    const backend = new Backend(soketify.serverOptions());
    const pusher = new Pusher(soketify.key, {
      ...soketify.clientOptions(),
      channelAuthorization: {
        customHandler: ({ socketId, channelName }, done) =>
          done(null, backend.authorizeChannel(socketId, channelName, { user_id: '42' })),
      },
    });
    pusher.subscribe('presence-room');
    await soketify.webhooks.waitFor({ name: 'member_added', user_id: '42' });
    soketify.faults.webhooks({ status: 500, times: 9 });
    pusher.disconnect();
    const removed = await soketify.webhooks.waitFor(
      { name: /^member_/, user_id: /^42$/ },
      { after: soketify.events.at(-1) },
    );
    expect(removed).toMatchObject({ name: 'member_removed', channel: 'presence-room' });
    expect(soketify.deliveries.at(-1).attempts).toHaveLength(10);
  });

  test('errors are of the class that the package exports', async () => {
    await expect(soketify.webhooks.waitFor({ name: 'member_gone' })).rejects.toThrow(EmulatorError);
    const refused = startReceiver({ secrt: 'a' });
    await expect(refused).rejects.toThrow(EmulatorError);
    await expect(refused).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' });
  });

  test('fake timers do not stop it', async () => {
    jest.useFakeTimers();
    await soketify.clock.advance(60_000);
    await expect(soketify.webhooks.waitFor({ name: 'cache_miss' }, { timeoutMs: 1 })).rejects.toThrow(
      /no webhook with name 'cache_miss'/,
    );
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });
});
