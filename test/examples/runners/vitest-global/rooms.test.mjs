import Backend from 'pusher';
import { connectEmulator } from 'soketify-emulator';
import { afterAll, expect, inject, test } from 'vitest';

const soketify = await connectEmulator(inject('soketifyUrl'));
const app = await soketify.createApp();

test('a backend publishes', async () => {
  await new Backend(app.serverOptions()).trigger('orders', 'created', { id: 7 });
  expect(await app.published.waitFor({ channel: 'orders' })).toMatchObject({ data: '{"id":7}' });
  expect(app.published.list).toHaveLength(1);
});

afterAll(async () => {
  await soketify.removeApp(app.id);
  await soketify.close();
});
