const Backend = require('pusher');
const Pusher = require('pusher-js');
const { EmulatorError, startEmulator, startReceiver } = require('soketify-emulator');

/* global jest, test, expect, beforeAll, afterEach, afterAll */

let receiver; // in place of your backend, which would read soketify.env(): SOKETIFY_*, PUSHER_*
let soketify;
let backend;

beforeAll(async () => {
  receiver = await startReceiver();
  soketify = await startEmulator({ clock: 'virtual', apps: [{ webhooks: [{ url: receiver.url }] }] });
  backend = new Backend(soketify.serverOptions());
});
afterEach(() => soketify.reset());
afterAll(async () => {
  await soketify.close();
  await receiver.close();
});

// The second run shows that the first one left nothing behind.
test.each([1, 2])('a user who closes the tab goes offline (%i)', async () => {
  const client = new Pusher(soketify.key, {
    ...soketify.clientOptions(),
    channelAuthorization: {
      customHandler: ({ socketId, channelName }, done) =>
        done(null, backend.authorizeChannel(socketId, channelName, { user_id: '42' })),
    },
  });
  client.subscribe('presence-room');
  await soketify.webhooks.waitFor({ name: 'member_added', user_id: '42' });
  soketify.faults.webhooks({ status: 500, times: 9 }); // the backend is down for a while
  client.disconnect();
  await soketify.webhooks.waitFor({ name: 'member_removed', user_id: '42' });
  await soketify.idle();
  expect(receiver.state()).toMatchObject({ occupied: [], members: {} });
});

test('fake timers of jest do not stop the emulator', async () => {
  jest.useFakeTimers();
  await soketify.clock.advance(60_000);
  await expect(soketify.webhooks.waitFor({ name: 'cache_miss' }, { timeoutMs: 1 })).rejects.toThrow(
    /no webhook with name 'cache_miss'[^]*setTimeout is faked: pusher-js cannot send/,
  );
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

test('errors of the emulator and the receiver have the class that the package exports', async () => {
  const waiting = soketify.webhooks.waitFor({ name: 'member_gone' });
  await expect(waiting).rejects.toThrow(EmulatorError);
  const refused = startReceiver({ secrt: 'a' });
  await expect(refused).rejects.toThrow(EmulatorError);
  await expect(refused).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' });
});
