import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import { startLateNode } from '../support/redis/late-node.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

test.each([
  // The node answers from what it knows.
  ['cache-a', ['1', '2', '3', '4', '5']],
  // A new member's join asks Redis, which knows more than the node has received.
  ['presence-cache-a', ['4', '5']],
] as const)(
  'a subscriber of %s receives every event, also when another client joins before the notices have arrived',
  async (name, ofSecond) => {
    const channel = name as ChannelName;
    const { way, late: here, other, commands } = await startLateNode(redis, `late-${name}:`);
    const userOf = (id: string) => (name.startsWith('presence-') ? id : undefined);
    await here.join('first', channel, userOf('first'));
    const publish = (data: string) => other.ledger.cacheEvent('a1', channel, { name: 'news', data });

    await publish('1');
    await here.caughtUp();
    way.holdUp();
    for (const data of ['2', '3', '4']) await publish(data);
    const joined = here.join('second', channel, userOf('second'));
    // Its answer arrived before the notices, because Redis sends no notices on that connection.
    await commands.ping();
    way.goOn();
    await joined;
    await publish('5');
    await here.caughtUp();

    expect(here.clients.get('first')?.events).toEqual(['1', '2', '3', '4', '5']);
    expect(here.clients.get('second')?.events).toEqual(ofSecond);
  },
);
