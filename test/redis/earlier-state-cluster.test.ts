import { expect, test } from 'vitest';
import { app, quick } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';
import { startRedisCluster } from '../support/redis/cluster.ts';

test('a new endpoint is sent the present state of all channels, whichever server of a cluster knows them', async () => {
  await using cluster = await startRedisCluster();
  await using hooks = await startReceiver();
  const given = { webhooks: quick, redis: { cluster: cluster.urls, leaseMs: 3000 } };
  await using one = await startServer({ apps: [app], ...given });
  await using two = await startServer({ apps: [app], ...given });
  const sockets = [await connectSocket(one), await connectSocket(two)];
  const rooms = Array.from({ length: 24 }, (_, number) => `presence-${number}`);
  for (const [number, room] of rooms.entries()) {
    await sockets[number % 2]?.subscribe(room, { user_id: `user-${number % 2}` });
  }
  const apps = [{ ...app, webhooks: [{ id: 'main', url: hooks.url, reconcile: true }] }];
  for (const node of [one, two]) {
    await node.rewriteConfig({ apps, ...given });
    node.signal('SIGHUP');
  }
  const reported = () => [
    ...new Set(
      hooks.events.items.map(({ name, channel, user_id: user = '' }) => `${name} ${channel} ${user}`),
    ),
  ];
  const present = rooms.flatMap((room, number) => [
    `channel_occupied ${room} `,
    `member_added ${room} user-${number % 2}`,
  ]);
  await expect.poll(() => reported().toSorted()).toEqual(present.toSorted());
});
