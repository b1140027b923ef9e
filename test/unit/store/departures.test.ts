import { expect, test } from 'vitest';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import { Departures } from '../../../src/store/redis/channels/departures.ts';

const channel = 'presence-lobby' as ChannelName;

/** What is due has been reported up to the present moment. */
function leave(departures: Departures, at: number, userId: string): void {
  const left = { appId: '1', channel, member: { userId, lingersMs: 3000 } };
  departures.add({ at, reportedUntil: at }, left, { userId, infoJson: 'null' });
}

test('remembers of a channel that is never quiet only the leavers that are not reported yet', () => {
  const departures = new Departures();
  for (let index = 0; index < 1000; index += 1) leave(departures, index * 100, `u${index}`);
  const [lobby] = departures;
  // 3 s, ten a second.
  expect([lobby?.members.size, [...(lobby?.members.keys() ?? [])][0]]).toEqual([31, 'u969']);
});

test('remembers all leavers while Redis does not answer', () => {
  const departures = new Departures();
  for (let at = 0; at <= 60_000; at += 10_000) {
    const left = { appId: '1', channel, member: { userId: `u${at}`, lingersMs: 3000 } };
    departures.add({ at, reportedUntil: 3000 }, left, { userId: `u${at}`, infoJson: 'null' });
  }
  const [lobby] = departures;
  expect(lobby?.members.size).toBe(7);
});

test('remembers a member who leaves again from the later departure on', () => {
  const departures = new Departures();
  leave(departures, 0, 'u1');
  leave(departures, 1000, 'u2');
  leave(departures, 2000, 'u1');
  leave(departures, 4500, 'u3');
  const [lobby] = departures;
  expect([...(lobby?.members.keys() ?? [])]).toEqual(['u1', 'u3']);
});

test('remembers the last 10,000 who leave a channel together', () => {
  const departures = new Departures();
  for (let index = 0; index < 10_001; index += 1) leave(departures, 0, `u${index}`);
  const [lobby] = departures;
  expect([lobby?.members.size, lobby?.members.has('u0'), lobby?.members.has('u1')]).toEqual([
    10_000,
    false,
    true,
  ]);
});

test('remembers the last 10,000 channels that are left together', () => {
  const departures = new Departures();
  for (let index = 0; index < 10_001; index += 1) {
    departures.add(
      { at: 0, reportedUntil: 0 },
      { appId: '1', channel: `c${index}` as ChannelName, channelLingersMs: 3000 },
    );
  }
  const all = [...departures];
  expect([all.length, all[0]?.name]).toEqual([10_000, 'c1']);
});
