import assert from 'node:assert/strict';
import Backend from 'pusher';
import Pusher from 'pusher-js';
import { startEmulator, startReceiver } from 'soketify-emulator';

/* global describe, it, before, afterEach, after */

describe('presence', () => {
  let receiver;
  let soketify;
  let backend;

  before(async () => {
    receiver = await startReceiver();
    soketify = await startEmulator({ clock: 'virtual', apps: [{ webhooks: [{ url: receiver.url }] }] });
    backend = new Backend(soketify.serverOptions());
  });

  it('reports that a user who closes the tab goes offline', async () => {
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
    const { occupied, members } = receiver.state();
    assert.deepEqual({ occupied, members }, { occupied: [], members: {} });
  });

  afterEach(() => soketify.reset());
  after(async () => {
    await soketify.close();
    await receiver.close();
  });
});
