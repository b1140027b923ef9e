import { afterAll, afterEach, expect, test } from '@jest/globals';
import Backend from 'pusher';
import Pusher from 'pusher-js';
import { EmulatorError, startEmulator, startReceiver } from 'soketify-emulator';

const receiver = await startReceiver();
const soketify = await startEmulator({ clock: 'virtual', apps: [{ webhooks: [{ url: receiver.url }] }] });
const backend = new Backend(soketify.serverOptions());

test('a user who closes the tab goes offline', async () => {
  const client = new Pusher(soketify.key, {
    ...soketify.clientOptions(),
    channelAuthorization: {
      customHandler: ({ socketId, channelName }, done) =>
        done(null, backend.authorizeChannel(socketId, channelName, { user_id: '42' })),
    },
  });
  client.subscribe('presence-room');
  await soketify.webhooks.waitFor({ name: 'member_added', user_id: '42' });
  client.disconnect();
  await soketify.webhooks.waitFor({ name: 'member_removed', user_id: '42' });
  await soketify.idle();
  expect(receiver.state()).toMatchObject({ occupied: [], members: {} });
});

test('errors have a class and a code', async () => {
  const missing = soketify.webhooks.waitFor({ name: 'cache_miss' }, { timeoutMs: 1 });
  const error = await missing.catch((reason) => reason);
  expect(error).toBeInstanceOf(EmulatorError);
  expect(error.code).toBe('ERR_WEBHOOK_MISSING');
});

afterEach(() => soketify.reset());
afterAll(async () => {
  await soketify.close();
  await receiver.close();
});
