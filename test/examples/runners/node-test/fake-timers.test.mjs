// A test with node:test and its fake timers.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, mock, test } from 'node:test';
import { startEmulator } from 'soketify-emulator';
import { WebSocket } from 'ws';

const receiver = createServer((request, response) => request.resume().on('end', () => response.end()));
await new Promise((resolve) => {
  receiver.listen(0, '127.0.0.1', resolve);
});
after(() => receiver.close());

test('in node:test, a webhook arrives immediately, together with its fake timers', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
  const url = `http://127.0.0.1:${receiver.address().port}/`;
  const soketify = await startEmulator({ clock: 'virtual', apps: [{ webhooks: [{ url }] }] });
  soketify.faults.webhooks({ reset: true, times: 5 });
  const client = new WebSocket(`ws://127.0.0.1:${soketify.port}/app/${soketify.key}`);
  client.once('message', () =>
    client.send(JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'news' } })),
  );
  const event = await soketify.webhooks.waitFor({ name: 'channel_occupied' });
  assert.equal(event.endpoints[0].attempts, 6);
  await soketify.close();
  mock.timers.reset();
});
