import { expect, test } from 'vitest';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket, Socket } from '../support/e2e/socket.ts';
import { config, folder, taken } from '../support/e2e/store.ts';
import { freePort } from '../support/redis/ports.ts';

const room = 'presence-room';
const users = Array.from({ length: 30 }, (_, index) => `u${index}`);

// The first worker has clients before the last one listens. The state of the earlier run was restored only after that.
test('clients that return while the workers start are not reported as gone after the grace period', async () => {
  const path = await folder();
  await using hooks = await startReceiver();
  // The more workers, the longer it takes until all of them listen.
  const args = ['--port', String(await freePort()), '--workers', '8'];
  const before = await startServer(config({ path, hooks }), { args });
  for (const id of [...users, 'gone']) await (await connectSocket(before)).subscribe(room, { user_id: id });
  const announced = 1 + users.length + 1;
  await hooks.requests.until((requests) => taken(requests).length === announced);
  await before.kill();

  const returns = users.map((id) => comeBack(before.port, id));
  await using after = await startServer(config({ path, hooks, graceMs: 1000 }), { args });
  await Promise.all(returns);
  // The grace period is over when the one who does not return is reported.
  await hooks.events.first(({ name, user_id }) => name === 'member_removed' && user_id === 'gone');
  await (await connectSocket(after)).subscribe('last');
  expect(await hooks.namesOf('last', 1)).toEqual(['channel_occupied']);
  expect(taken(hooks.requests.items).slice(announced)).toEqual([
    { name: 'member_removed', channel: room, user_id: 'gone' },
    { name: 'channel_occupied', channel: 'last' },
  ]);
});

/** Subscribes as soon as the server accepts connections. */
async function comeBack(port: number, userId: string): Promise<void> {
  for (;;) {
    const socket = new Socket({ port });
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.ws.once('open', () => resolve(true));
      socket.ws.once('close', () => resolve(false));
    });
    if (!isOpen) continue;
    await socket.expectEstablished();
    await socket.subscribe(room, { user_id: userId });
    return;
  }
}
