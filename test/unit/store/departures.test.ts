import { expect, test } from 'vitest';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import { Departures } from '../../../src/store/redis/channels/departures.ts';

const channel = 'presence-lobby' as ChannelName;

function leave(departures: Departures, at: number, userId: string): void {
  const left = { appId: '1', channel, member: { userId, lingersMs: 3000 } };
  departures.add(at, left, { userId, infoJson: 'null' });
}

test('remembers only recent leavers of a channel that is never quiet', () => {
  const departures = new Departures(10_000);
  for (let index = 0; index < 1000; index += 1) leave(departures, index * 100, `u${index}`);
  const [lobby] = departures;
  // 13 s, ten a second.
  expect([lobby?.members.size, [...(lobby?.members.keys() ?? [])][0]]).toEqual([130, 'u870']);
});

test('remembers a member who leaves again from the later departure on', () => {
  const departures = new Departures(10_000);
  leave(departures, 0, 'u1');
  leave(departures, 1000, 'u2');
  leave(departures, 12_000, 'u1');
  leave(departures, 14_000, 'u3');
  const [lobby] = departures;
  expect([...(lobby?.members.keys() ?? [])]).toEqual(['u1', 'u3']);
});

test('remembers the last 10,000 who leave a channel together', () => {
  const departures = new Departures(10_000);
  for (let index = 0; index < 10_001; index += 1) leave(departures, 0, `u${index}`);
  const [lobby] = departures;
  expect([lobby?.members.size, lobby?.members.has('u0'), lobby?.members.has('u1')]).toEqual([
    10_000,
    false,
    true,
  ]);
});

test('remembers the last 10,000 channels that are left together', () => {
  const departures = new Departures(10_000);
  for (let index = 0; index < 10_001; index += 1) {
    departures.add(0, { appId: '1', channel: `c${index}` as ChannelName, channelLingersMs: 3000 });
  }
  const all = [...departures];
  expect([all.length, all[0]?.name]).toEqual([10_000, 'c1']);
});
