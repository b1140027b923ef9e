import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { createRedisClients } from '../../src/store/redis/link/connect.ts';
import { RedisLink } from '../../src/store/redis/link/link.ts';
import { systemClock } from '../../src/system/clock.ts';
import { startRedis } from '../support/redis/server.ts';

test('a frozen Redis makes only a bounded number of publishes wait', async () => {
  await using redis = await startRedis({ args: ['--client-output-buffer-limit', 'pubsub 0 0 0'] });
  const location = { kind: 'single', url: redis.url } as const;
  const link = new RedisLink(createRedisClients({ location, silenceMs: 60_000 }));
  onTestFinished(() => link.close());
  await link.ready(systemClock, 10_000);
  const subscriber = new Redis(redis.url);
  onTestFinished(() => subscriber.disconnect());
  const received: string[] = [];
  subscriber.on(
    'smessage',
    (_topic: string, message: string) => void received.push(message.slice(0, 10).trim()),
  );
  await subscriber.ssubscribe('topic');

  redis.freeze();
  const published = Array.from({ length: 80 }, (_, index) => `${index}`);
  for (const number of published) link.publish('topic', number.padEnd(1024 * 1024));
  redis.thaw();
  link.publish('topic', 'late');
  await expect.poll(() => received.length).toBeGreaterThanOrEqual(64);
  await expect
    .poll(
      () => {
        link.publish('topic', 'afterwards');
        return received.at(-1);
      },
      { timeout: 30_000 },
    )
    .toBe('afterwards');
  expect(received.filter((number) => number !== 'afterwards')).toEqual(published.slice(0, 64));
});
