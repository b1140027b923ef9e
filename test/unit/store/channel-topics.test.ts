import { expect, test } from 'vitest';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import { ChannelTopics } from '../../../src/store/redis/fanout/channel-topics.ts';
import { allPartitions } from '../../../src/store/redis/keys.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function stage() {
  const clock = new FakeClock();
  const subscribed = new Set<string>();
  const nameOf = (topic: string): string => topic.slice(topic.lastIndexOf(':') + 1);
  const channelTopics = new ChannelTopics({
    clock,
    partitions: allPartitions('k:'),
    topics: {
      listen(topic) {
        subscribed.add(nameOf(topic));
        return undefined;
      },
      unlisten(topics) {
        for (const topic of topics) subscribed.delete(nameOf(topic));
      },
    },
  });
  const begin = (channel: string): void => void channelTopics.begin('1', channel as ChannelName);
  const end = (channel: string) => channelTopics.end('1', channel as ChannelName);
  return { clock, channelTopics, subscribed, begin, end };
}

test('a channel stays subscribed for 30 s after it was left', async () => {
  const { clock, subscribed, begin, end } = stage();
  begin('a');
  begin('b');
  end('a');
  await clock.advance(29_999);
  expect([...subscribed]).toEqual(['a', 'b']);
  await clock.advance(1);
  expect([...subscribed]).toEqual(['b']);
});

test('a return restarts the 30 s', async () => {
  const { clock, subscribed, begin, end } = stage();
  begin('a');
  end('a');
  await clock.advance(20_000);
  begin('a');
  await clock.advance(20_000);
  end('a');
  await clock.advance(29_000);
  expect([...subscribed]).toEqual(['a']);
  await clock.advance(2000);
  expect([...subscribed]).toEqual([]);
});

test('beyond 10,000 channels that were left, the oldest thousand is unsubscribed early', () => {
  const { subscribed, begin, end } = stage();
  for (let index = 0; index < 11_000; index += 1) {
    begin(`${index}`);
    end(`${index}`);
  }
  expect(subscribed.size).toBe(10_000);
  expect(subscribed.has('999')).toBe(false);
  expect(subscribed.has('1000')).toBe(true);
});

test('channels left at different times are unsubscribed within a second of their time, and no timer is left', async () => {
  const { clock, subscribed, begin, end } = stage();
  for (let index = 0; index < 50; index += 1) {
    begin(`${index}`);
    end(`${index}`);
    await clock.advance(100);
  }
  await clock.advance(25_000 + 2500);
  expect(subscribed.size).toBeLessThanOrEqual(35);
  await clock.advance(4000);
  expect(subscribed.size).toBe(0);
  expect(clock.pending).toBe(0);
});
