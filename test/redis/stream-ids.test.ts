import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, quick } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import { partitionOf, PartitionKeys } from '../../src/store/redis/keys.ts';
import { startRedis } from '../support/redis/server.ts';

test('events are delivered also after a failover to a Redis that lacks the last ones and whose clock is behind', async () => {
  await using redis = await startRedis();
  const hooks = await startReceiver();
  onTestFinished(() => hooks.close());
  const node = await startServer({
    apps: [{ ...app, webhooks: [{ url: hooks.url }] }],
    webhooks: quick,
    redis: { url: redis.url, leaseMs: 2000 },
  });
  onTestFinished(() => node.stop());
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());

  // As from a server whose clock is ahead.
  const { outbox, wake } = new PartitionKeys('soketify:', partitionOf(app.id, 'room'));
  const event = JSON.stringify({ name: 'channel_occupied', channel: 'lost' });
  await client.xadd(outbox, `${Date.now() + 60_000}-0`, 'a', app.id, 'j', event);
  await client.spublish(wake, '');
  await hooks.namesOf('lost', 1);

  await client.del(outbox);
  await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  const late = await connectClient(node);
  await late.subscribe('room');
  expect(await hooks.namesOf('room', 1)).toEqual(['channel_occupied']);
});
