import { expect, test } from 'vitest';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import { ChannelTopics } from '../../../src/store/redis/fanout/channel-topics.ts';
import { allPartitions } from '../../../src/store/redis/keys.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function stage() {
  const clock = new FakeClock();
  const heard = new Set<string>();
  const nameOf = (topic: string): string => topic.slice(topic.lastIndexOf(':') + 1);
  const hearing = new ChannelTopics({
    clock,
    partitions: allPartitions('k:'),
    topics: {
      listen(topic) {
        heard.add(nameOf(topic));
        return undefined;
      },
      unlisten(topics) {
        for (const topic of topics) heard.delete(nameOf(topic));
      },
    },
  });
  const begin = (channel: string): void => void hearing.begin('1', channel as ChannelName);
  const end = (channel: string) => hearing.end('1', channel as ChannelName);
  return { clock, hearing, heard, begin, end };
}

test('a channel that was left is heard for 30 s more', async () => {
  const { clock, heard, begin, end } = stage();
  begin('a');
  begin('b');
  end('a');
  await clock.advance(29_999);
  expect([...heard]).toEqual(['a', 'b']);
  await clock.advance(1);
  expect([...heard]).toEqual(['b']);
});

test('who comes back and leaves again begins the time anew', async () => {
  const { clock, heard, begin, end } = stage();
  begin('a');
  end('a');
  await clock.advance(20_000);
  begin('a');
  await clock.advance(20_000);
  end('a');
  await clock.advance(29_000);
  expect([...heard]).toEqual(['a']);
  await clock.advance(2000);
  expect([...heard]).toEqual([]);
});

test('of more than 10,000 channels that were left the first are let go before, a thousand at a time', () => {
  const { heard, begin, end } = stage();
  for (let index = 0; index < 11_000; index += 1) {
    begin(`${index}`);
    end(`${index}`);
  }
  expect(heard.size).toBe(10_000);
  expect(heard.has('999')).toBe(false);
  expect(heard.has('1000')).toBe(true);
});

test('channels of many moments are let go within a second of theirs, and no timer is left', async () => {
  const { clock, heard, begin, end } = stage();
  for (let index = 0; index < 50; index += 1) {
    begin(`${index}`);
    end(`${index}`);
    await clock.advance(100);
  }
  await clock.advance(25_000 + 2500);
  expect(heard.size).toBeLessThanOrEqual(35);
  await clock.advance(4000);
  expect(heard.size).toBe(0);
  expect(clock.pending).toBe(0);
});
