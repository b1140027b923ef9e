import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createRedisClients } from '../../src/store/redis/link/connect.ts';
import { partitionOf, PartitionKeys } from '../../src/store/redis/keys.ts';
import { systemClock } from '../../src/system/clock.ts';
import { moveSlotOf, startRedisCluster, type RedisCluster } from '../support/redis/cluster.ts';
import { FanoutNode } from '../support/redis/fanout-node.ts';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(() => cluster.stop());

let made = 0;

async function twoNodes() {
  made += 1;
  const keyPrefix = `fanout-${made}:`;
  const [here, there] = ['here', 'there'].map((name) => {
    const location = { kind: 'cluster', urls: cluster.urls } as const;
    const clients = createRedisClients({ location, silenceMs: 5000 });
    return new FanoutNode(clients, keyPrefix, { name, clock: systemClock });
  }) as [FanoutNode, FanoutNode];
  await Promise.all([here.start(), there.start()]);
  return { here, there, keyPrefix };
}

/**
 * Waits until `here` receives what `there` publishes on each of these channels, and then publishes once more
 * on all of them.
 */
async function expectHeard(
  { here, there }: { here: FanoutNode; there: FanoutNode },
  channels: readonly string[],
): Promise<void> {
  const missing = async (text: string): Promise<string[]> => {
    await Promise.all([here.ledger.beat(), there.ledger.beat()]);
    for (const channel of channels) there.publish(channel, text);
    await new Promise<void>((resolve) => void systemClock.after(50, resolve));
    return channels.filter((channel) => !here.arrived.includes(`${channel} ${text}`));
  };
  await expect.poll(() => missing('attempt')).toEqual([]);
  for (const channel of channels) there.publish(channel, 'once');
  await expect
    .poll(() => here.arrived.filter((one) => one.endsWith(' once')).toSorted())
    .toEqual(channels.map((channel) => `${channel} once`).toSorted());
}

const channels = Array.from({ length: 300 }, (_, index) => `room-${index}`);

test('a subscriber receives everything that is published after its join, on every server of a cluster', async () => {
  const { here, there } = await twoNodes();
  await Promise.all(
    channels.map(async (channel) => {
      await here.join(channel);
      there.publish(channel, 'x');
    }),
  );
  await expect.poll(() => here.arrived.length).toBe(channels.length);
  expect(new Set(here.arrived).size).toBe(channels.length);
});

test('channels are received again after the connections of the topics were killed', async () => {
  const { here, there } = await twoNodes();
  await Promise.all(channels.map((channel) => here.join(channel)));
  for (const { url } of cluster.servers) {
    const admin = new Redis(url);
    onTestFinished(() => admin.disconnect());
    await admin.client('KILL', 'TYPE', 'PUBSUB');
  }
  await expectHeard({ here, there }, channels);
});

test('channels are received again after their slot has moved to another server, including later channels', async () => {
  const { here, there, keyPrefix } = await twoNodes();
  await Promise.all(channels.map((channel) => here.join(channel)));
  const partition = partitionOf('a1', 'room-0');
  await moveSlotOf(new PartitionKeys(keyPrefix, partition).topic, cluster);
  await expectHeard({ here, there }, channels);
  const later = Array.from({ length: 300 }, (_, index) => `later-${index}`).filter(
    (channel) => partitionOf('a1', channel) === partition,
  );
  await Promise.all(later.map((channel) => here.join(channel)));
  here.arrived.length = 0;
  for (const channel of later) there.publish(channel, 'x');
  await expect.poll(() => here.arrived.toSorted()).toEqual(later.map((channel) => `${channel} x`).toSorted());
});
