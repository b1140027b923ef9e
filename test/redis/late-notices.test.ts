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
  // What the node knows answers for it.
  ['cache-a', ['1', '2', '3', '4', '5']],
  // A member that is new asks Redis, which knows more than the node has heard.
  ['presence-cache-a', ['4', '5']],
] as const)(
  'a subscriber of %s hears every event, also when another joins before the notices of them have come',
  async (name, ofSecond) => {
    const channel = name as ChannelName;
    const { way, late: here, other, commands } = await startLateNode(redis, `late-${name}:`);
    const userOf = (id: string) => (name.startsWith('presence-') ? id : undefined);
    await here.join('first', channel, userOf('first'));
    const publish = (data: string) => other.ledger.cacheEvent('a1', channel, { name: 'news', data });

    await publish('1');
    await here.heard();
    way.holdUp();
    for (const data of ['2', '3', '4']) await publish(data);
    const joined = here.join('second', channel, userOf('second'));
    // Its answer has come before the notices: Redis says nothing about them on that connection.
    await commands.ping();
    way.goOn();
    await joined;
    await publish('5');
    await here.heard();

    expect(here.clients.get('first')?.events).toEqual(['1', '2', '3', '4', '5']);
    expect(here.clients.get('second')?.events).toEqual(ofSecond);
  },
);
