import { expect, test } from 'vitest';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import { Departures } from '../../../src/store/redis/channels/departures.ts';

const channel = 'presence-lobby' as ChannelName;

function leave(departures: Departures, at: number, userId: string): void {
  const left = { appId: '1', channel, member: { userId, lingersMs: 3000 } };
  departures.add(at, left, { userId, infoJson: 'null' });
}

test('of a channel that is never quiet only those are remembered who left of late', () => {
  const departures = new Departures(10_000);
  for (let index = 0; index < 1000; index += 1) leave(departures, index * 100, `u${index}`);
  const [lobby] = departures;
  // 13 s, ten a second.
  expect([lobby?.members.size, [...(lobby?.members.keys() ?? [])][0]]).toEqual([130, 'u870']);
});

test('who leaves again is remembered for as long as that', () => {
  const departures = new Departures(10_000);
  leave(departures, 0, 'u1');
  leave(departures, 1000, 'u2');
  leave(departures, 12_000, 'u1');
  leave(departures, 14_000, 'u3');
  const [lobby] = departures;
  expect([...(lobby?.members.keys() ?? [])]).toEqual(['u1', 'u3']);
});

test('of a channel that very many leave at once the last 10,000 are remembered', () => {
  const departures = new Departures(10_000);
  for (let index = 0; index < 10_001; index += 1) leave(departures, 0, `u${index}`);
  const [lobby] = departures;
  expect([lobby?.members.size, lobby?.members.has('u0'), lobby?.members.has('u1')]).toEqual([
    10_000,
    false,
    true,
  ]);
});

test('of very many channels that are left at once the last 10,000 are remembered', () => {
  const departures = new Departures(10_000);
  for (let index = 0; index < 10_001; index += 1) {
    departures.add(0, { appId: '1', channel: `c${index}` as ChannelName, channelLingersMs: 3000 });
  }
  const all = [...departures];
  expect([all.length, all[0]?.name]).toEqual([10_000, 'c1']);
});
