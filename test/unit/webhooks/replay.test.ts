import { describe, expect, test } from 'vitest';
import type { ReceivedEvent } from '../../../src/webhooks/received.ts';
import { Replay } from '../../../src/webhooks/replay.ts';

const channel = 'presence-a';
const occupied = { name: 'channel_occupied', channel } as const;
const vacated = { name: 'channel_vacated', channel } as const;
const added = (user: string) => ({ name: 'member_added', channel, user_id: user }) as const;
const removed = (user: string) => ({ name: 'member_removed', channel, user_id: user }) as const;

function stateAfter(...events: ReceivedEvent[]) {
  const replay = new Replay();
  for (const event of events) replay.apply(event);
  return replay.state();
}

const nothing = { occupied: [], members: {}, subscriptionCounts: {}, contradictions: [] };

describe('the state reported by webhooks', () => {
  test('is empty at first', () => {
    expect(stateAfter()).toEqual(nothing);
  });

  test('has the channels that are occupied and their members', () => {
    const other = { name: 'channel_occupied', channel: 'news' } as const;
    expect(stateAfter(occupied, added('9'), added('10'), other)).toEqual({
      ...nothing,
      occupied: ['news', channel],
      members: { [channel]: ['10', '9'] },
    });
  });

  test('forgets members who left', () => {
    expect(stateAfter(occupied, added('7'), added('8'), removed('7')).members).toEqual({ [channel]: ['8'] });
    expect(stateAfter(occupied, added('7'), removed('7'), vacated)).toEqual(nothing);
  });

  test('contains the last count, until the channel is vacated', () => {
    const count = (value: number) =>
      ({ name: 'subscription_count', channel, subscription_count: value }) as const;
    expect(stateAfter(occupied, count(1), count(2)).subscriptionCounts).toEqual({ [channel]: 2 });
    expect(stateAfter(occupied, count(1), vacated)).toEqual(nothing);
  });

  test('is not changed by client events or misses', () => {
    const clientEvent = { channel, event: 'client-x', data: '{}', socket_id: '1.2', user_id: '7' };
    expect(stateAfter({ name: 'client_event', ...clientEvent }, { name: 'cache_miss', channel })).toEqual(
      nothing,
    );
  });

  test('keeps names that are properties of all objects', () => {
    const { members } = stateAfter({ name: 'member_added', channel: '__proto__', user_id: 'constructor' });
    expect(Object.entries(members)).toEqual([['__proto__', ['constructor']]]);
  });

  test('does not change with later events', () => {
    const replay = new Replay();
    replay.apply(occupied);
    const before = replay.state();
    replay.apply(vacated);
    expect(before.occupied).toEqual([channel]);
  });
});

describe('a contradiction', () => {
  test.each([
    [[occupied, occupied], /presence-a was occupied, but it already was/],
    [[vacated], /presence-a was vacated, but it was not occupied/],
    [[added('7'), added('7')], /7 was added to presence-a, but already was a member/],
    [[removed('7')], /7 was removed from presence-a, but was not a member/],
    [[occupied, added('7'), added('8'), vacated], /presence-a was vacated, but 7, 8 had not been removed/],
  ])('is described in a sentence: %j', (events, sentence) => {
    expect(stateAfter(...events).contradictions).toEqual([expect.stringMatching(sentence)]);
  });

  test('changes the state nevertheless: nobody is in a vacated channel', () => {
    expect(stateAfter(occupied, added('7'), vacated)).toMatchObject({ occupied: [], members: {} });
  });
});
