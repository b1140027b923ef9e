import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { Client } from './support/client.ts';
import { app, startServer } from './support/server.ts';

const channel = 'presence-room';
/** More messages than uWebSockets.js buffers for one socket. */
const size = 80;

interface Presence {
  readonly presence: { readonly count: number; readonly ids: readonly string[] };
}

function requestJoin(client: Client, userId: string): void {
  const channelData = JSON.stringify({ user_id: userId });
  const signed = `${client.socketId}:${channel}:${channelData}`;
  const auth = `${app.key}:${createHmac('sha256', app.secret).update(signed).digest('hex')}`;
  client.send('pusher:subscribe', { channel, auth, channel_data: channelData });
}

/** The users in the events of this name that a client received, in order. */
function usersIn(client: Client, event: string): string[] {
  return client
    .of(`pusher_internal:${event}`)
    .map(({ data }) => (JSON.parse(data as string) as { user_id: string }).user_id);
}

test('many members who join together and leave together are reported to everybody, once and in order', async () => {
  const server = await startServer({ limits: { presenceMembers: size } });
  const clients = await Promise.all(Array.from({ length: size }, () => Client.connect(server)));
  for (const [index, client] of clients.entries()) requestJoin(client, `${index}`);
  await Promise.all(clients.map((client) => client.next('pusher_internal:subscription_succeeded')));
  await Promise.all(clients.map((client) => client.ping()));

  const orders = clients.map((client, index) => {
    const [succeeded] = client.of('pusher_internal:subscription_succeeded');
    const { presence } = JSON.parse(succeeded?.data as string) as Presence;
    // The members who were present, including itself, then those who joined later.
    expect(presence.count).toBe(presence.ids.length);
    expect(presence.ids).toContain(`${index}`);
    return [...presence.ids, ...usersIn(client, 'member_added')];
  });
  expect(orders[0]).toHaveLength(size);
  for (const order of orders) expect(order).toEqual(orders[0]);

  const leaving = clients.filter((_, index) => index % 2 === 1);
  const staying = clients.filter((_, index) => index % 2 === 0);
  for (const client of leaving) client.ws.terminate();
  for (const client of staying) {
    for (const _ of leaving) await client.next('pusher_internal:member_removed');
    await client.ping();
  }
  const removed = usersIn(staying[0] as Client, 'member_removed');
  expect(removed.toSorted((a, b) => Number(a) - Number(b))).toEqual(
    leaving.map((_, index) => `${2 * index + 1}`),
  );
  for (const client of staying) expect(usersIn(client, 'member_removed')).toEqual(removed);
});
