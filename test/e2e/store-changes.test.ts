import { describe, expect, test } from 'vitest';
import { app, otherApp } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';
import { config, folder, taken } from '../support/e2e/store.ts';

describe('a node with a store whose configuration changes while it is down', () => {
  test('sends an endpoint that is new in the file what it has missed', async () => {
    const path = await folder();
    await using hooks = await startReceiver();
    await using late = await startReceiver();
    const before = await startServer(config({ path, hooks }));
    await (await connectSocket(before)).subscribe('presence-room', { user_id: 'anna' });
    await hooks.requests.until((requests) => taken(requests).length === 2);
    await before.kill();
    const added = { url: late.url, id: 'late', reconcile: true };
    const webhooks = [{ url: hooks.url, id: 'main' }, added];
    await using _ = await startServer({ ...config({ path }), apps: [{ ...app, webhooks }] });
    await late.requests.until((requests) => taken(requests).length === 2);
    expect(taken(late.requests.items).map(({ name }) => name)).toEqual(['channel_occupied', 'member_added']);
  });

  test('continues an app that was not configured for one run', async () => {
    const path = await folder();
    await using hooks = await startReceiver();
    const before = await startServer(config({ path, hooks }));
    await (await connectSocket(before)).subscribe('presence-room', { user_id: 'anna' });
    await hooks.requests.until((requests) => taken(requests).length === 2);
    await before.kill();
    const without = await startServer({ ...config({ path }), apps: [otherApp] });
    const warned = await without.log.first(({ msg = '' }) =>
      msg.startsWith('the store has the state of apps'),
    );
    expect(warned).toMatchObject({ apps: [app.id] });
    await without.kill();
    await using _ = await startServer(config({ path, hooks, graceMs: 500 }));
    await hooks.requests.until((requests) => taken(requests).length === 4);
    const left = taken(hooks.requests.items).slice(2);
    expect(left.map(({ name }) => name)).toEqual(['member_removed', 'channel_vacated']);
  });

  test('says of an endpoint that has another URL since then that its state is less certain', async () => {
    const path = await folder();
    await using hooks = await startReceiver();
    await using moved = await startReceiver();
    const before = await startServer(config({ path, hooks }));
    await (await connectSocket(before)).subscribe('presence-room', { user_id: 'anna' });
    await hooks.requests.until((requests) => taken(requests).length === 2);
    await before.kill();
    await using after = await startServer(config({ path, hooks: moved }));
    const response = await fetch(`${after.url}/admin/apps/${app.id}/endpoints/main/truth`);
    expect(await response.json()).toMatchObject({
      limits: [expect.stringMatching(/^Its URL was changed while the server was down, before its start at /)],
    });
  });
});
