import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { RedisLink } from '../../../src/store/redis/link/link.ts';

const mebibyte = 1024 * 1024;

/** What a link hands to a Redis that never answers. */
function publishedTo(messageBytes: number, messages: readonly string[]): number {
  let published = 0;
  const silent = {
    isCluster: false,
    status: 'ready',
    on() {},
    async spublish() {
      published += 1;
      return new Promise(() => {});
    },
  } as unknown as Redis;
  const link = new RedisLink({ commands: silent, subscriber: silent }, { messageBytes });
  for (const message of messages) link.publish('topic', message);
  return published;
}

test('64 MB of messages may wait for Redis, or eight of the largest', () => {
  const large = Array.from({ length: 10 }, () => 'x'.repeat(16 * mebibyte));
  expect(publishedTo(mebibyte, large)).toBe(4);
  expect(publishedTo(16 * mebibyte, large)).toBe(8);
});
