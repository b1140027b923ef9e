import Backend from 'pusher';
import Pusher from 'pusher-js';
import { connectEmulator, startReceiver } from 'soketify-emulator';
import { afterAll, expect, inject, test } from 'vitest';

const soketify = await connectEmulator(inject('soketifyUrl'));
const receiver = await startReceiver({ secret: 'own-secret' });
// Each test file has its own app, so that other files neither see nor reset what happens here.
const app = await soketify.createApp({ secret: 'own-secret', webhooks: [{ url: receiver.url }] });
const backend = new Backend(app.serverOptions());

test('a user who closes the tab goes offline', async () => {
  const client = new Pusher(app.key, {
    ...app.clientOptions(),
    channelAuthorization: {
      customHandler: ({ socketId, channelName }, done) =>
        done(null, backend.authorizeChannel(socketId, channelName, { user_id: '42' })),
    },
  });
  client.subscribe('presence-room');
  await app.webhooks.waitFor({ name: 'member_added', user_id: '42' });
  client.disconnect();
  await app.webhooks.waitFor({ name: 'member_removed', user_id: '42' });
  await app.idle();
  expect(receiver.state()).toMatchObject({ occupied: [], members: {} });
});

afterAll(async () => {
  await soketify.removeApp(app.id);
  await soketify.close();
  await receiver.close();
});
